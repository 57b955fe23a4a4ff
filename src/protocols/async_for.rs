//! `async for`: a loop whose next item may have to be waited for.
//!
//! Python hides the calls of `__anext__` in a loop of its own syntax, and needs a signal for the
//! end, `StopAsyncIteration`. In Rust `while let` is that loop, and `None` that signal:
//!
//! ```
//! use send_none::{AsyncIter, Result, sleep};
//! use std::time::Duration;
//!
//! struct Countdown(u32);
//!
//! impl AsyncIter for Countdown {
//!     type Item = u32;
//!     async fn anext(&mut self) -> Result<Option<u32>> {
//!         sleep(Duration::from_millis(1)).await?;
//!         self.0 = match self.0 {
//!             0 => return Ok(None),
//!             n => n - 1,
//!         };
//!         Ok(Some(self.0))
//!     }
//! }
//!
//! send_none::run(async {
//!     let mut seen = Vec::new();
//!     let mut countdown = Countdown(3);
//!     while let Some(item) = countdown.anext().await? {
//!         seen.push(item);
//!     }
//!     assert_eq!(seen, [2, 1, 0]);
//!     Ok(())
//! })?;
//! # Ok::<(), send_none::Error>(())
//! ```

use crate::error::Result;

/// What gives one item after the other, and may wait before each. Python: `__anext__`.
#[doc(alias = "__aiter__")]
#[doc(alias = "__anext__")]
#[doc(alias = "StopAsyncIteration")]
#[doc(alias = "AsyncIterator")]
#[allow(
    async_fn_in_trait,
    reason = "one thread: nobody needs these futures to be Send"
)]
pub trait AsyncIter {
    /// What it gives.
    type Item;

    /// The next item; `None` when there are no more.
    ///
    /// # Errors
    /// Whatever goes wrong in getting it.
    async fn anext(&mut self) -> Result<Option<Self::Item>>;
}
