//! Callbacks on a loop. Article: "Event Loops".
//!
//! There are no coroutines yet. A callback that schedules the next one is a repeating timer, and
//! the loop runs until somebody stops it. Two such chains take turns here, on one thread.

mod support;
use send_none::{EventLoop, Result};
use support::{say, secs};

fn tick(event_loop: EventLoop) {
    say("TICK");
    event_loop.clone().call_later(secs(1), || tock(event_loop));
}

fn tock(event_loop: EventLoop) {
    say("TOCK");
    event_loop.clone().call_later(secs(1), || tick(event_loop));
}

fn countdown(event_loop: EventLoop, left: u64) {
    say(format!("Countdown: {left}"));
    if left == 0 {
        say("Exiting loop");
        event_loop.stop();
        return;
    }
    let step = if left > 5 { 5 } else { 1 };
    let next = event_loop.clone();
    event_loop.call_later(secs(step), move || countdown(next, left - step));
}

fn main() -> Result<()> {
    let event_loop = support::event_loop();
    let (ticking, counting) = (event_loop.clone(), event_loop.clone());
    event_loop.call_soon(|| tick(ticking));
    event_loop.call_soon(|| countdown(counting, 30));
    event_loop.run_forever()?;
    say("back in the caller");
    // The last TICK has scheduled another TOCK, which holds the loop that holds it.
    event_loop.close()
}
