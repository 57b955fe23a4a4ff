//! Several waiters, side by side. Article: "Awaiting Coroutines".
//!
//! `gather` makes a task of each coroutine and gives the results in the order of its arguments.
//! Both wait for the same future. Both are woken, one after the other: there is but one thread.

mod support;
use send_none::{FutureCell, Result, gather};
use support::{say, secs};

async fn pass_on_result(name: &str, awaitable: FutureCell<&str>) -> Result<String> {
    say(format!("{name} waits"));
    let result = awaitable.await?;
    say(format!("{name} resumes"));
    Ok(format!("{result} for {name}"))
}

fn main() -> Result<()> {
    let event_loop = support::event_loop();
    let fut = event_loop.create_future();
    let setter = fut.clone();
    event_loop.call_later(secs(20), move || setter.set_result("yet another result"));

    let both = gather([pass_on_result("A", fut.clone()), pass_on_result("B", fut)]);
    say("gathered, and nothing ran yet");
    let results = event_loop.run_until_complete(both)?;
    say(format!("{results:?}"));
    Ok(())
}
