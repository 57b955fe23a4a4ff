//! A loop as other threads see it.
//!
//! They can do one thing with it: have a callback called. All else goes that way. To stop a loop
//! from another thread is to schedule a callback that stops it.
//!
//! Next: [`step`](crate::step), what is known of a step in progress.

use std::fmt;
use std::panic::Location;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::handle::{Call, error_in};
use crate::mailbox::{Mailbox, Note};
use crate::waker::{on_this_thread, remember};

/// A handle of a loop for other threads. Made by [`EventLoop::threadsafe`].
///
/// It can be cloned, sent and kept for as long as one likes; it does not keep the loop alive. But as
/// long as there is one, a loop that has nothing to do sleeps, for it may be called.
///
/// ```
/// let event_loop = send_none::EventLoop::new();
/// let handle = event_loop.threadsafe();
/// let thread = std::thread::spawn(move || {
///     handle.call_soon(|| send_none::get_event_loop().unwrap().stop())
/// });
/// event_loop.run_forever()?;
/// thread.join().unwrap()?;
/// # Ok::<(), send_none::Error>(())
/// ```
#[derive(Clone)]
pub struct ThreadsafeHandle {
    event_loop: u64,
    mailbox: Arc<Mailbox>,
    /// How many of these there are. It goes before `_nudge` does: the loop, when it looks, must
    /// find one less.
    _outside: Arc<()>,
    _nudge: NudgeOnDrop,
}

/// The loop may be asleep only because this handle could have called it.
#[derive(Clone)]
struct NudgeOnDrop(Arc<Mailbox>);

impl Drop for NudgeOnDrop {
    fn drop(&mut self) {
        self.0.nudge();
    }
}

impl EventLoop {
    /// A handle for other threads.
    #[doc(alias = "call_soon_threadsafe")]
    pub fn threadsafe(&self) -> ThreadsafeHandle {
        remember(self);
        ThreadsafeHandle {
            event_loop: self.core.id,
            mailbox: self.core.mailbox.clone(),
            _outside: self.core.outside.clone(),
            _nudge: NudgeOnDrop(self.core.mailbox.clone()),
        }
    }
}

impl ThreadsafeHandle {
    /// Whether the loop lives on this very thread.
    pub(crate) fn is_at_home(&self) -> bool {
        on_this_thread(self.event_loop).is_some()
    }

    /// Schedules a callback on the loop's thread and wakes the loop if it sleeps.
    /// Python: `loop.call_soon_threadsafe`.
    ///
    /// Callbacks from one thread run in the order in which it scheduled them; from the loop's own
    /// thread, in one order with those of [`call_soon`](EventLoop::call_soon).
    ///
    /// # Errors
    /// If the loop is closed, or gone. The callback is dropped.
    #[doc(alias = "call_soon_threadsafe")]
    #[track_caller]
    pub fn call_soon<F, R>(&self, callback: F) -> Result<()>
    where
        F: FnOnce() -> R + Send + 'static,
        R: 'static,
    {
        if let Some(event_loop) = on_this_thread(self.event_loop) {
            if event_loop.is_closed() {
                return Err(Error::closed());
            }
            event_loop.enqueue(Call::new(event_loop.next_call_number(), callback));
            return Ok(());
        }
        self.mailbox
            .post(Note::Call(
                Box::new(|| error_in::<(), R>(callback())),
                Location::caller(),
            ))
            .map_err(|_note| Error::closed())
    }
}

impl fmt::Debug for ThreadsafeHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.mailbox.is_closed() {
            "closed"
        } else {
            "open"
        };
        write!(f, "<ThreadsafeHandle {state}>")
    }
}
