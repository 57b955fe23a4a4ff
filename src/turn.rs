//! One turn: the only place where anything is *called*.
//!
//! A loop does nothing until somebody calls [`run_forever`](EventLoop::run_forever). Then it takes
//! turn after turn, on the caller's thread, until somebody calls [`stop`](EventLoop::stop). One
//! turn, `run_once`, is:
//!
//! 1. **Collect.** What came by mail, and the callbacks of the timers that are due, join the end of
//!    the run queue. If it is empty still: sleep until the first timer is due or another thread
//!    calls, and collect again.
//! 2. **Freeze.** How long is the queue now? That is the batch.
//! 3. **Run** the batch, first in, first out. What it queues is for the next turn.
//!
//! Why freeze it? A callback that queues itself again would otherwise keep the turn from ending,
//! and the timers, which are only looked at in between, would never be due.
//!
//! **Invariants.** All callbacks, and all steps of tasks, are called from `run_once` and from nowhere
//! else. No panic leaves it but that of the task that was given to `run_until_complete`.
//!
//! Next: [`closing`](crate::closing), the end of a loop.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::time::Duration;

use crate::clock::{Clock, NEVER};
use crate::error::{Error, Result};
use crate::event_loop::{EventLoop, Ready};
use crate::handle::Run;
use crate::loop_event::LoopEvent;
use crate::observer::ExceptionContext;
use crate::task_table::TaskKey;
use crate::timers::Timers;

/// Running.
impl EventLoop {
    /// Takes turn after turn until [`stop`](EventLoop::stop) is called.
    ///
    /// # Errors
    /// If the loop is closed, or this loop or another one is already running on this thread;
    /// nothing ran then. If the loop would sleep for ever: nothing is ready, no timer will ever fire,
    /// and nobody is left who could wake it; see [`snapshot`](crate::snapshot).
    ///
    /// # Panics
    /// Lets through the panic of the future given to `run_until_complete`, and no other.
    pub fn run_forever(&self) -> Result<()> {
        self.check_runnable()?;
        let _guard = Running::begin(self);
        loop {
            self.run_once()?;
            if self.core.stopping.get() {
                return Ok(());
            }
        }
    }

    /// Asks the loop to stop when the present batch has been run. If it is not running, the next
    /// run will be of exactly one turn, without waiting.
    pub fn stop(&self) {
        self.core.stopping.set(true);
    }

    /// One turn: collect, freeze, run.
    fn run_once(&self) -> Result<()> {
        self.collect()?;
        self.core.turns.set(self.turns() + 1);
        let batch = self.core.ready.borrow().len();
        self.tell(|| LoopEvent::TurnBegan {
            turn: self.turns(),
            batch,
        });
        for _ in 0..batch {
            // What a callback or a poll panics with is caught closer by. But what they leave behind
            // can still panic when it is dropped.
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.run_next())) {
                self.core.current.set(None);
                if self.core.main_panicked.take() {
                    resume_unwind(panic);
                }
                let context = ExceptionContext::new("Exception in a drop");
                self.call_exception_handler(&context.with_exception(Error::from_panic(panic)));
            }
        }
        self.tell(|| LoopEvent::TurnEnded { turn: self.turns() });
        Ok(())
    }

    /// One at a time: if a panic leaves this loop, the rest of the batch is still queued.
    fn run_next(&self) {
        let next = self.core.ready.borrow_mut().pop_front();
        match next {
            None => {}
            Some(Ready::Step(key)) => self.run_step(key),
            Some(Ready::Callback(call)) if self.debug() => {
                let run = || self.run_callback(call.clone());
                self.timed(run, || call.describe(), call.made_at());
            }
            Some(Ready::Callback(call)) => self.run_callback(call),
        }
    }

    fn run_callback(&self, call: Rc<dyn Run>) {
        let number = call.number();
        self.tell(|| LoopEvent::CallBegan {
            call: number,
            cancelled: call.is_cancelled(),
        });
        let _ended = Ended(self, number);
        if let Err(report) = call.run() {
            self.call_exception_handler(&report);
        }
    }

    fn run_step(&self, key: TaskKey) {
        let Some(task) = self.task(key) else { return };
        self.core.current.set(Some(key));
        self.core.woken.set(false);
        if self.debug() {
            let (run, what) = (|| task.clone().step(self), || format!("<{}>", task.name()));
            self.timed(run, what, task.about().made_at());
        } else {
            task.step(self);
        }
        self.core.current.set(None);
    }

    /// Fills the run queue with all that is ready, and sleeps if nothing is.
    fn collect(&self) -> Result<()> {
        loop {
            self.take_mail();
            self.take_due_timers();
            if self.has_something_to_do() {
                return Ok(());
            }
            let deadline = self.timers(Timers::next_deadline);
            let deadline = deadline.filter(|when| *when != NEVER);
            if deadline.is_none() {
                let checked = self.check_that_somebody_can_wake();
                checked.inspect_err(|_| self.tell(|| LoopEvent::NobodyCanWake))?;
            }
            self.tell(|| LoopEvent::Asleep { until: deadline });
            // An observer should leave the loop alone, but it may have stopped it.
            if !self.has_something_to_do() {
                self.sleep_until(deadline);
            }
            self.tell(|| LoopEvent::Awake);
        }
    }

    fn has_something_to_do(&self) -> bool {
        !self.core.ready.borrow().is_empty() || self.core.stopping.get()
    }

    fn take_due_timers(&self) {
        if self.core.timers.borrow().is_empty() {
            return; // and do not ask what time it is
        }
        let now = self.time();
        loop {
            self.take_mail(); // it comes before
            self.timers(Timers::next_deadline); // throws those out that are cancelled, and tells it
            let due = self.timers(|timers| timers.pop_due(now));
            let Some((when, due)) = due else { return };
            let call = due.number();
            self.push(Ready::Callback(due));
            self.tell(|| LoopEvent::TimerDue { call, when });
        }
    }

    fn sleep_until(&self, deadline: Option<Duration>) {
        match (&self.core.clock, deadline) {
            (_, None) => self.core.mailbox.wait(None),
            (Clock::Real(_), Some(when)) => {
                let left = when.saturating_sub(self.time());
                self.core.mailbox.wait(Some(round_up(left)));
            }
            (Clock::Virtual(now), Some(when)) => now.set(when),
        }
    }
}

