//! Locks, atomics, and the counts of an `Arc`.

use std::time::Duration;

pub use loom::sync::atomic;
pub use loom::sync::{Mutex, MutexGuard};
pub use std::sync::{Arc, LockResult, PoisonError, Weak};

pub use super::channel as mpsc;

use atomic::{AtomicUsize, Ordering};

/// Loom's, with the rest of std's methods. Its sleeps never time out: a wake-up that is lost must
/// show as a deadlock, and not be made good by a timeout of a day.
#[derive(Default)]
pub struct Condvar(loom::sync::Condvar);

/// That it timed out, which it never does.
pub struct WaitTimeoutResult;

impl WaitTimeoutResult {
    pub fn timed_out(&self) -> bool {
        false
    }
}

type Timed<'a, T> = (MutexGuard<'a, T>, WaitTimeoutResult);

impl Condvar {
    pub fn new() -> Self {
        Self::default()
    }

    #[track_caller]
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    #[track_caller]
    pub fn notify_all(&self) {
        self.0.notify_all();
    }

    #[track_caller]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        self.0.wait(guard)
    }

    #[track_caller]
    pub fn wait_while<'a, T>(
        &self,
        mut guard: MutexGuard<'a, T>,
        mut condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<MutexGuard<'a, T>> {
        while condition(&mut guard) {
            guard = self.0.wait(guard)?;
        }
        Ok(guard)
    }

    #[track_caller]
    pub fn wait_timeout<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        _never_over: Duration,
    ) -> LockResult<Timed<'a, T>> {
        // No thread panics with a lock and lives on here.
        let guard = self.wait(guard).expect("a model is over when it panics");
        Ok((guard, WaitTimeoutResult))
    }

    #[track_caller]
    pub fn wait_timeout_while<'a, T>(
        &self,
        guard: MutexGuard<'a, T>,
        _never_over: Duration,
        condition: impl FnMut(&mut T) -> bool,
    ) -> LockResult<Timed<'a, T>> {
        let guard = self.wait_while(guard, condition);
        let guard = guard.expect("a model is over when it panics");
        Ok((guard, WaitTimeoutResult))
    }
}

loom::lazy_static! {
    /// It changes when an `Arc` that somebody counts may go. Loom tries all orders of its accesses.
    static ref COUNTS: AtomicUsize = AtomicUsize::new(0);
}

/// The count of an `Arc`. The `Arc` is std's, so loom does not see it being counted; but it sees this
/// function, and [`let_go`], and tries them in every order.
///
/// Both are relaxed: to count an `Arc` is no reason to see what another thread wrote.
pub trait Counted {
    fn strong_count(this: &Self) -> usize;
}

impl<T: ?Sized> Counted for Arc<T> {
    fn strong_count(this: &Self) -> usize {
        COUNTS.fetch_add(0, Ordering::Relaxed);
        Arc::strong_count(this)
    }
}

/// Drops something that holds an `Arc` whose count matters: a waker, or a handle of a loop. Other
/// threads may come before it, and between this and whatever comes next.
pub fn let_go<T>(holder: T) {
    COUNTS.fetch_add(1, Ordering::Relaxed);
    drop(holder);
    COUNTS.fetch_add(1, Ordering::Relaxed);
}
