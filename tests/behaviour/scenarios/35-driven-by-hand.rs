use crate::kit::*;

#[test]
fn a_step_returns_the_very_future_that_the_coroutine_is_blocked_on() {
    scenario("35-driven-by-hand", |l| {
        async fn pass_through(awaitable: FutureCell<&'static str>) -> Result<&'static str> {
            say("body starts");
            let value = awaitable.await?;
            say("body resumes");
            Ok(value)
        }

        // What says that someone is waiting properly is his place in the future's line.
        let mark = |fut: &AnyFuture| yn(format!("{fut:?}").ends_with("1 waiting>"));
        let fut = l.create_future();
        let mut coro = Coroutine::new(pass_through(fut.clone()));
        say(format!("mark before: {}", mark(&fut.as_any())));
        let got = blocked_on(coro.send(None));
        say(format!(
            "step returned the very future: {}",
            yn(got.is(&fut))
        ));
        say(format!("mark after: {}", mark(&got)));
        fut.set_result("my result").unwrap();
        say("settled; nothing runs by itself");
        if let Step::Returned(Ok(value)) = coro.send(None) {
            say(format!("ended with {value}"));
        }
    });
}
