//! Two kinds of time.
//!
//! A loop has a clock of its own. The real one counts from the moment the loop was made; the
//! virtual one stands still while anything runs, and where the real loop would sleep it jumps to
//! the next deadline. So a program that sleeps for 20 s is over at once, and each moment it prints
//! is exact.
//!
//! Python: `loop.time()` is `time.monotonic()`, seconds with no relation to the time of day.
//! Rust: [`EventLoop::time`](crate::EventLoop::time) is a `Duration` since the loop was made.
//!
//! A moment is a `Duration` here, and `Duration::MAX` means never. Adding a delay to now saturates,
//! so that a runaway delay is a timer that never fires and not an overflow.
//!
//! Next: [`loop_event`](crate::loop_event), or straight on to [`handle`](crate::handle).

use std::cell::Cell;
use std::time::{Duration, Instant};

/// The moment that never comes.
pub(crate) const NEVER: Duration = Duration::MAX;

pub(crate) enum Clock {
    /// Counts from this moment.
    Real(Instant),
    /// Shows this moment until it is told to jump.
    Virtual(Cell<Duration>),
}

impl Clock {
    pub(crate) fn real() -> Self {
        Clock::Real(Instant::now())
    }

    pub(crate) fn virtual_from_zero() -> Self {
        Clock::Virtual(Cell::new(Duration::ZERO))
    }

    pub(crate) fn now(&self) -> Duration {
        match self {
            Clock::Real(start) => start.elapsed(),
            Clock::Virtual(now) => now.get(),
        }
    }

    /// Keeps the thread busy for so long: what a blocking call does to everybody else.
    pub(crate) fn block(&self, delay: Duration) {
        match self {
            Clock::Real(_) => std::thread::sleep(delay),
            Clock::Virtual(now) => now.set(now.get().saturating_add(delay)),
        }
    }
}
