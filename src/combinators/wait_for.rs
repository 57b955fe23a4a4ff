//! Waiting for one thing, but not for ever.
//!
//! When the time is over the thing is cancelled, *and waited for*: its clean-up is done when
//! `wait_for` returns. A result that came before we had our turn is not lost; it beats the timeout.

use std::cell::Cell;
use std::future::IntoFuture;
use std::time::Duration;

use crate::combinators::sleep::settle_once;
use crate::combinators::wait::settled_after;
use crate::error::{Error, Result};
use crate::future_cell::FutureCell;
use crate::program::ensure_future;
use crate::turn::get_event_loop;

/// Waits for it at most so long; `None` sets no limit. Python: `asyncio.wait_for`.
///
/// A zero limit gives only what is done already. Whoever waits passes his cancellation on. A
/// `wait_for` that is dropped in the middle cancels the thing, and does not wait for it.
///
/// # Errors
/// [`Error::Timeout`] when the time is over. Else its error, and what is thrown in meanwhile.
pub async fn wait_for<T, A>(awaitable: A, timeout: impl Into<Option<Duration>>) -> Result<T>
where
    T: Clone + 'static,
    A: IntoFuture<Output = Result<T>>,
    A::IntoFuture: 'static,
{
    let Some(timeout) = timeout.into() else {
        return awaitable.await;
    };
    let inner = CancelledIfDropped {
        future: ensure_future(awaitable),
        asked: Cell::new(false),
    };
    let result = at_most(&inner, timeout).await;
    inner.asked.set(true);
    result
}

async fn at_most<T: Clone>(guarded: &CancelledIfDropped<T>, timeout: Duration) -> Result<T> {
    let inner = &guarded.future;
    let over = get_event_loop()?.create_future();
    let mut interrupted = Ok(());
    if !timeout.is_zero() {
        let _timer = settled_after(timeout, &over)?;
        let on_done = over.clone();
        let _watch = inner.as_any().watch(move |_| settle_once(&on_done));
        interrupted = over.await;
    }
    if inner.done() {
        return inner.result();
    }
    guarded.asked.set(true);
    cancel_and_wait(inner).await?;
    interrupted?;
    match inner.result() {
        Err(Error::Cancelled) => Err(Error::Timeout),
        result => result,
    }
}

async fn cancel_and_wait<T>(inner: &FutureCell<T>) -> Result<()> {
    let over = get_event_loop()?.create_future();
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
