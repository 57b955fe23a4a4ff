//! Sleeping: a timer that settles a future.
//!
//! There is nothing in the loop that knows of sleep. It is the article's `call_later(20,
//! fut.set_result, …)`, with the timer withdrawn if nobody waits for it any more.

use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::error::Result;
use crate::future_cell::FutureCell;
use crate::handle::TimerHandle;
use crate::record::Record;
use crate::step::{self, InProgress};
use crate::turn::open_event_loop;

/// Waits for so long, counted from the first poll. Zero is [`yield_now`]. Python: `asyncio.sleep`.
///
/// `sleep(Duration::MAX)` sleeps until it is cancelled.
///
/// # Errors
/// What is thrown in meanwhile, [`Error::Cancelled`](crate::Error::Cancelled) above all. And if
/// there is neither a running loop nor a default one.
#[track_caller]
pub fn sleep(delay: Duration) -> impl Future<Output = Result<()>> {
    sleep_with(delay, ())
}

/// Waits for so long and gives the value. Python: `asyncio.sleep(delay, value)`.
///
/// # Errors
/// As [`sleep`].
#[track_caller]
pub fn sleep_with<T>(delay: Duration, value: T) -> impl Future<Output = Result<T>> {
    let called_at = Location::caller();
    async move {
        if delay.is_zero() {
            yield_now().await?;
            return Ok(value);
        }
        let (over, _withdrawn_at_the_end) = settled_after(delay, called_at)?;
        over.await?;
        Ok(value)
    }
}

/// A future and the timer that settles it. (Not part of the coroutine above, which would then hold
/// its loop while it waits: a loop that is held by its own tasks is never dropped.)
fn settled_after(
    delay: Duration,
    called_at: &'static Location<'static>,
) -> Result<(FutureCell<()>, Withdraw)> {
    let event_loop = open_event_loop()?;
    let over = event_loop.create_future_for("Future", called_at);
    let setter = over.clone();
    let timer = event_loop.call_later(delay, move || settle_once(&setter));
    Ok((over, Withdraw(timer)))
}

/// Settles it, unless it is settled. (The sleeper may have been cancelled in the very batch in which
/// its timer is due.)
pub(crate) fn settle_once(over: &FutureCell<()>) {
    if !over.done() {
        // The only other error is that the loop is closed: then nobody waits.
        let _closed = over.set_result(());
    }
}

/// Cancels the timer when it goes: a sleeper that is cancelled or dropped leaves none behind.
pub(crate) struct Withdraw(pub(crate) TimerHandle);

impl Drop for Withdraw {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// Lets everything else that is ready run first. Python: a bare `yield`, or `asyncio.sleep(0)`.
///
/// # Errors
/// What is thrown in meanwhile.
pub fn yield_now() -> impl Future<Output = Result<()>> {
    YieldNow { yielded: false }
}

struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        let step = step::in_progress(cx.waker());
        let record = step.as_ref().map(InProgress::record);
        if let Some(error) = record.and_then(Record::take_thrown) {
            return Poll::Ready(Err(error));
        }
        if self.yielded {
            return Poll::Ready(Ok(()));
        }
        self.yielded = true;
        if let Some(record) = record {
            record.park_on_nothing();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
