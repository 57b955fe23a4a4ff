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
//! **Invariant.** All code of a program's callbacks and coroutines is called from `run_once`, and
//! from nowhere else.
//!
//! Next: [`waker`](crate::waker), how a task gets onto the run queue again.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::clock::{Clock, NEVER};
use crate::error::{Error, ExceptionContext, Result};
use crate::event_loop::EventLoop;
use crate::handle::{Call, call};
use crate::mailbox::Note;
use crate::observer::Event;

/// Running.
impl EventLoop {
    /// Takes turn after turn until [`stop`](EventLoop::stop) is called.
    ///
    /// # Errors
    /// If the loop is closed, or this loop or another one is already running on this thread;
    /// nothing ran then. And on a virtual clock, if all that is left to wait for lies beyond the
    /// end of time.
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

    /// One turn: wait, collect, run the batch.
    fn run_once(&self) -> Result<()> {
        self.core.turns.set(self.turns() + 1);
        self.collect()?;
        let batch = self.core.ready.borrow().len();
        self.tell(|| Event::TurnBegan {
            turn: self.turns(),
            batch,
        });
        for _ in 0..batch {
            // One at a time: if a panic leaves this loop, the rest of the batch is still queued.
            let next = self.core.ready.borrow_mut().pop_front();
            let Some(next) = next else { break };
            if let Err(error) = next.run() {
                self.call_exception_handler(
                    &ExceptionContext::new("Exception in callback").with_exception(error),
                );
            }
        }
        Ok(())
    }

    /// Fills the run queue with all that is ready, and sleeps if nothing is.
    fn collect(&self) -> Result<()> {
        loop {
            self.take_mail();
            self.take_due_timers();
            if !self.core.ready.borrow().is_empty() || self.core.stopping.get() {
                return Ok(());
            }
            let deadline = self.core.timers.borrow_mut().next_deadline();
            self.tell(|| Event::Asleep { until: deadline });
            self.sleep_until(deadline)?;
        }
    }

    fn take_mail(&self) {
        for note in self.core.mailbox.take_all() {
            match note {
                Note::Call(callback) => self.enqueue(Call::new(callback)),
                Note::Wake(key) => {
                    if let Some(task) = self.task(key) {
                        task.wake_from_mailbox();
                    }
                }
            }
        }
    }

    fn take_due_timers(&self) {
        if self.core.timers.borrow().is_empty() {
            return; // and do not ask what time it is
        }
        let now = self.time();
        self.core.timers.borrow_mut().sweep();
        loop {
            let due = self.core.timers.borrow_mut().pop_due(now);
            let Some((when, call)) = due else { return };
            self.tell(|| Event::TimerDue { when });
            self.enqueue(call);
        }
    }

    fn sleep_until(&self, deadline: Option<Duration>) -> Result<()> {
        match (&self.core.clock, deadline) {
            (_, None) => self.core.mailbox.wait(None),
            (Clock::Real(_), Some(when)) => self
                .core
                .mailbox
                .wait(Some(when.saturating_sub(self.time()))),
            (Clock::Virtual(_), Some(NEVER)) => {
                let text = "virtual clock: the only timers left are beyond the end of time";
                return Err(Error::runtime(
                    text,
                    "sleep for less than Duration::MAX, or cancel the sleeper",
                ));
            }
            (Clock::Virtual(now), Some(when)) => now.set(when),
        }
        Ok(())
    }
}

/// Closing.
impl EventLoop {
    /// Closes the loop: drops all callbacks, timers and unfinished coroutines. Once is enough,
    /// twice is harmless. From now on nothing can be scheduled, and no run call will work.
    ///
    /// # Errors
    /// If the loop is running.
    pub fn close(&self) -> Result<()> {
        if self.is_running() {
            return Err(Error::runtime(
                "Cannot close a running event loop",
                "call stop(), and close it after the run",
            ));
        }
        self.shut_down();
        Ok(())
    }

    /// Whatever is dropped here may run clean-up code, which may use this loop: it finds it closed.
    fn shut_down(&self) {
        if self.core.closed.replace(true) {
            return;
        }
        self.discard(self.core.mailbox.close());
        while let Some(entry) = { self.core.ready.borrow_mut().pop_front() } {
            self.discard(entry);
        }
        self.discard(self.core.timers.take());
        self.discard(self.core.kept.take());
        for task in self.core.tasks.take().all() {
            self.discard_with(move || task.shut_down());
        }
    }

    fn discard<T: 'static>(&self, thing: T) {
        self.discard_with(move || drop(thing));
    }

    fn discard_with(&self, drop_it: impl FnOnce()) {
        if let Err(error) = call(drop_it) {
            self.call_exception_handler(
                &ExceptionContext::new("Exception while closing").with_exception(error),
            );
        }
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        if Rc::strong_count(&self.core) == 1 {
            self.shut_down();
        }
    }
}

thread_local! {
    /// The loop that runs on this thread now.
    static RUNNING: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
    /// What `get_event_loop` gives when none is running.
    static DEFAULT: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
}

/// As long as it lives, its loop is the running one. Its drop also happens when a panic leaves the
/// run.
struct Running;

impl Running {
    fn begin(event_loop: &EventLoop) -> Self {
        event_loop.core.running.set(true);
        RUNNING.set(Some(event_loop.clone()));
        Running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let event_loop = RUNNING.take();
        if let Some(event_loop) = event_loop {
            event_loop.core.running.set(false);
            event_loop.core.stopping.set(false);
        }
    }
}

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

/// Makes this loop the default one of this thread, and keeps it alive. Other threads have their
/// own.
/// Python: `asyncio.set_event_loop`.
pub fn set_event_loop(event_loop: &EventLoop) {
    let old = DEFAULT.replace(Some(event_loop.clone()));
    drop(old);
}
