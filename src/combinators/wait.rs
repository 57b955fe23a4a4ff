//! Waiting for several, without a stake in them.
//!
//! `wait` raises nothing and cancels nothing. It hangs a callback on each, waits for a future of its
//! own, and in the end takes its callbacks off again.

use std::cell::Cell;
use std::future::IntoFuture;
use std::rc::Rc;
use std::time::Duration;

use crate::combinators::sleep::{Withdraw, settle_once};
use crate::error::{Error, Result};
use crate::future_cell::FutureCell;
use crate::program::ensure_future;
use crate::turn::get_event_loop;

/// When [`wait`] is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReturnWhen {
    /// When all are done. Python: `ALL_COMPLETED`.
    #[doc(alias = "ALL_COMPLETED")]
    AllCompleted,
    /// When one is done, however. Python: `FIRST_COMPLETED`.
    #[doc(alias = "FIRST_COMPLETED")]
    FirstCompleted,
    /// When one ends with an error, or all are done. A cancellation is no error.
    /// Python: `FIRST_EXCEPTION`.
    #[doc(alias = "FIRST_EXCEPTION")]
    FirstException,
}

/// The futures that are done, and those that are not, each in the order in which they were given.
pub type DoneAndPending<T> = (Vec<FutureCell<T>>, Vec<FutureCell<T>>);

/// Waits until some of them are done, or the time is over; `None` sets no limit.
/// Python: `asyncio.wait`.
///
/// Their errors stay in them, and those that are not done run on; also when the one who waits is
/// cancelled. Futures and tasks are taken as they are, coroutines are made tasks of; the same one
/// given twice counts once.
///
/// # Errors
/// If there is nothing to wait for. What is thrown in meanwhile.
pub async fn wait<T, I>(
    awaitables: I,
    timeout: impl Into<Option<Duration>>,
    return_when: ReturnWhen,
) -> Result<DoneAndPending<T>>
where
    T: Clone + 'static,
    I: IntoIterator<Item: IntoFuture<Output = Result<T>, IntoFuture: 'static>>,
{
    let mut futures: Vec<FutureCell<T>> = Vec::new();
    for future in awaitables.into_iter().map(ensure_future) {
        if !futures.contains(&future) {
            futures.push(future);
        }
    }
    if futures.is_empty() {
        return Err(Error::value("Set of Tasks/Futures is empty."));
    }
    until(&futures, timeout.into(), return_when).await?;
    Ok(futures.into_iter().partition(|future| future.done()))
}

async fn until<T>(
    futures: &[FutureCell<T>],
    timeout: Option<Duration>,
    return_when: ReturnWhen,
) -> Result<()> {
    let over = get_event_loop()?.create_future::<()>();
    let _timer = timeout
        .map(|timeout| settled_after(timeout, &over))
        .transpose()?;
    let unfinished = Rc::new(Cell::new(futures.len()));
    let is_over = move |done: &FutureCell<T>| {
        unfinished.set(unfinished.get() - 1);
        let failed = || {
            done.as_any()
                .0
                .about()
                .failure()
                .is_some_and(|error| !error.is_cancelled())
        };
        match return_when {
            _ if unfinished.get() == 0 => true,
            ReturnWhen::AllCompleted => false,
            ReturnWhen::FirstCompleted => true,
            ReturnWhen::FirstException => failed(),
        }
    };
    let mut watches = Vec::new();
    for future in futures {
        let (is_over, over) = (is_over.clone(), over.clone());
        watches.push(future.watch(move |done: &FutureCell<T>| {
            if is_over(done) {
                settle_once(&over);
            }
        }));
    }
    over.await
}

/// A timer that settles it, withdrawn when this goes.
pub(crate) fn settled_after(delay: Duration, over: &FutureCell<()>) -> Result<Withdraw> {
    let over = over.clone();
    let timer = get_event_loop()?.call_later(delay, move || settle_once(&over));
    Ok(Withdraw(timer))
}
