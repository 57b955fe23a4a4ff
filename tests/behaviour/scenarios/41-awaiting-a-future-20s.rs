use crate::kit::*;

#[test]
fn the_20_seconds_count_from_the_call_later_and_not_from_the_run() {
    scenario("41-awaiting-a-future-20s", |l| {
        async fn pass_on_result(awaitable: FutureCell<&'static str>) -> Result<&'static str> {
            say("waiting");
            awaitable.await
        }

        let fut = l.create_future();
        let setter = fut.clone();
        let handle = l.call_later(secs(20.0), move || setter.set_result("my result"));
        say(format!("timer set for {}", handle.when().as_secs_f64()));
        l.block(secs(3.0));
        say("dawdled before running");
        let value = l.run_until_complete(pass_on_result(fut)).unwrap();
        say(format!("got {value}"));
    });
}
