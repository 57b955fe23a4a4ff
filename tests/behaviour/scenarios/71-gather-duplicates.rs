use crate::kit::*;

#[test]
fn a_future_given_twice_to_gather_has_its_result_at_both_places() {
    scenario("71-gather-duplicates", |l| {
        async fn job() -> Result<&'static str> {
            say("job runs");
            sleep(secs(1.0)).await?;
            Ok("job")
        }
        async fn main(l: EventLoop) -> Result<()> {
            let coro = ensure_future(job());
            let done = l.create_future();
            done.set_result("done")?;
            let later = l.create_future();
            let setter = later.clone();
            l.call_later(secs(2.0), move || setter.set_result("later"));
            let task = l.create_task(job()).into();
            say(items(
                &gather([&coro, &done, &later, &coro, &task, &done]).await?,
            ));
            Ok(())
        }
        l.run_until_complete(main(l.clone())).unwrap();
    });
}
