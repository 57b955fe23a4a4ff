//! Threads.

use std::io;
use std::num::NonZero;
use std::time::Duration;

pub use loom::thread::{JoinHandle, Thread, ThreadId, current, park, yield_now};
pub use std::thread::{Result, panicking};

/// In words. Loom gives a thread so little by default that a loop does not fit.
const STACK: usize = 0x10000;

/// Loom's, with more stack.
pub struct Builder(loom::thread::Builder);

impl Builder {
    #[allow(clippy::new_without_default, reason = "std has none")]
    pub fn new() -> Self {
        Builder(loom::thread::Builder::new().stack_size(STACK))
    }

    pub fn name(self, name: String) -> Self {
        Builder(self.0.name(name))
    }

    /// # Errors
    /// None: loom has threads enough, or the model panics.
    pub fn spawn<T, F>(self, function: F) -> io::Result<JoinHandle<T>>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        self.0.spawn(function)
    }
}

pub fn spawn<T, F>(function: F) -> JoinHandle<T>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    Builder::new().spawn(function).expect("it never fails")
}

/// The others go on meanwhile, and that is all there is to it.
pub fn sleep(_delay: Duration) {
    yield_now();
}

/// It never times out, as a `Condvar` does not.
pub fn park_timeout(_never_over: Duration) {
    park();
}

/// # Errors
/// None.
pub fn available_parallelism() -> io::Result<NonZero<usize>> {
    Ok(NonZero::<usize>::MIN)
}
