use crate::kit::*;

#[test]
fn all_who_wait_for_a_future_are_woken_in_the_order_in_which_they_came() {
    scenario("43-two-waiters-one-future", |l| {
        async fn pass_on_result(name: &str, fut: FutureCell<&'static str>) -> Result<String> {
            say(format!("{name} waits"));
            let value = fut.await?;
            say(format!("{name} resumes"));
            Ok(format!("{value} for {name}"))
        }

        let fut = l.create_future();
        let setter = fut.clone();
        l.call_later(secs(20.0), move || setter.set_result("yet another result"));
        let both = gather([pass_on_result("A", fut.clone()), pass_on_result("B", fut)]);
        say("gathered, nothing ran yet");
        say(items(&l.run_until_complete(both).unwrap()));
    });
}
