//! What the run queue holds.
//!
//! The loop has one queue for everything that is ready to run: plain callbacks, and steps of tasks.
//! It need not know which is which. To be in the queue is to be able to [`Run`]; a callback is a
//! [`Call`], and a task, much later, is the other kind.
//!
//! Whoever schedules a callback gets a [`Handle`] and can take the callback back until its turn
//! comes. Cancelling empties the entry and leaves it where it is: the queue stays as it was, and
//! when its turn comes nothing happens.
//!
//! Next: [`timers`](crate::timers), where a callback waits for its moment.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use crate::error::{Error, Result};

/// Something that is ready to run.
pub(crate) trait Run {
    /// Runs it. An error that comes out is for the loop's exception handler.
    fn run(self: Rc<Self>) -> Result<()>;
}

/// A callback, and whether it still waits for its moment.
pub(crate) struct Call<F> {
    /// The callback, until it ran or was cancelled. It is taken out first and then called or
    /// dropped, because both can lead back here.
    callback: RefCell<Option<F>>,
    /// Whether the callback sits among the timers; only timers care.
    in_heap: Cell<bool>,
}

/// A callback which can be taken back; what a handle holds.
pub(crate) trait Cancel: Run {
    /// Drops the callback. False if there was none any more.
    fn cancel(&self) -> bool;
    fn is_cancelled(&self) -> bool;
    fn in_heap(&self) -> &Cell<bool>;
}

impl<F, R> Call<F>
where
    F: FnOnce() -> R + 'static,
    R: 'static,
{
    pub(crate) fn new(callback: F) -> Rc<Self> {
        Rc::new(Call {
            callback: RefCell::new(Some(callback)),
            in_heap: Cell::new(false),
        })
    }
}

impl<F: FnOnce() -> R + 'static, R: 'static> Run for Call<F> {
    fn run(self: Rc<Self>) -> Result<()> {
        match self.callback.take() {
            Some(callback) => call(callback),
            None => Ok(()),
        }
    }
}

impl<F: FnOnce() -> R + 'static, R: 'static> Cancel for Call<F> {
    fn cancel(&self) -> bool {
        self.callback.take().is_some()
    }

    fn is_cancelled(&self) -> bool {
        self.callback.borrow().is_none()
    }

    fn in_heap(&self) -> &Cell<bool> {
        &self.in_heap
    }
}

/// Calls a callback and tells what went wrong: it panicked, or it returned an `Err`.
pub(crate) fn call<R: 'static>(callback: impl FnOnce() -> R) -> Result<()> {
    match catch_unwind(AssertUnwindSafe(callback)) {
        Ok(answer) => error_in(answer),
        Err(panic) => Err(Error::from_panic(&*panic)),
    }
}

/// A callback may return what it likes. All of it is ignored, but for one thing: the `Err` of a
/// [`Result<()>`].
///
/// In Python the callback `fut.set_result` can raise. In Rust the closure `move ||
/// fut.set_result(1)` returns that error as a value, which nobody must lose.
fn error_in<R: 'static>(answer: R) -> Result<()> {
    let mut answer = Some(answer);
    match (&mut answer as &mut dyn Any).downcast_mut::<Option<Result<()>>>() {
        Some(result) => result.take().unwrap_or(Ok(())),
        None => Ok(()),
    }
}

/// A callback that waits in the run queue. Python: `asyncio.Handle`.
///
/// Dropping the handle does not cancel the callback.
#[derive(Clone)]
pub struct Handle {
    pub(crate) call: Rc<dyn Cancel>,
}

impl Handle {
    /// Takes the callback back and drops it at once. Harmless if it ran already, or was cancelled
    /// before.
    pub fn cancel(&self) {
        self.call.cancel();
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<Handle {}>",
            if self.call.is_cancelled() {
                "over"
            } else {
                "ready"
            }
        )
    }
}

/// A callback that waits for its moment. Python: `asyncio.TimerHandle`.
///
/// Dropping the handle does not cancel the timer.
#[derive(Clone)]
pub struct TimerHandle {
    pub(crate) call: Rc<dyn Cancel>,
    pub(crate) when: Duration,
    /// How many cancelled callbacks still sit in the heap; shared with [`timers`](crate::timers).
    pub(crate) cancelled_in_heap: Rc<Cell<usize>>,
}

impl TimerHandle {
    /// A closed loop has no heap to put it in.
    pub(crate) fn of_nothing(call: Rc<dyn Cancel>, when: Duration) -> Self {
        TimerHandle {
            call,
            when,
            cancelled_in_heap: Rc::default(),
        }
    }

    /// Takes the callback back and drops it at once: it never runs, and the loop does not wait for
    /// its moment. Harmless if it ran already, or was cancelled before.
    pub fn cancel(&self) {
        if self.call.cancel() && self.call.in_heap().get() {
            self.cancelled_in_heap.set(self.cancelled_in_heap.get() + 1);
        }
    }

    /// The moment at which it is due, on the clock of [`EventLoop::time`](crate::EventLoop::time).
    pub fn when(&self) -> Duration {
        self.when
    }
}

impl fmt::Debug for TimerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.call.is_cancelled() {
            "over"
        } else {
            "waiting"
        };
        write!(f, "<TimerHandle {state}, when={:?}>", self.when)
    }
}
