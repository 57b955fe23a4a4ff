//! A gather is cancelled, and the loop tells each step of it.
//!
//! Cancelling goes down to what the members wait for, and comes back up: the sleeps are cancelled, then
//! the members in their next step, then the gather, when the first of them is done. Any program can be
//! watched like this, without a change: `SEND_NONE_TRACE=- cargo run --example 03_countdown`.

mod support;
use send_none::{Recorder, Result, gather, sleep};
use support::{say, secs};

async fn nap(name: &str) -> Result<()> {
    let night = sleep(secs(8)).await;
    say(format!("{name} was woken: {night:?}"));
    night
}

fn main() -> Result<()> {
    let event_loop = support::event_loop();
    event_loop.observe(Recorder::new().to_stdout());

    let naps = gather([nap("A"), nap("B")]);
    let both = naps.clone();
    event_loop.call_later(secs(1), move || {
        say(format!("cancel() says {}", both.cancel()));
    });
    let result = event_loop.run_until_complete(naps);
    say(format!("{result:?}"));
    event_loop.close()
}
