//! What can be asked of a future, and of a task.
//!
//! To ask is never to wait. Whoever asks for an error, in whatever way, has looked; it will not be reported as
//! one that nobody retrieved.
//!
//! Next: [`settling`](crate::settling), how it gets its outcome and what is then done with the line.

use std::fmt;
use std::panic::Location;
use std::task::Waker;

use crate::any_future::About;
use crate::error::{Error, Result, printed};
use crate::future_cell::{FutureCell, Outcome, Settable, Waiter};
use crate::loop_event::LoopEvent;
use crate::observer::{ExceptionContext, Watched, does_anybody_watch};

/// What can be asked of a future, and of a task.
impl<T: 'static> FutureCell<T> {
    /// Whether it has a result, an error, or was cancelled.
    pub fn done(&self) -> bool {
        self.outcome().is_some()
    }

    /// Whether it was cancelled.
    pub fn cancelled(&self) -> bool {
        matches!(self.outcome(), Some(Outcome::Cancelled))
    }

    /// The result. It can be read any number of times, and there is no waiting: see the errors.
    ///
    /// # Errors
    /// The error that was set; [`Error::Cancelled`] if it was cancelled; [`Error::InvalidState`] if
    /// it is not done.
    pub fn result(&self) -> Result<T>
    where
        T: Clone,
    {
        match self.outcome() {
            None => Err(Error::InvalidState("Result is not set.")),
            Some(Outcome::Cancelled) => Err(Error::Cancelled),
            Some(Outcome::Done(result)) => {
                self.shared().settable().looked_at.set(true);
                result.clone()
            }
        }
    }

    /// The error that was set, or `None` if there is a result.
    ///
    /// # Errors
    /// [`Error::Cancelled`] if it was cancelled; [`Error::InvalidState`] if it is not done.
    pub fn exception(&self) -> Result<Option<Error>> {
        match self.outcome() {
            None => Err(Error::InvalidState("Exception is not set.")),
            Some(Outcome::Cancelled) => Err(Error::Cancelled),
            Some(Outcome::Done(_)) => Ok(self.shared().about().failure()),
        }
    }
}

impl<T: 'static> About for Settable<T> {
    fn id(&self) -> u64 {
        self.id
    }

    fn done(&self) -> bool {
        self.is_settled()
    }

    fn event_loop(&self) -> *const () {
        self.event_loop.as_ptr().cast()
    }

    fn made_at(&self) -> &'static Location<'static> {
        self.made_at
    }

    fn failure(&self) -> Option<Error> {
        self.looked_at.set(true);
        self.error()
    }

    fn error(&self) -> Option<Error> {
        match self.outcome.get()? {
            Outcome::Cancelled => Some(Error::Cancelled),
            Outcome::Done(result) => result.as_ref().err().cloned(),
        }
    }

    fn leave_line(&self, place: u64) {
        let old = self.line.borrow_mut().remove(place);
        if old.is_some() {
            self.tell_left(place);
        }
        drop(old);
    }

    fn holds(&self, place: u64, waker: &Waker) -> bool {
        let mut line = self.line.borrow_mut();
        matches!(line.get_mut(place), Some(Waiter::Task(held)) if held.will_wake(waker))
    }

    fn holds_anywhere(&self, waker: &Waker) -> bool {
        let is_it = |who: &_| matches!(who, Waiter::Task(held) if held.will_wake(waker));
        self.line.borrow().any(is_it)
    }

    fn is_waited_for(&self) -> bool {
        !self.line.borrow().is_empty()
    }

    fn waiting(&self) -> usize {
        self.line.borrow().len()
    }

    fn tell(&self, event: &mut dyn FnMut() -> LoopEvent) {
        let watched = does_anybody_watch().then(|| self.event_loop.upgrade());
        if let Some(core) = watched.flatten() {
            core.tell(event);
        }
    }

    fn describe(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.outcome.get() {
            None => {
                let waiting = self.line.try_borrow().map_or(0, |line| line.len());
                write!(f, "<{name} pending, {waiting} waiting>")
            }
            Some(Outcome::Cancelled) => write!(f, "<{name} cancelled>"),
            Some(Outcome::Done(Ok(_))) => write!(f, "<{name} finished>"),
            Some(Outcome::Done(Err(error))) => {
                let error = printed(|| format!("{error:?}"));
                write!(f, "<{name} finished, error={error}>")
            }
        }
    }
}

impl<T> Settable<T> {
    /// It goes away. If there is an error in it, did anybody look?
    pub(crate) fn report_if_never_retrieved(&self, name: impl FnOnce() -> String) {
        let Some(Outcome::Done(Err(error))) = self.outcome.get() else {
            return;
        };
        if self.looked_at.replace(true) {
            return;
        }
        let kind = match self.kind {
            kind @ ("Task" | "_GatheringFuture") => kind,
            _ => "Future",
        };
        let message = format!("{kind} exception was never retrieved");
        let context = ExceptionContext::new(message).with_exception(error.clone());
        let context = context.about(format!("<{}>", name()), self.made_at);
        match self.event_loop() {
            Some(event_loop) => event_loop.call_exception_handler(&context),
            None => context.print(),
        }
    }
}
