use crate::kit::*;

#[test]
fn run_until_complete_gives_the_result_or_the_error_of_what_it_ran() {
    scenario("07-run-until-complete-basics", |l| {
        async fn good() -> Result<&'static str> {
            sleep(secs(2.0)).await?;
            Ok("fine")
        }
        async fn bad() -> Result<()> {
            sleep(secs(1.0)).await?;
            ValueError::raise("broken")
        }
        attempt("coroutine with a result", || l.run_until_complete(good()));
        attempt("coroutine with an error", || l.run_until_complete(bad()));
        let fut = l.create_future();
        let setter = fut.clone();
        l.call_later(secs(4.0), move || setter.set_result("later"));
        attempt("future", || l.run_until_complete(&fut));
        let done = l.create_future();
        done.set_result("early").unwrap();
        l.call_soon(|| say("queued callback"));
        attempt("future already done", || l.run_until_complete(&done));
        let gone = l.create_future::<()>();
        gone.cancel();
        attempt("cancelled future", || l.run_until_complete(&gone));
    });
}
