//! The countdown again, with coroutines. Article: "Coroutines".
//!
//! What was a chain of callbacks is now a loop with an `await` in it. Two tasks take turns: while
//! one sleeps the other runs. The main one ends by cancelling all others; a coroutine, unlike a
//! callback, can do something about that.

mod support;
use send_none::{Error, Result, all_tasks, current_task, get_event_loop, sleep};
use support::{say, secs};

async fn tick_tock() -> Result<()> {
    let (mut now, mut other) = ("TICK", "TOCK");
    loop {
        say(now);
        (now, other) = (other, now);
        if let Err(Error::Cancelled) = sleep(secs(1)).await {
            say("the clock is stopped");
            return Err(Error::Cancelled);
        }
    }
}

async fn countdown(mut left: u64) -> Result<()> {
    while left > 0 {
        say(format!("Countdown: {left}"));
        let step = if left > 5 { 5 } else { 1 };
        sleep(secs(step)).await?;
        left -= step;
    }
    say("Exiting loop");
    for task in all_tasks(&get_event_loop()?) {
        if Some(&task) != current_task().as_ref() {
            task.cancel();
        }
    }
    Ok(())
}

fn main() -> Result<()> {
    let event_loop = support::event_loop();
    let clock = event_loop.create_task(tick_tock());
    event_loop.run_until_complete(countdown(30))?;
    say(format!(
        "the clock's task was cancelled: {}",
        clock.cancelled()
    ));
    event_loop.close()
}
