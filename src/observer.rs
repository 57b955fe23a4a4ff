//! What the loop tells whoever watches.
//!
//! Nothing in this file makes the executor work; skip it at first reading. It is here because the
//! rooms below tell an [`Observer`] what they do, so that a program can be watched without a
//! change: one trait, and a single flag test when nobody watches. What they tell is a
//! [`LoopEvent`].
//!
//! Next: [`handle`](crate::handle), what the run queue holds.

use std::cell::Cell;
use std::fmt;
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

use crate::error::{Error, printed};
use crate::loop_event::LoopEvent;

/// Whoever is told what happens in a loop. Attach it with
/// [`EventLoop::observe`](crate::EventLoop::observe).
///
/// It is called in the midst of what it is told of: it should look, write and return, and leave the
/// loop alone.
pub trait Observer {
    /// Something happened, at that moment of the loop's clock.
    fn event(&self, time: Duration, event: &LoopEvent);
}

impl<F: Fn(Duration, &LoopEvent)> Observer for F {
    fn event(&self, time: Duration, event: &LoopEvent) {
        self(time, event);
    }
}

thread_local! {
    /// Whether any loop of this thread is watched, or was.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

pub(crate) fn somebody_watches() {
    WATCHED.set(true);
}

/// If nobody does, this is all that it costs to tell.
#[inline]
pub(crate) fn does_anybody_watch() -> bool {
    WATCHED.get()
}

/// A loop as those see it who know nothing of it but that it may be watched.
pub(crate) trait Watched {
    /// Tells the observer, if there is one.
    fn tell(self: Rc<Self>, event: &mut dyn FnMut() -> LoopEvent);
}

/// What an exception handler is told. Python: the `context` dict of `loop.call_exception_handler`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ExceptionContext {
    /// What happened, in a few words.
    pub message: String,
    /// The error, if there was one.
    pub exception: Option<Error>,
    /// The task, future or callback that it happened to, described.
    pub subject: Option<String>,
    /// Where in the source that was made.
    pub made_at: Option<&'static Location<'static>>,
}

impl ExceptionContext {
    /// A report of nothing but a message.
    pub fn new(message: impl Into<String>) -> Self {
        let message = message.into();
        ExceptionContext {
            message,
            exception: None,
            subject: None,
            made_at: None,
        }
    }

    /// The same report with an error.
    pub fn with_exception(self, error: impl Into<Error>) -> Self {
        ExceptionContext {
            exception: Some(error.into()),
            ..self
        }
    }

    /// The same report with what it is about, and where that was made.
    pub fn about(self, subject: String, made_at: &'static Location<'static>) -> Self {
        ExceptionContext {
            subject: Some(subject),
            made_at: Some(made_at),
            ..self
        }
    }

    /// What is done when no exception handler is set.
    pub(crate) fn print(&self) {
        eprintln!("{self}");
    }
}

impl fmt::Display for ExceptionContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(error) = &self.exception {
            write!(f, ": {}", printed(|| format!("{error:?}")))?;
        }
        match (&self.subject, self.made_at) {
            (Some(subject), Some(made_at)) => write!(f, "\n  {subject}, made at {made_at}"),
            _ => Ok(()),
        }
    }
}
