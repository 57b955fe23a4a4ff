//! The door for other threads.
//!
//! A loop runs its callbacks and tasks on one thread, and needs no lock for them. Other threads reach
//! it only through what stands in this file. They have two wishes: run this callback, and wake that
//! task. Both are notes which they drop into the loop's mailbox. The loop empties it at the start of
//! each turn, and whenever it puts something else on its run queue: so all that is ready stands there
//! in the order in which it became so, whichever thread it came from.
//!
//! The same mailbox is where the loop sleeps. A thread that wants to sleep until something happens
//! must not miss what happens between its last look and falling asleep. A `Condvar` is made for
//! that: the loop looks and falls asleep under the mailbox's lock, and to post a note is to take
//! that lock. (`std::thread::park` would do too, but its token belongs to the thread, and any other
//! code on it may use it up.)
//!
//! Next: [`event_loop`](crate::event_loop), what a loop is made of.

use std::panic::Location;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::error::Result;
use crate::task_table::TaskKey;

/// The longest single sleep. Longer waits are made of several; some systems refuse a much longer
/// one.
const LONGEST_SLEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// What another thread can wish for.
pub(crate) enum Note {
    /// And where it was scheduled.
    Call(
        Box<dyn FnOnce() -> Result<()> + Send>,
        &'static Location<'static>,
    ),
    Wake(TaskKey),
}

#[derive(Default)]
pub(crate) struct Mailbox {
    inside: Mutex<Inside>,
    arrived: Condvar,
    /// Whether there are notes. The loop looks at this flag often, and takes the lock only if it is
    /// set. To fall asleep it takes the lock in any case.
    has_notes: AtomicBool,
}

#[derive(Default)]
struct Inside {
    notes: Vec<Note>,
    /// The loop should have another look at how things are.
    nudged: bool,
    /// The loop sleeps, or is about to. If it does not, nobody needs to ask the system to wake it, which
    /// takes longer than all the rest of posting a note.
    asleep: bool,
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
        self.has_notes.store(true, Ordering::Release);
        self.wake_up(&inside);
        Ok(())
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lock().notes.is_empty()
    }

    /// Whether it is worth taking the notes out.
    pub(crate) fn has_notes(&self) -> bool {
        self.has_notes.load(Ordering::Acquire)
    }

    /// Takes all notes out, oldest first.
    pub(crate) fn take_all(&self) -> Vec<Note> {
        let mut inside = self.lock();
        self.has_notes.store(false, Ordering::Relaxed);
        std::mem::take(&mut inside.notes)
    }

    /// Wakes the loop without a note.
    pub(crate) fn nudge(&self) {
        let mut inside = self.lock();
        inside.nudged = true;
        self.wake_up(&inside);
    }

    fn wake_up(&self, inside: &Inside) {
        if inside.asleep {
            self.arrived.notify_one();
        }
    }

    /// Sleeps until a note is there, at most so long. A nudge ends it, too.
    pub(crate) fn wait(&self, timeout: Option<Duration>) {
        let timeout = timeout.unwrap_or(LONGEST_SLEEP).min(LONGEST_SLEEP);
        let mut inside = self.lock();
        inside.asleep = true;
        let waited = self.arrived.wait_timeout_while(inside, timeout, |inside| {
            inside.notes.is_empty() && !inside.nudged
        });
        let (mut inside, _timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        inside.nudged = false;
        inside.asleep = false;
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
