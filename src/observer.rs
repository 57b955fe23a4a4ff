//! What the loop tells whoever watches.
//!
//! Nothing in this file makes the executor work; skip it at first reading. It is here because the
//! rooms below tell an [`Observer`] what they do, so that a program can be watched without a
//! change: one event type, one trait, and a single flag test when nobody watches.
//!
//! Futures and tasks go by number here, counted by their loop.
//!
//! Next: [`handle`](crate::handle), what the run queue holds.

use std::panic::Location;
use std::time::Duration;

use crate::error::Error;

/// Something that happened in a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoopEvent {
    /// A turn begins to run its batch: so many callbacks and steps, no more.
    TurnBegan {
        /// The first turn of a loop is 1.
        turn: u64,
        /// How many entries the run queue holds now.
        batch: usize,
    },
    /// Nothing is ready: the loop sleeps, until that moment or until another thread calls.
    Asleep {
        /// The deadline of the first timer.
        until: Option<Duration>,
    },
    /// A timer is due; its callback joins the run queue.
    TimerDue {
        /// The timer's deadline.
        when: Duration,
    },
    /// A task was made; its first step joins the run queue.
    TaskMade {
        /// The new task.
        task: u64,
    },
    /// A task's coroutine is sent into.
    StepBegan {
        /// The task that runs.
        task: u64,
    },
    /// The coroutine returned, and the task is done.
    Returned {
        /// The task that ended.
        task: u64,
    },
    /// The coroutine is suspended, and the task parked on a future.
    Parked {
        /// The task that waits.
        task: u64,
        /// The future that it waits for.
        on: u64,
    },
    /// The coroutine is suspended on something that is no [`FutureCell`](crate::FutureCell): a bare
    /// yield, or a future from elsewhere.
    Suspended {
        /// The task that waits.
        task: u64,
    },
    /// A parked task's waker was called; its next step joins the run queue.
    Woken {
        /// The task that will run.
        task: u64,
    },
    /// A future got its result, its error or its cancellation.
    Settled {
        /// The future.
        future: u64,
        /// How many callbacks and parked tasks wait for it.
        waiting: usize,
    },
}

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
        let mut text = self.message.clone();
        if let Some(error) = &self.exception {
            text += &format!(": {error:?}");
        }
        if let (Some(subject), Some(made_at)) = (&self.subject, self.made_at) {
            text += &format!("\n  {subject}, made at {made_at}");
        }
        eprintln!("{text}");
    }
}
