//! Other threads: work that would block, and results that come from there.
//!
//! A blocking call keeps the whole loop waiting. The way out is to have another thread make it, and
//! to await a future that is settled when it has returned. No future may leave its thread, so what
//! goes along with the call is a [`ThreadsafeSetter`]; it brings the result back through the loop's
//! [`mailbox`](crate::mailbox).
//!
//! **The virtual clock does not wait for other threads.** As soon as nothing is ready it jumps to
//! the next deadline; work on another thread takes no virtual time. When there is no deadline, it
//! sleeps until another thread calls, as the real one does.

pub mod setter;

pub mod pool;

pub mod submit;

pub use pool::ThreadPool;
pub use setter::ThreadsafeSetter;
pub use submit::{Submitted, run_coroutine_threadsafe};
