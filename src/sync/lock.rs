//! A lock: one holder, and a line of those who want it.
//!
//! Releasing lets the first waiter go, but leaves the lock open until that waiter runs. Nobody can
//! slip in: a newcomer takes an open lock only if the line is empty.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::rc::Rc;

use crate::any_task::current_task;
use crate::error::{Error, Result};
use crate::sync::line::Line;

/// Mutual exclusion for tasks. Python: `asyncio.Lock`.
///
/// ```
/// use send_none::sync::Lock;
/// use send_none::{gather, yield_now};
///
/// send_none::run(async {
///     let lock = Lock::new();
///     let worker = async |lock: Lock| {
///         let _guard = lock.lock().await?; // released when it is dropped
///         yield_now().await // nobody else holds the lock meanwhile
///     };
///     gather([worker(lock.clone()), worker(lock.clone())]).await?;
///     assert!(!lock.locked());
///     Ok(())
/// })?;
/// # Ok::<(), send_none::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Lock {
    inside: Rc<Inside>,
}

#[derive(Default)]
struct Inside {
    /// The number of the acquisition that holds it, or 0.
    acquisition: Cell<u64>,
    acquired: Cell<u64>,
    line: Line,
}

impl Lock {
    /// A lock that nobody holds.
    pub fn new() -> Self {
        Lock::default()
    }

    /// Whether somebody holds it.
    pub fn locked(&self) -> bool {
        self.acquisition() != 0
    }

    /// Waits for the lock and takes it; the answer is always `true`. It must be
    /// [`release`](Lock::release)d. [`lock`](Lock::lock) gives a guard that does it.
    ///
    /// # Errors
    /// What is thrown in while it waits, [`Error::Cancelled`] above all: then the lock is not taken.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<bool>> + use<> {
        self.clone().acquire_at(Location::caller())
    }

    pub(crate) async fn acquire_at(self, called_at: &'static Location<'static>) -> Result<bool> {
        let Inside { acquired, line, .. } = &*self.inside;
        if self.locked() || line.anybody() {
            let pass_on = |_let_go| {
                if !self.locked() {
                    line.wake_if_first();
                }
            };
            line.wait("Lock.acquire", called_at, pass_on).await?;
        }
        acquired.set(acquired.get() + 1);
        self.is_taken(acquired.get());
        Ok(true)
    }

    /// Gives the lock back, and lets the first in line go.
    ///
    /// # Errors
    /// If nobody holds it.
    pub fn release(&self) -> Result<()> {
        if self.inside.acquisition.replace(0) == 0 {
            return Err(Error::runtime(
                "Lock is not acquired.",
                "release it once for each acquire",
            ));
        }
        self.inside.line.set_holder(None);
        self.inside.line.wake_if_first();
        Ok(())
    }

    /// Waits for the lock and takes it; the guard gives it back when it is dropped.
    ///
    /// # Errors
    /// As [`acquire`](Lock::acquire).
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = Result<LockGuard>> + use<> {
        let (lock, acquire) = (self.clone(), self.acquire());
        async move {
            acquire.await?;
            let acquisition = lock.acquisition();
            Ok(LockGuard { lock, acquisition })
        }
    }

    /// The number of the acquisition that holds it; 0 if nobody does.
    pub(crate) fn acquisition(&self) -> u64 {
        self.inside.acquisition.get()
    }

    /// It is held by the task that runs now, under that number; a condition gives it the one that it
    /// had before.
    pub(crate) fn is_taken(&self, acquisition: u64) {
        self.inside.acquisition.set(acquisition);
        let task = current_task().map(|task| task.0.about().id());
        self.inside.line.set_holder(task);
    }
}

/// Holds a [`Lock`], and releases it when it is dropped.
#[must_use = "the lock is released when this is dropped"]
#[derive(Debug)]
pub struct LockGuard {
    lock: Lock,
    /// The acquisition that it stands for. If somebody called `release` meanwhile, the lock may be
    /// another's now, and is not this one's to give back.
    acquisition: u64,
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        if self.lock.acquisition() == self.acquisition {
            // It is held, so this cannot fail.
            let _released = self.lock.release();
        }
    }
}

impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.locked() { "locked" } else { "unlocked" };
        write!(f, "<Lock {state}, {} waiting>", self.inside.line.len())
    }
}
