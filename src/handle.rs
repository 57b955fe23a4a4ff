//! A callback that is ready to run, or waits for its moment.
//!
//! The loop knows two kinds of things that can be ready to run: callbacks, and steps of tasks. This
//! is the first kind. A [`Call`] holds one callback, of whatever type, and the loop sees it as
//! something that can [`Run`].
//!
//! Whoever schedules a callback gets a [`Handle`] and can take the callback back until its turn
//! comes. Cancelling empties the entry and leaves it where it is: the queue stays as it was, and
//! when its turn comes nothing happens.
//!
//! Next: [`timers`](crate::timers), where a callback waits for its moment.

use std::any::{Any, type_name};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::{Rc, Weak};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::loop_event::LoopEvent;
use crate::observer::{ExceptionContext, Watched};

/// A callback that can be run once, or taken back.
pub(crate) trait Run {
    /// Calls it. A report that comes out is for the loop's exception handler.
    fn run(self: Rc<Self>) -> Result<(), Report>;
    /// Drops the callback, if it is still there, and tells of it before the drop.
    fn cancel(&self, tell: &dyn Fn());
    /// Its number among the callbacks of its loop, for those who watch.
    fn number(&self) -> u64;
    fn is_cancelled(&self) -> bool;
    /// Whether it sits among the timers.
    fn among_timers(&self) -> &AmongTimers;
    /// For reports.
    fn describe(&self) -> String;
    /// Where in the source it was scheduled.
    fn made_at(&self) -> &'static Location<'static>;
}

/// What went wrong.
pub(crate) type Report = Box<ExceptionContext>;

/// A callback, and whether it still waits for its moment.
pub(crate) struct Call<F> {
    /// The callback, until it ran or was cancelled. It is taken out first and then called or
    /// dropped, because both can lead back here.
    callback: RefCell<Option<F>>,
    among_timers: AmongTimers,
    number: u64,
    made_at: &'static Location<'static>,
}

/// While it sits among the timers: their count of cancelled entries, in which it counts itself. See [`timers`](crate::timers).
#[derive(Default)]
pub(crate) struct AmongTimers(Cell<Option<Rc<Cell<usize>>>>);

impl AmongTimers {
    pub(crate) fn set(&self, cancelled: Option<Rc<Cell<usize>>>) {
        self.0.set(cancelled);
    }

    pub(crate) fn one_is_cancelled(&self) {
        if let Some(cancelled) = self.0.take() {
            cancelled.set(cancelled.get() + 1);
        }
    }
}

impl<F, R> Call<F>
where
    F: FnOnce() -> R + 'static,
    R: 'static,
{
    #[track_caller]
    pub(crate) fn new(number: u64, callback: F) -> Rc<Self> {
        Self::made_at(number, callback, Location::caller())
    }

    pub(crate) fn made_at(
        number: u64,
        callback: F,
        made_at: &'static Location<'static>,
    ) -> Rc<Self> {
        Rc::new(Call {
            callback: RefCell::new(Some(callback)),
            among_timers: AmongTimers::default(),
            number,
            made_at,
        })
    }
}

impl<F: FnOnce() -> R + 'static, R: 'static> Run for Call<F> {
    fn run(self: Rc<Self>) -> Result<(), Report> {
        let Some(callback) = self.callback.take() else {
            return Ok(());
        };
        call_guarded(callback).map_err(|error| {
            let context = ExceptionContext::new("Exception in callback");
            Box::new(
                context
                    .with_exception(error)
                    .about(self.describe(), self.made_at),
            )
        })
    }

    fn cancel(&self, tell: &dyn Fn()) {
        let Some(callback) = self.callback.take() else {
            return;
        };
        self.among_timers.one_is_cancelled();
        tell();
        drop(callback);
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn is_cancelled(&self) -> bool {
        self.callback.borrow().is_none()
    }

    fn among_timers(&self) -> &AmongTimers {
        &self.among_timers
    }

    fn describe(&self) -> String {
        format!("<callback {}>", type_name::<F>())
    }

    fn made_at(&self) -> &'static Location<'static> {
        self.made_at
    }
}

/// Calls a callback and tells what went wrong: it panicked, or it returned an `Err`.
pub(crate) fn call_guarded<R: 'static>(callback: impl FnOnce() -> R) -> Result<()> {
    catch_unwind(AssertUnwindSafe(|| error_in::<(), R>(callback())))
        .unwrap_or_else(|panic| Err(Error::from_panic(panic)))
}

/// A callback may return what it likes. All of it is ignored, but for one thing: the `Err` of a
/// [`Result<()>`], or of a `Result<T>` if it is called with a future of that.
///
/// In Python the callbacks `fut.set_result` and `fut.result` can raise. In Rust the closure `move ||
/// fut.set_result(1)` returns that error as a value, which nobody must lose.
///
/// `Any` only shows a reference, so the answer is put into an `Option`, out of which it can be
/// taken.
pub(crate) fn error_in<T: 'static, R: 'static>(answer: R) -> Result<()> {
    let mut answer = Some(answer);
    let answer = &mut answer as &mut dyn Any;
    if let Some(result) = answer.downcast_mut::<Option<Result<T>>>() {
        return result.take().map_or(Ok(()), |result| result.map(drop));
    }
    match answer.downcast_mut::<Option<Result<()>>>() {
        Some(result) => result.take().unwrap_or(Ok(())),
        None => Ok(()),
    }
}

/// A callback that waits in the run queue. Python: `asyncio.Handle`.
///
/// Dropping the handle does not cancel the callback.
#[derive(Clone)]
pub struct Handle {
    pub(crate) call: Rc<dyn Run>,
    /// Who is told that it was cancelled.
    pub(crate) watched: Option<Weak<dyn Watched>>,
}

fn cancel(call: &dyn Run, watched: Option<&Weak<dyn Watched>>) {
    call.cancel(&|| {
        if let Some(watched) = watched.and_then(Weak::upgrade) {
            let call = call.number();
            watched.tell(&mut || LoopEvent::CallCancelled { call });
        }
    });
}

impl Handle {
    /// Takes the callback back and drops it at once. Harmless if it ran already, or was cancelled
    /// before.
    pub fn cancel(&self) {
        cancel(&*self.call, self.watched.as_ref());
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let over = self.call.is_cancelled();
        write!(f, "<Handle {}>", if over { "over" } else { "ready" })
    }
}

/// A callback that waits for its moment. Python: `asyncio.TimerHandle`.
///
/// Dropping the handle does not cancel the timer.
#[derive(Clone)]
pub struct TimerHandle {
    pub(crate) call: Rc<dyn Run>,
    pub(crate) watched: Option<Weak<dyn Watched>>,
    pub(crate) when: Duration,
}

impl TimerHandle {
    /// Takes the callback back and drops it at once: it never runs, and the loop does not wait for
    /// its moment. Harmless if it ran already, or was cancelled before.
    pub fn cancel(&self) {
        cancel(&*self.call, self.watched.as_ref());
    }

    /// The moment at which it is due, on the clock of [`EventLoop::time`](crate::EventLoop::time).
    pub fn when(&self) -> Duration {
        self.when
    }
}

impl fmt::Debug for TimerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let over = self.call.is_cancelled();
        let state = if over { "over" } else { "waiting" };
        write!(f, "<TimerHandle {state}, when={:?}>", self.when)
    }
}
