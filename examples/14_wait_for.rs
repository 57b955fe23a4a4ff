//! Limits of time, and a shield against them.
//!
//! When the time is over, `wait_for` cancels what it waits for *and waits until that is over*. A
//! shield keeps the cancellation from what is behind it. `wait` cancels nothing at all.

mod support;
use send_none::{
    Error, Result, ReturnWhen, create_task, gather, shield, sleep, sleep_with, wait, wait_for,
};
use support::{say, secs};

async fn job(name: &'static str, seconds: u64) -> Result<&'static str> {
    if let Err(error) = sleep(secs(seconds)).await {
        say(format!("{name}: {error:?}, cleaning up"));
        sleep(secs(2)).await?;
        say(format!("{name}: cleaned up"));
        return Err(error);
    }
    Ok(name)
}

fn main() -> Result<()> {
    support::event_loop().run_until_complete(async {
        say(format!(
            "in time: {:?}",
            wait_for(job("A", 1), secs(5)).await
        ));
        say(format!(
            "too late: {:?}",
            wait_for(job("B", 9), secs(5)).await
        ));

        let behind = create_task(job("C", 9));
        let limited = wait_for(shield(&behind), secs(5)).await;
        say(format!("shielded: {limited:?}"));
        say(format!("it went on: {:?}", behind.await));

        let tasks = [3, 1, 2].map(|n| create_task(sleep_with(secs(n), n)));
        let (done, pending) = wait(&tasks, None, ReturnWhen::FirstCompleted).await?;
        say(format!(
            "first: {:?}, pending: {}",
            done[0].result(),
            pending.len()
        ));
        say(format!("nobody was cancelled: {:?}", gather(&tasks).await));
        match wait_for(sleep(secs(60)), secs(0)).await {
            Err(Error::Timeout) => say("no time at all: only what is done already counts"),
            other => say(format!("{other:?}")),
        }
        Ok(())
    })
}
