//! A coroutine for a loop of another thread.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::time::Duration;

use crate::any_task::AnyTask;
use crate::error::{Error, Result};
use crate::event_loop::Kept;
use crate::future_cell::FutureCell;
use crate::threadsafe::ThreadsafeHandle;
use crate::turn::running_loop;

/// Has a loop of another thread run a coroutine, which is made there: futures must not travel.
/// Python: `asyncio.run_coroutine_threadsafe`.
///
/// ```
/// use send_none::{EventLoop, run_coroutine_threadsafe, sleep};
/// use std::time::Duration;
///
/// let event_loop = EventLoop::with_virtual_clock();
/// let handle = event_loop.threadsafe();
/// let stop = || send_none::get_event_loop().unwrap().stop();
/// let thread = std::thread::spawn(move || {
///     let make = || async {
///         sleep(Duration::from_secs(3)).await?;
///         Ok("slept")
///     };
///     let result = run_coroutine_threadsafe(make, &handle)?.result(None);
///     handle.call_soon(stop)?;
///     result
/// });
/// event_loop.run_forever()?;
/// assert_eq!(thread.join().unwrap()?, "slept");
/// # Ok::<(), send_none::Error>(())
/// ```
///
/// # Errors
/// If the loop is closed.
#[track_caller]
pub fn run_coroutine_threadsafe<T, C, F>(make: C, handle: &ThreadsafeHandle) -> Result<Submitted<T>>
where
    T: Send + 'static,
    C: FnOnce() -> F + Send + 'static,
    F: Future<Output = Result<T>> + 'static,
{
    let (outcome, receiver) = channel();
    let number = NEXT_NUMBER.fetch_sub(1, Ordering::Relaxed);
    let made_at = Location::caller();
    handle.call_soon(move || {
        let Some(event_loop) = running_loop() else {
            return;
        };
        // What it returns counts only if the task does not end as cancelled.
        let slot = Rc::new(Cell::new(None));
        let leave_it_in = slot.clone();
        let coroutine = async move {
            leave_it_in.set(Some(make().await?));
            Ok(())
        };
        let task = event_loop.create_task_at(coroutine, made_at);
        event_loop.keep(number, Rc::new(task.any()));
        task.add_done_callback(move |task: &FutureCell<()>| {
            drop(running_loop().and_then(|event_loop| event_loop.release(number)));
            let value = || slot.take().ok_or(Error::Cancelled);
            // Nobody may be waiting any more.
            let _gone = outcome.send(task.result().and_then(|()| value()));
        });
    })?;
    Ok(Submitted {
        receiver,
        arrived: Cell::new(None),
        had: Cell::new(false),
        cancelled: Cell::new(false),
        handle: handle.clone(),
        number,
    })
}

/// Under these numbers the loops keep such tasks; futures and tasks are counted from below.
static NEXT_NUMBER: AtomicU64 = AtomicU64::new(u64::MAX);

impl Kept for AnyTask {}

/// A coroutine that runs on a loop of another thread. Python: `concurrent.futures.Future`.
pub struct Submitted<T> {
    receiver: Receiver<Result<T>>,
    /// What was received and not had yet.
    arrived: Cell<Option<Result<T>>>,
    had: Cell<bool>,
    cancelled: Cell<bool>,
    handle: ThreadsafeHandle,
    number: u64,
}

impl<T> Submitted<T> {
    /// Waits for the result, and blocks this thread; `None` sets no limit. It can be had once.
    ///
    /// # Errors
    /// If there is no result yet and this is the loop's own thread, which would wait for itself.
    /// The error of the coroutine; [`Error::Timeout`] when the time is over: the coroutine runs on.
    /// [`Error::Cancelled`] if it was cancelled, its loop was closed, or the result was had before.
    pub fn result(&self, timeout: impl Into<Option<Duration>>) -> Result<T> {
        if self.cancelled.get() {
            return Err(Error::Cancelled);
        }
        let arrived = self.arrived.take();
        let result = arrived.map_or_else(|| self.receive(timeout.into()), Ok)?;
        self.had.set(true);
        result
    }

    fn receive(&self, timeout: Option<Duration>) -> Result<Result<T>> {
        if self.handle.is_at_home() {
            return self.receiver.try_recv().map_err(|error| match error {
                TryRecvError::Empty => Error::runtime(
                    "A loop cannot wait for what it has to run itself",
                    "call it on another thread, or await the coroutine",
                ),
                TryRecvError::Disconnected => Error::Cancelled,
            });
        }
        let Some(timeout) = timeout else {
            return self.receiver.recv().map_err(|_| Error::Cancelled);
        };
        let received = self.receiver.recv_timeout(timeout);
        received.map_err(|error| match error {
            RecvTimeoutError::Timeout => Error::Timeout,
            RecvTimeoutError::Disconnected => Error::Cancelled,
        })
    }

    /// Gives it up: [`result`](Submitted::result) is [`Error::Cancelled`] from now on, and the task that
    /// runs the coroutine is cancelled. True if it was given up before; false if the result is there already, or was
    /// had, or the loop is closed.
    pub fn cancel(&self) -> bool {
        if self.cancelled.get() || self.had.get() {
            return self.cancelled.get();
        }
        let arrived = self.arrived.take();
        if let Some(result) = arrived.or_else(|| self.receiver.try_recv().ok()) {
            self.arrived.set(Some(result));
            return false;
        }
        let number = self.number;
        let told = self.handle.call_soon(move || {
            let kept = running_loop().and_then(|event_loop| event_loop.kept(number));
            if let Some(Ok(task)) = kept.map(|kept| Rc::<dyn Any>::downcast::<AnyTask>(kept)) {
                task.cancel();
            }
        });
        self.cancelled.set(told.is_ok());
        told.is_ok()
    }
}

impl<T> fmt::Debug for Submitted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<Submitted>")
    }
}
