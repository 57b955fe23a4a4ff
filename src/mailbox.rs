//! The door for other threads.
//!
//! Nothing in this crate can be shared between threads, but for what stands in this file: a loop
//! runs its callbacks and tasks on one thread and needs no lock for them. Other threads have two
//! wishes: run this callback, and wake that task. Both are notes which they drop into the loop's
//! mailbox. The loop empties it at the start of each turn.
//!
//! The same mailbox is where the loop sleeps. A thread that wants to sleep until something happens
//! must not miss what happens between its last look and falling asleep. A `Condvar` is made for
//! that: the loop looks and falls asleep under the mailbox's lock, and to post a note is to take
//! that lock. (`std::thread::park` would do too, but its token belongs to the thread, and any other
//! code on it may use it up.)
//!
//! Next: [`event_loop`](crate::event_loop), where everything is called.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::task_table::TaskKey;

/// The longest single sleep. Longer waits are made of several; some systems refuse a much longer
/// one.
const LONGEST_SLEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// What another thread can wish for.
pub(crate) enum Note {
    Call(Box<dyn FnOnce() + Send>),
    Wake(TaskKey),
}

#[derive(Default)]
pub(crate) struct Mailbox {
    inside: Mutex<Inside>,
    arrived: Condvar,
}

#[derive(Default)]
struct Inside {
    notes: Vec<Note>,
    closed: bool,
}

impl Mailbox {
    /// Puts a note in and wakes the loop. Once the loop is closed the note comes back.
    pub(crate) fn post(&self, note: Note) -> Result<(), Note> {
        let mut inside = self.lock();
        if inside.closed {
            return Err(note);
        }
        inside.notes.push(note);
        self.arrived.notify_one();
        Ok(())
    }

    /// Takes all notes out, oldest first.
    pub(crate) fn take_all(&self) -> Vec<Note> {
        std::mem::take(&mut self.lock().notes)
    }

    /// Sleeps until a note is there, at most so long.
    pub(crate) fn wait(&self, timeout: Option<Duration>) {
        let timeout = timeout.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP);
        let inside = self.lock();
        let waited = self
            .arrived
            .wait_timeout_while(inside, timeout, |inside| inside.notes.is_empty());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }

    /// Refuses all notes from now on. What was in it is for the caller to drop, outside the lock.
    pub(crate) fn close(&self) -> Vec<Note> {
        let mut inside = self.lock();
        inside.closed = true;
        std::mem::take(&mut inside.notes)
    }

    /// No code of others runs under the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A loop as other threads see it: all they can do is to schedule callbacks.
///
/// Made by [`EventLoop::threadsafe`](crate::EventLoop::threadsafe). It can be cloned, sent and kept
/// for as long as one likes; it does not keep the loop alive.
#[derive(Clone)]
pub struct ThreadsafeHandle {
    pub(crate) mailbox: Arc<Mailbox>,
}

impl ThreadsafeHandle {
    /// Schedules a callback on the loop's thread and wakes the loop if it sleeps.
    /// Python: `loop.call_soon_threadsafe`.
    ///
    /// Callbacks from one thread run in the order in which it scheduled them.
    ///
    /// # Errors
    /// If the loop is closed, or gone. The callback is dropped.
    #[doc(alias = "call_soon_threadsafe")]
    pub fn call_soon(&self, callback: impl FnOnce() + Send + 'static) -> Result<()> {
        self.mailbox
            .post(Note::Call(Box::new(callback)))
            .map_err(|_note| Error::closed())
    }
}

impl fmt::Debug for ThreadsafeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<ThreadsafeHandle {}>",
            if self.mailbox.lock().closed {
                "closed"
            } else {
                "open"
            }
        )
    }
}
