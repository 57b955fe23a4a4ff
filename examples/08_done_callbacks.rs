//! Callbacks of a future. Article: "Future Callbacks".
//!
//! A done-callback is not called when its future is settled. It is put on the run queue, and holds
//! its future there, also when nobody else does any more. And it is called for a cancellation, too.
//! The run ends when the coroutine does, but what was queued by then still runs.

mod support;
use send_none::{FutureCell, Result, sleep};
use support::{say, secs};

fn callback(name: &'static str) -> impl FnOnce(&FutureCell<&'static str>) {
    move |fut: &FutureCell<&str>| match fut.result() {
        Ok(result) => say(format!("Callback {name} result: {result}")),
        Err(_) => say(format!("Callback {name} no result")),
    }
}

async fn delayed_cancel(fut: FutureCell<&'static str>) -> Result<()> {
    sleep(secs(5)).await?;
    fut.cancel();
    say("Coroutine exiting");
    Ok(())
}

fn main() -> Result<()> {
    let event_loop = support::event_loop();
    let fut1 = event_loop.create_future();
    let fut2 = event_loop.create_future();
    fut1.add_done_callback(callback("one"));
    fut2.add_done_callback(callback("two"));
    fut1.set_result("finished fut1")?;
    drop(fut1);
    say("nothing was called yet");
    event_loop.run_until_complete(delayed_cancel(fut2))?;
    say("run returned");
    Ok(())
}
