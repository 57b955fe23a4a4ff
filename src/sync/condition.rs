//! A condition: waiting, under a lock, for something to be true.
//!
//! To wait gives the lock up, and takes it again before going on; also when the waiting is ended by
//! a cancellation, for the code around it counts on holding the lock.

use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::sync::line::Line;
use crate::sync::lock::{Lock, LockGuard};

/// Tasks wait until another one notifies them. Python: `asyncio.Condition`.
#[derive(Clone, Default)]
pub struct Condition {
    lock: Lock,
    line: Rc<Line>,
}

impl Condition {
    /// A condition with a lock of its own.
    pub fn new() -> Self {
        Condition::default()
    }

    /// A condition under a lock that is shared with others.
    pub fn with_lock(lock: Lock) -> Self {
        Condition {
            lock,
            line: Rc::default(),
        }
    }

    /// Whether its lock is held.
    pub fn locked(&self) -> bool {
        self.lock.locked()
    }

    /// Takes its lock. See [`Lock::acquire`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<bool>> + use<> {
        self.lock.acquire()
    }

    /// Gives its lock back. See [`Lock::release`].
    ///
    /// # Errors
    /// As there.
    pub fn release(&self) -> Result<()> {
        self.lock.release()
    }

    /// Takes its lock; the guard gives it back. See [`Lock::lock`].
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn lock(&self) -> impl Future<Output = Result<LockGuard>> + use<> {
        self.lock.lock()
    }

    /// Gives the lock up, waits to be notified, and takes it again. The answer is always `true`.
    ///
    /// # Errors
    /// If its lock is not held. What is thrown in while it waits: it comes out when the lock is held
    /// again.
    ///
    /// If the waiting itself is dropped, by a combinator that is done with it, the lock is not taken
    /// back.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = Result<bool>> + use<> {
        self.clone().wait_at(Location::caller())
    }

    async fn wait_at(self, called_at: &'static Location<'static>) -> Result<bool> {
        self.check_locked("cannot wait on un-acquired lock")?;
        let acquisition = self.lock.acquisition();
        self.lock.release()?;
        let pass_on = |let_go| {
            if let_go {
                self.line.wake_first();
            }
        };
        let notified = self.line.wait("Condition.wait", called_at, pass_on).await;
        // Until this waiter goes on with the lock, the notification may still have to go to another.
        let mut notification = PassedOn(notified.is_ok().then_some(&*self.line));
        let mut interrupted = Ok(());
        while let Err(error) = self.lock.clone().acquire_at(called_at).await {
            if !error.is_cancelled() {
                return Err(error);
            }
            interrupted = Err(error);
        }
        self.lock.is_taken(acquisition);
        interrupted?;
        notified?;
        notification.0 = None;
        Ok(true)
    }

    /// Waits until the predicate is true, which is asked now and after each notification.
    ///
    /// # Errors
    /// As [`wait`](Condition::wait).
    #[track_caller]
    pub fn wait_for<P>(&self, mut predicate: P) -> impl Future<Output = Result<bool>> + use<P>
    where
        P: FnMut() -> bool,
    {
        let (condition, called_at) = (self.clone(), Location::caller());
        async move {
            while !predicate() {
                condition.clone().wait_at(called_at).await?;
            }
            Ok(true)
        }
    }

    /// Lets the `n` longest waiting go; each goes on when it has the lock.
    ///
    /// # Errors
    /// If its lock is not held.
    pub fn notify(&self, n: usize) -> Result<()> {
        self.check_locked("cannot notify on un-acquired lock")?;
        self.line.wake(n);
        Ok(())
    }

    /// Lets everybody go.
    ///
    /// # Errors
    /// If its lock is not held.
    pub fn notify_all(&self) -> Result<()> {
        self.notify(usize::MAX)
    }

    fn check_locked(&self, text: &str) -> Result<()> {
        match self.locked() {
            true => Ok(()),
            false => Err(Error::runtime(text, "take its lock first")),
        }
    }
}

/// A notification, until its receiver goes on with it.
struct PassedOn<'a>(Option<&'a Line>);

impl Drop for PassedOn<'_> {
    fn drop(&mut self) {
        if let Some(line) = self.0 {
            line.wake_first();
        }
    }
}

impl fmt::Debug for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.locked() { "locked" } else { "unlocked" };
        write!(f, "<Condition {state}, {} waiting>", self.line.len())
    }
}
