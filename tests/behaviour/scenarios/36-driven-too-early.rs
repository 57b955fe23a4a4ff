use crate::kit::*;

#[test]
fn stepping_again_while_the_future_is_pending_raises_inside_the_coroutine() {
    scenario("36-driven-too-early", |l| {
        async fn waits(fut: FutureCell<&'static str>) -> Result<&'static str> {
            match fut.await {
                Err(exc) if exc.kind() == "RuntimeError" => {
                    say(format!("inside: {}", err(&exc)));
                    Ok("recovered")
                }
                result => result,
            }
        }

        let fut = l.create_future();
        let mut coro = Coroutine::new(waits(fut.clone()));
        leave_out(
            "t=0 first send with a value -> raises TypeError: \
             can't send non-None value to a just-started coroutine",
            "does not compile: there is nothing to send but a waker",
        );
        coro.send(None);
        say("blocked; stepping again without a result");
        if let Step::Returned(Ok(value)) = coro.send(None) {
            say(format!("ended with {value}"));
        }
        say(format!("the future is {}", outcome(&fut)));
    });
}
