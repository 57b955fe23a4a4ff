//! A coroutine waits for a future that a timer settles. Article: "Awaiting Futures".
//!
//! The 20 seconds count from `call_later`, so those that pass before the loop is run are not added.
//! The timer's deadline is on the loop's own clock, which knows no time of day. `sleep` is made in
//! this very way.

mod support;
use send_none::{FutureCell, Result};
use support::{say, secs};

async fn pass_on_result(awaitable: FutureCell<&'static str>) -> Result<&'static str> {
    say("waiting");
    awaitable.await
}

fn main() -> Result<()> {
    let event_loop = support::event_loop();
    let fut = event_loop.create_future();
    let setter = fut.clone();
    let timer = event_loop.call_later(secs(20), move || setter.set_result("my result"));
    say(format!(
        "the timer is set for t={:.0}",
        timer.when().as_secs_f64()
    ));
    event_loop.block(secs(3));
    say("dawdled before running the loop");
    let result = event_loop.run_until_complete(pass_on_result(fut))?;
    say(format!("got {result}"));
    Ok(())
}
