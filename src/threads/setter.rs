//! Settling a future from another thread.
//!
//! The future stays at home: its loop keeps it under a number, and that number is what the setter
//! has. To set a result is to post a note, which finds the future by its number and settles it on
//! the loop's thread.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::event_loop::{EventLoop, Kept};
use crate::future_cell::FutureCell;
use crate::threadsafe::ThreadsafeHandle;
use crate::turn::running_loop;

/// Settles a future from another thread, once. Made by [`FutureCell::threadsafe`].
///
/// A setter that is dropped without having been used cancels the future.
pub struct ThreadsafeSetter<T> {
    /// Gone when it was used.
    handle: Option<ThreadsafeHandle>,
    number: u64,
    value: PhantomData<fn(T)>,
}

impl<T: Send + 'static> FutureCell<T> {
    /// A way to settle this future from another thread.
    /// Python: `loop.call_soon_threadsafe(fut.set_result, …)`.
    ///
    /// ```
    /// use send_none::EventLoop;
    ///
    /// let event_loop = EventLoop::new();
    /// let fut = event_loop.create_future();
    /// let setter = fut.threadsafe();
    /// let thread = std::thread::spawn(move || setter.set_result("from the thread"));
    /// assert_eq!(event_loop.run_until_complete(fut)?, "from the thread");
    /// thread.join().unwrap()?;
    /// # Ok::<(), send_none::Error>(())
    /// ```
    ///
    /// If the loop is closed, the setter's calls are refused. So are those for a task or a gather,
    /// whose outcome nobody can set.
    pub fn threadsafe(&self) -> ThreadsafeSetter<T> {
        let can_be_set = |event_loop: &EventLoop| !event_loop.is_closed() && !self.sets_itself();
        let event_loop = self.event_loop().filter(can_be_set);
        let number = event_loop
            .as_ref()
            .map_or(0, |event_loop| event_loop.next_id());
        if let Some(event_loop) = &event_loop {
            event_loop.keep(number, Rc::new(self.clone()));
        }
        let handle = event_loop.map(|event_loop| event_loop.threadsafe());
        ThreadsafeSetter {
            handle,
            number,
            value: PhantomData,
        }
    }
}

impl<T: Send + 'static> ThreadsafeSetter<T> {
    /// Has the future settled with a result. If it was cancelled meanwhile, nothing happens.
    ///
    /// # Errors
    /// If the loop is closed.
    pub fn set_result(self, result: T) -> Result<()> {
        self.settle(Ok(result))
    }

    /// Has the future settled with an error. If it was cancelled meanwhile, nothing happens.
    ///
    /// # Errors
    /// If the loop is closed.
    pub fn set_exception(self, error: impl Into<Error>) -> Result<()> {
        self.settle(Err(error.into()))
    }

    fn settle(mut self, result: Result<T>) -> Result<()> {
        let handle = self.handle.take().ok_or_else(refused)?;
        let number = self.number;
        handle.call_soon(move || with_future(number, |fut: &FutureCell<T>| settle(fut, result)))
    }
}

fn refused() -> Error {
    let advice = "make a setter of a plain future, while its loop is open";
    Error::runtime("Nobody can set this future's result", advice)
}

impl<T: 'static> Kept for FutureCell<T> {
    fn give_up(&self) {
        self.cancel();
    }
}

fn settle<T>(fut: &FutureCell<T>, result: Result<T>) {
    if !fut.done() {
        // The only error is that the loop is closed, and it runs.
        let _closed = fut.settle(result);
    }
}

/// Finds the future that is kept under that number, which is then forgotten.
fn with_future<T: 'static>(number: u64, act: impl FnOnce(&FutureCell<T>)) {
    let kept = running_loop().and_then(|event_loop| event_loop.release(number));
    if let Some(Ok(future)) = kept.map(|kept| Rc::<dyn Any>::downcast::<FutureCell<T>>(kept)) {
        act(&future);
    }
}

impl<T> Drop for ThreadsafeSetter<T> {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            let number = self.number;
            // A closed loop has nobody to tell.
            let _closed = handle.call_soon(move || {
                let kept = running_loop().and_then(|event_loop| event_loop.release(number));
                if let Some(future) = kept {
                    future.give_up();
                }
            });
        }
    }
}

impl<T> fmt::Debug for ThreadsafeSetter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<ThreadsafeSetter>")
    }
}
