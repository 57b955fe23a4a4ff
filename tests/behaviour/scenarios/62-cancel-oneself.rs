use crate::kit::*;
use std::pin::Pin;

type Boxed = Pin<Box<dyn Future<Output = Result<&'static str>>>>;

#[test]
fn a_task_that_cancels_itself_is_told_at_its_next_real_suspension() {
    scenario("62-cancel-oneself", |l| {
        async fn suspends(l: EventLoop) -> Result<&'static str> {
            let me = current_task().unwrap();
            say(format!("cancel myself: {}", yn(me.cancel())));
            say("still running");
            let done = l.create_future();
            done.set_result("x")?;
            say(format!(
                "awaiting a done future is no suspension: {}",
                done.await?
            ));
            if let Err(Error::Cancelled) = sleep(secs(10.0)).await {
                say("delivered at the next suspension");
                return Ok("handled");
            }
            Ok("not cancelled")
        }
        async fn never_suspends() -> Result<&'static str> {
            let me = current_task().unwrap();
            say(format!("cancel myself: {}", yn(me.cancel())));
            Ok("my value")
        }

        let coros: [Boxed; 2] = [Box::pin(suspends(l.clone())), Box::pin(never_suspends())];
        for coro in coros {
            let task = l.create_task(coro);
            l.run_until_complete(gather_results([&task])).unwrap();
            say(outcome(&task));
        }
    });
}
