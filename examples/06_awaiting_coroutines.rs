//! Coroutines that wait for coroutines that wait for a future. Article: "Awaiting Coroutines".
//!
//! Anything can be awaited that has a result some day. Only the innermost of the three waits for
//! the future; when that is settled, one wake-up goes through all three in a single turn.

mod support;
use send_none::{Result, get_event_loop};
use support::{say, secs};

async fn pass_on_result(
    level: u32,
    awaitable: impl Future<Output = Result<&'static str>>,
) -> Result<&'static str> {
    say(format!(
        "turn {}: level {level} waits",
        get_event_loop()?.turns()
    ));
    let result = awaitable.await?;
    say(format!(
        "turn {}: level {level} resumes",
        get_event_loop()?.turns()
    ));
    Ok(result)
}

fn main() -> Result<()> {
    let event_loop = support::event_loop();
    let fut = event_loop.create_future();
    let setter = fut.clone();
    event_loop.call_later(secs(20), move || setter.set_result("my other result"));

    let innermost = pass_on_result(3, fut);
    let outermost = pass_on_result(1, pass_on_result(2, innermost));
    let result = event_loop.run_until_complete(outermost)?;
    say(format!("got {result}"));
    Ok(())
}