/// When it goes, a callback is over; also if the drop of its report panics.
struct Ended<'a>(&'a EventLoop, u64);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.tell(|| LoopEvent::CallEnded { call: self.1 });
    }
}

/// To the next millisecond. Falling asleep takes longer than running a callback, so timers that are close
/// to each other are waited for at once, and none fires early. (asyncio does the same.)
fn round_up(left: Duration) -> Duration {
    let millis = left.as_nanos().div_ceil(1_000_000);
    u64::try_from(millis).map_or(left, Duration::from_millis)
}

thread_local! {
    /// The loop that runs on this thread now.
    static RUNNING: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
    /// What `get_event_loop` gives when none is running.
    static DEFAULT: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
}

/// (While a thread ends its thread-locals are gone; then no loop is said to run.)
fn set_running(event_loop: Option<EventLoop>) -> Option<EventLoop> {
    RUNNING
        .try_with(|running| running.replace(event_loop))
        .ok()
        .flatten()
}

/// As long as it lives, its loop is the running one. It is also dropped when a panic leaves the run.
struct Running(EventLoop);

impl Running {
    fn begin(event_loop: &EventLoop) -> Self {
        event_loop.core.running.set(true);
        let none = set_running(Some(event_loop.clone()));
        drop(none);
        event_loop.tell(|| LoopEvent::RunBegan);
        Running(event_loop.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(set_running(None));
        self.0.core.running.set(false);
        self.0.core.stopping.set(false);
        self.0.tell(|| LoopEvent::RunEnded);
    }
}

/// Which loop is which.
impl EventLoop {
    /// Whether a run call would be right here and now.
    pub(crate) fn check_runnable(&self) -> Result<()> {
        if self.is_closed() {
            return Err(Error::closed());
        }
        if self.is_running() {
            return Err(Error::runtime(
                "This event loop is already running",
                "await the future, or make a task of it",
            ));
        }
        if running_loop().is_some() {
            let text = "Cannot run the event loop while another loop is running";
            return Err(Error::runtime(
                text,
                "run it on a thread of its own, or when the other one has stopped",
            ));
        }
        Ok(())
    }
}

/// Does something with the loop that runs on this thread now. That must run no code of others.
#[inline]
pub(crate) fn with_running<R>(f: impl FnOnce(&EventLoop) -> R) -> Option<R> {
    let call = |running: &RefCell<Option<EventLoop>>| running.borrow().as_ref().map(f);
    RUNNING.try_with(call).ok().flatten()
}

/// The loop that runs on this thread now. Python: `asyncio.get_running_loop`.
pub(crate) fn running_loop() -> Option<EventLoop> {
    RUNNING
        .try_with(|running| running.borrow().clone())
        .ok()
        .flatten()
}

/// The loop that is running on this thread, or else the thread's default loop. Python:
/// `asyncio.get_event_loop`.
///
/// # Errors
/// If no loop is running and [`set_event_loop`] was not called on this thread. asyncio makes one on
/// demand, on the main thread only; here no thread is different from the others.
pub fn get_event_loop() -> Result<EventLoop> {
    let default = || {
        DEFAULT
            .try_with(|default| default.borrow().clone())
            .ok()
            .flatten()
    };
    running_loop().or_else(default).ok_or_else(|| {
        Error::runtime(
            "There is no current event loop",
            "call set_event_loop(&EventLoop::new()) first, or run a loop",
        )
    })
}

/// The same for calls that have no `Result`.
///
/// # Panics
/// If there is no such loop.
#[track_caller]
pub(crate) fn expect_event_loop() -> EventLoop {
    get_event_loop().unwrap_or_else(no_event_loop)
}

/// For calls that have no `Result`: misuse panics. But not on top of another panic: then what is made
/// is made for a closed loop.
#[track_caller]
pub(crate) fn no_event_loop(error: Error) -> EventLoop {
    assert!(std::thread::panicking(), "{error:?}");
    let closed = EventLoop::new();
    closed.shut_down();
    closed
}

/// The same for those who are about to wait.
///
/// # Errors
/// If there is no such loop, or it is closed.
pub(crate) fn open_event_loop() -> Result<EventLoop> {
    let event_loop = get_event_loop()?;
    if event_loop.is_closed() {
        return Err(Error::closed());
    }
    Ok(event_loop)
}

/// Makes this loop the default one of this thread, and keeps it alive. Other threads have their own.
/// Python: `asyncio.set_event_loop`.
pub fn set_event_loop(event_loop: &EventLoop) {
    // While a thread ends it has no default loop any more.
    let old = DEFAULT.try_with(|default| default.replace(Some(event_loop.clone())));
    drop(old);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleep_is_rounded_up_to_a_full_millisecond() {
        let millis = Duration::from_millis;
        assert_eq!(round_up(Duration::ZERO), millis(0));
        assert_eq!(round_up(Duration::from_nanos(1)), millis(1));
        assert_eq!(round_up(millis(1)), millis(1));
        assert_eq!(round_up(Duration::from_nanos(1_000_001)), millis(2));
        assert_eq!(round_up(Duration::MAX), Duration::MAX, "no overflow");
    }
}
