//! Reporting what nobody is there to be told of.
//!
//! An error in a coroutine goes to whoever awaits it. But who is told of an error in a callback? Of
//! one in a future that nobody ever looked at? The loop has an exception handler for these. Without
//! one they are printed to stderr.
//!
//! | report | when |
//! |---|---|
//! | Exception in callback | a callback panicked or returned an `Err` |
//! | Future (or Task, or `_GatheringFuture`) exception was never retrieved | it went away with an error in it that nobody asked for: by `result`, by `exception`, or by awaiting it |
//! | Task was destroyed but it is pending! | its loop was closed before it was done |
//! | Executing … took … seconds | in debug mode: a callback or a step kept everybody waiting |
//! | coroutine was never awaited | in debug mode: a [`Coroutine`](crate::Coroutine) was dropped unstarted |
//!
//! Each of these names the task, future or callback, and the line of the source where that was made.
//! Besides there are panics in odd places (a waker, an observer, a drop), which say no more than
//! that, and what the clean-up of [`run`](crate::run) finds.
//!
//! Debug mode is switched on by [`set_debug`](EventLoop::set_debug), or for all loops by
//! `SEND_NONE_DEBUG=1` in the environment. When it is off it costs the test of a flag.
//!
//! Next: [`snapshot`](crate::snapshot), who waits for whom.

use std::panic::Location;
use std::rc::{Rc, Weak};
use std::time::Duration;

use crate::event_loop::{Core, EventLoop};
use crate::handle::call_guarded;
use crate::loop_event::LoopEvent;
use crate::observer::{ExceptionContext, Observer, Watched, somebody_watches};

/// Reporting.
impl EventLoop {
    /// Sets who is told of errors that nobody else can be told of, also when the loop is closed; without one they
    /// are printed to stderr.
    ///
    /// It is given the loop. One that holds its own loop keeps it, and itself, until it is
    /// [cleared](EventLoop::clear_exception_handler) or replaced.
    pub fn set_exception_handler(&self, handler: impl Fn(&EventLoop, &ExceptionContext) + 'static) {
        let old = self.core.handler.replace(Some(Rc::new(handler)));
        drop(old);
    }

    /// Goes back to printing to stderr. Python: `loop.set_exception_handler(None)`.
    pub fn clear_exception_handler(&self) {
        let old = self.core.handler.take();
        drop(old);
    }

    /// Tells the exception handler. If that panics, both are printed to stderr.
    pub fn call_exception_handler(&self, context: &ExceptionContext) {
        self.tell(|| LoopEvent::Reported {
            text: context.to_string(),
        });
        self.report(context);
    }

    fn report(&self, context: &ExceptionContext) {
        let handler = self.core.handler.borrow().clone();
        let Some(handler) = handler else {
            return context.print();
        };
        // It may have been replaced meanwhile, and is dropped where it was called: under the guard.
        if let Err(error) = call_guarded(move || handler(self, context)) {
            context.print();
            ExceptionContext::new("Unhandled error in exception handler")
                .with_exception(error)
                .print();
        }
    }

    /// Switches debug mode on or off.
    pub fn set_debug(&self, debug: bool) {
        self.core.debug.set(debug);
    }

    /// Whether debug mode is on.
    #[doc(alias = "get_debug")]
    pub fn debug(&self) -> bool {
        self.core.debug.get()
    }

    /// How long a callback or a step may take in debug mode and not be reported; 100 ms, unless this
    /// is called. Python: `loop.slow_callback_duration`.
    #[doc(alias = "slow_callback_duration")]
    pub fn set_slow_callback_duration(&self, limit: Duration) {
        self.core.slow.set(limit);
    }

    /// In debug mode: runs something, and reports it if it took too long. It is described as it is then.
    pub(crate) fn timed(
        &self,
        run: impl FnOnce(),
        what: impl FnOnce() -> String,
        made_at: &'static Location<'static>,
    ) {
        let began = self.time();
        run();
        let took = self.time().saturating_sub(began);
        if took >= self.core.slow.get() {
            let what = what();
            let message = format!("Executing {what} took {:.3} seconds", took.as_secs_f64());
            self.call_exception_handler(&ExceptionContext::new(message).about(what, made_at));
        }
    }
}

/// Watching.
impl EventLoop {
    /// Attaches an observer in place of the present one. [`LoopEvent`] says what it is told.
    pub fn observe(&self, observer: impl Observer + 'static) {
        if self.is_closed() {
            return;
        }
        let old = self.core.observer.replace(Some(Rc::new(observer)));
        self.core.watched.set(true);
        somebody_watches();
        drop(old);
    }

    /// Tells the observer, if there is one.
    #[inline]
    pub(crate) fn tell(&self, event: impl FnOnce() -> LoopEvent) {
        if self.core.watched.get() {
            self.tell_all(&event());
        }
    }

    #[cold]
    fn tell_all(&self, event: &LoopEvent) {
        let recorder = self.core.recorder.borrow().clone();
        let observer = self.core.observer.borrow().clone();
        for observer in [recorder, observer].into_iter().flatten() {
            // It may replace itself: then it is dropped in there, under the guard.
            if let Err(error) = call_guarded(move || observer.event(self.time(), event)) {
                let context = ExceptionContext::new("Exception in observer");
                self.report(&context.with_exception(error)); // and do not tell it of that
            }
        }
    }

    /// For those who know nothing else of a loop.
    pub(crate) fn watched(&self) -> Option<Weak<dyn Watched>> {
        let watched = self.core.watched.get();
        watched.then(|| -> Weak<dyn Watched> { Rc::downgrade(&self.core) as Weak<Core> })
    }
}

impl Watched for Core {
    fn tell(self: Rc<Self>, event: &mut dyn FnMut() -> LoopEvent) {
        if self.watched.get() {
            EventLoop { core: self }.tell_all(&event());
        }
    }
}
