//! Waiting for several, without owning them.
//!
//! `wait` raises nothing and cancels nothing. It hangs a callback on each, waits for a future of its
//! own, and in the end takes its callbacks off again.

use std::cell::Cell;
use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

use crate::combinators::sleep::settle_once;
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::future_cell::FutureCell;
use crate::handle::{Call, TimerHandle};
use crate::program::wrapped;
use crate::turn::open_event_loop;

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
/// cancelled. Futures and tasks are taken as they are, coroutines are wrapped in tasks; the same one
/// given twice counts once. (`any_task == future` tells which of the futures stands for which
/// [`AnyTask`](crate::AnyTask).)
///
/// # Errors
/// If there is nothing to wait for. What is thrown in meanwhile.
#[track_caller]
pub fn wait<T, I>(
    awaitables: I,
    timeout: impl Into<Option<Duration>>,
    return_when: ReturnWhen,
) -> impl Future<Output = Result<DoneAndPending<T>>>
where
    T: Clone + 'static,
    I: IntoIterator<Item: IntoFuture<Output = Result<T>, IntoFuture: 'static>>,
{
    let called_at = Location::caller();
    async move {
        let over = open_event_loop()?.create_future_for("wait", called_at);
        let mut futures: Vec<FutureCell<T>> = Vec::new();
        for awaitable in awaitables {
            open_event_loop()?; // whoever watches may have closed it meanwhile
            let (future, _task) = wrapped(awaitable, called_at);
            if !futures.contains(&future) {
                futures.push(future);
            }
        }
        if futures.is_empty() {
            return Err(Error::value("Set of Tasks/Futures is empty."));
        }
        let here = over.event_loop();
        if futures.iter().any(|future| future.event_loop() != here) {
            return Err(Error::of_a_different_loop());
        }
        open_event_loop()?;
        drop(here); // a task that holds its loop keeps it from being dropped
        until(&futures, timeout.into(), return_when, over).await?;
        Ok(futures.into_iter().partition(|future| future.done()))
    }
}

async fn until<T>(
    futures: &[FutureCell<T>],
    timeout: Option<Duration>,
    return_when: ReturnWhen,
    over: FutureCell<()>,
) -> Result<()> {
    let _timer = timeout
        .map(|timeout| settled_after(timeout, &over))
        .transpose()?;
    let unfinished = Rc::new(Cell::new(futures.len()));
    let is_over = move |done: &FutureCell<T>| {
        unfinished.set(unfinished.get() - 1);
        let failed = || !done.cancelled() && done.as_any().0.about().failure().is_some();
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
    let (event_loop, over) = (open_event_loop()?, over.clone());
    let made_at = over.shared().settable().made_at; // on behalf of whoever waits
    let settle = move || settle_once(&over);
    Ok(Withdraw::later(&event_loop, delay, settle, made_at))
}

/// Cancels the timer when it goes.
pub(crate) struct Withdraw(TimerHandle);

impl Withdraw {
    /// A callback after that delay, on behalf of a line of the program.
    pub(crate) fn later(
        event_loop: &EventLoop,
        delay: Duration,
        callback: impl FnOnce() + 'static,
        made_at: &'static Location<'static>,
    ) -> Self {
        let call = Call::made_at(event_loop.next_call_number(), callback, made_at);
        let when = event_loop.time().saturating_add(delay);
        event_loop.set_timer(when, call.clone());
        Withdraw(event_loop.timer_handle(when, call))
    }
}

impl Drop for Withdraw {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
