use crate::kit::*;

#[test]
fn a_cancel_wins_over_a_result_that_is_not_delivered_yet() {
    scenario("64-cancel-races-with-a-result", |l| {
        async fn waiter(fut: FutureCell<&'static str>) -> Result<()> {
            match (&fut).await {
                Err(Error::Cancelled) => {
                    let state = outcome(&fut);
                    say(format!("CancelledError while the future is: {state}"));
                    return Err(Error::Cancelled);
                }
                result => say(format!("got {}", result?)),
            }
            Ok(())
        }
        async fn main(l: EventLoop, cancel_first: bool) -> Result<()> {
            let fut = l.create_future();
            let task = l.create_task(waiter(fut.clone()));
            sleep(secs(1.0)).await?;
            if cancel_first {
                say(format!("cancel: {}", yn(task.cancel())));
                if let Err(Error::InvalidState(_)) = fut.set_result("value") {
                    say("set_result after that: refused");
                }
            } else {
                fut.set_result("value")?;
                say(format!("cancel after set_result: {}", yn(task.cancel())));
            }
            wait([&task], None, ReturnWhen::AllCompleted).await?;
            say(outcome(&task));
            Ok(())
        }
        l.run_until_complete(main(l.clone(), false)).unwrap();
        l.run_until_complete(main(l.clone(), true)).unwrap();
    });
}
