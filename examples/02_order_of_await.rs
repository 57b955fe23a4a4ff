//! It is the order of the awaits that counts. Article: "Coroutines".
//!
//! Calling an async function only makes a coroutine, and not a line of it runs. To await it is to
//! run it, on the spot, like a call.

mod support;
use send_none::Result;
use support::say;

async fn echo(word: &str) -> Result<()> {
    say(word);
    Ok(())
}

async fn test() -> Result<()> {
    let first = echo("one");
    let second = echo("two");
    say("two coroutines are made, and nothing ran");
    second.await?;
    first.await
}

fn main() -> Result<()> {
    let event_loop = support::event_loop();
    event_loop.run_until_complete(test())?;
    event_loop.close()
}
