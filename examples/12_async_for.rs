//! A loop that may wait for each item. Article: "Asynchronous Iterators".
//!
//! Python's `async for` calls `__anext__`, awaits it, and ends at `StopAsyncIteration`. Here one
//! writes out what it stands for: `while let Some(item) = it.anext().await? { … }`, and the end is
//! `None`.

mod support;
use send_none::{AsyncIter, Result, create_task, sleep};
use std::time::Duration;
use support::{say, secs};

struct Countdown(u32);

impl AsyncIter for Countdown {
    type Item = u32;

    async fn anext(&mut self) -> Result<Option<u32>> {
        if self.0 == 0 {
            say("no more");
            return Ok(None);
        }
        self.0 -= 1;
        sleep(secs(1)).await?;
        Ok(Some(self.0))
    }
}

async fn ticker() -> Result<()> {
    for _ in 0..3 {
        sleep(Duration::from_millis(750)).await?;
        say("tick");
    }
    Ok(())
}

async fn main_task() -> Result<()> {
    let _runs_on = create_task(ticker());
    let mut countdown = Countdown(3);
    while let Some(item) = countdown.anext().await? {
        say(format!("item {item}"));
        sleep(Duration::from_millis(125)).await?;
    }
    say("after the loop");
    Ok(())
}

fn main() -> Result<()> {
    support::event_loop().run_until_complete(main_task())
}
