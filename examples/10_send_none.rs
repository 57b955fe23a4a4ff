//! A coroutine driven by hand, with no loop running at all. Article: "Tasks".
//!
//! `coro.send(None)` runs it to its first real wait, and what comes back is the very future on
//! which it is blocked. Settle that, send again, and it returns. A Task does no more than this, all
//! by itself.

mod support;
use send_none::{Coroutine, FutureCell, Result, Step, Suspended};
use support::say;

async fn pass_on_result(awaitable: FutureCell<&str>) -> Result<&str> {
    say("    the body starts");
    let result = awaitable.await?;
    say("    the body resumes");
    Ok(result)
}

fn main() -> Result<()> {
    let event_loop = support::event_loop();
    let fut = event_loop.create_future();
    let mut coro = Coroutine::new(pass_on_result(fut.clone()));
    say(format!("a coroutine is made: {coro:?}"));

    say("coro.send(None)");
    match coro.send(None) {
        Step::Suspended(Suspended::On(result)) => {
            say(format!("result is fut: {}", result.is(&fut)))
        }
        other => say(format!("something else: {other:?}")),
    }

    say("fut.set_result(…)");
    fut.set_result("my result")?;

    say("coro.send(None)");
    match coro.send(None) {
        Step::Returned(result) => say(format!("Got result {}", result?)),
        Step::Suspended(on) => say(format!("still waiting: {on:?}")),
    }

    say("coro.send(None)");
    if let Step::Returned(Err(error)) = coro.send(None) {
        say(format!("{error:?}"));
    }
    Ok(())
}
