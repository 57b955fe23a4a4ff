//! Waiting for each other: locks, events, conditions, semaphores, queues.
//!
//! One thread needs no lock to protect a value from being written by two at once: nobody is
//! interrupted but at an `await`. These are for what must hold *across* an `await`, and for having
//! tasks wait their turn.
//!
//! All of them are built from futures and a `VecDeque`; see [`mod@line`]. They are handles: cloning one
//! is cheap and gives the same lock. First come, first served. Queues are the exception, as in
//! asyncio: a newcomer may take an item that lies there, and the waiter it was meant for waits again.
//! A waiter that is cancelled leaves the line, and what it had been handed goes to the next.
//!
//! Each method that waits gives a future which shares the lock and borrows nothing. So one can make a
//! task of it, or give it to [`wait_for`](crate::wait_for).

pub mod line;

pub mod lock;

pub mod event;

pub mod condition;

pub mod semaphore;

pub mod store;

pub mod queue;

pub use condition::Condition;
pub use event::Event;
pub use lock::{Lock, LockGuard};
pub use queue::{LifoQueue, PriorityQueue, Queue, QueueEmpty, QueueFull};
pub use semaphore::{BoundedSemaphore, Permit, Semaphore};

use crate::error::{Error, Result};
use crate::protocols::async_with::AsyncContextManager;

// As a block: held for as long as the body runs, and given back however that ends.
macro_rules! held_in_a_block {
    ($($kind:ty)*) => {$(
        impl AsyncContextManager for $kind {
            type Target = ();

            async fn aenter(&mut self) -> Result<()> {
                self.acquire().await?;
                Ok(())
            }

            async fn aexit(&mut self, _error: Option<&Error>) -> Result<bool> {
                self.release()?;
                Ok(false)
            }
        }
    )*};
}
held_in_a_block!(Lock &Lock Condition &Condition Semaphore &Semaphore);
held_in_a_block!(BoundedSemaphore & BoundedSemaphore);
