//! Waiting for one thing, but not for ever.
//!
//! When the time is over the thing is cancelled, *and waited for*: its clean-up is done when
//! `wait_for` returns. A result that came before we had our turn is not lost; it beats the timeout.

use std::cell::Cell;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::time::Duration;

use crate::combinators::sleep::settle_once;
use crate::combinators::wait::settled_after;
use crate::error::{Error, Result};
use crate::future_cell::FutureCell;
use crate::program::wrapped;
use crate::turn::{get_event_loop, open_event_loop};

/// Waits for it at most so long; `None` sets no limit. Python: `asyncio.wait_for`.
///
/// A zero limit gives only what is done already. Cancelling the waiter cancels the thing; but if that
/// has its result already, the result counts. If a `wait_for` with a limit is dropped midway, it cancels
/// the thing and does not wait for it.
///
/// # Errors
/// [`Error::Timeout`] when the time is over. Else its error, and what is thrown in meanwhile.
#[track_caller]
pub fn wait_for<T, A>(
    awaitable: A,
    timeout: impl Into<Option<Duration>>,
) -> impl Future<Output = Result<T>>
where
    T: Clone + 'static,
    A: IntoFuture<Output = Result<T>>,
    A::IntoFuture: 'static,
{
    let called_at = Location::caller();
    async move {
        let Some(timeout) = timeout.into() else {
            return awaitable.await;
        };
        let over = open_event_loop()?.create_future_for("wait_for", called_at);
        open_event_loop()?; // whoever watches may have closed it meanwhile
        let (inner, _task) = wrapped(awaitable, called_at);
        if inner.event_loop() != over.event_loop() {
            return Err(Error::of_a_different_loop());
        }
        let inner = CancelledIfDropped {
            future: inner,
            asked: Cell::new(false),
        };
        let result = at_most(&inner, timeout, over, called_at).await;
        inner.asked.set(true);
        result
    }
}

async fn at_most<T: Clone>(
    guarded: &CancelledIfDropped<T>,
    timeout: Duration,
    over: FutureCell<()>,
    called_at: &'static Location<'static>,
) -> Result<T> {
    let inner = &guarded.future;
    let mut interrupted = Ok(());
    let _timer; // it is withdrawn at the very end
    if !timeout.is_zero() {
        _timer = settled_after(timeout, &over)?;
        let on_done = over.clone();
        let _watch = inner.as_any().watch(move |_| settle_once(&on_done));
        interrupted = over.await;
    }
    if inner.done() {
        return inner.result();
    }
    guarded.asked.set(true);
    cancel_and_wait(inner, called_at).await?;
    interrupted?;
    match inner.result() {
        Err(Error::Cancelled) => Err(Error::Timeout),
        result => result,
    }
}

async fn cancel_and_wait<T>(
    inner: &FutureCell<T>,
    called_at: &'static Location<'static>,
) -> Result<()> {
    let over = get_event_loop()?.create_future_for("wait_for", called_at);
    let on_done = over.clone();
    let _watch = inner.as_any().watch(move |_| settle_once(&on_done));
    inner.cancel();
    over.await
}

/// If the waiting is dropped, nobody is left who would wait for it.
struct CancelledIfDropped<T: 'static> {
    future: FutureCell<T>,
    /// Whether it is done, or was cancelled already: once is enough.
    asked: Cell<bool>,
}

impl<T> Drop for CancelledIfDropped<T> {
    fn drop(&mut self) {
        if !self.asked.get() {
            self.future.cancel();
        }
    }
}
