//! Storms: other threads wake, call and settle, a million times in all, while the loop runs, sleeps,
//! and ends. What must hold needs no clock:
//!
//! - Every wake is followed by a poll, as long as the task is not done.
//! - Every callback that an open loop has accepted is run once, or dropped when the loop is closed;
//!   every one that is refused comes back, and is dropped there.
//! - Nobody waits for ever. So each storm must end; that is the only time that is looked at.
//!
//! On both sides there are pauses at random, most of them short.

mod calls;
mod endings;
mod wakes;

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use send_none::EventLoop;

/// Runs it on a thread of its own. If it has not ended after minutes, it never will.
fn must_end(storm: impl FnOnce() + Send + 'static) {
    let (sender, ended) = channel();
    let thread = thread::spawn(move || {
        storm();
        drop(sender);
    });
    match ended.recv_timeout(Duration::from_secs(300)) {
        Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
        Err(RecvTimeoutError::Timeout) => panic!("somebody waits for ever"),
    }
    if let Err(panic) = thread.join() {
        resume_unwind(panic);
    }
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    for thread in threads {
        thread.join().unwrap();
    }
}

/// Pauses at random: xorshift, and each thread has its own.
struct Weather(u64);

impl Weather {
    fn new(seed: u64) -> Self {
        Weather((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % n
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn pause(&mut self) {
        match self.below(4096) {
            0 => thread::sleep(Duration::from_micros(50)),
            1..256 => thread::yield_now(),
            256..512 => (0..self.below(100)).for_each(|_| std::hint::spin_loop()),
            // The token of a parked thread is nobody's own, so a loop must not count on it.
            512..520 => thread::park_timeout(Duration::from_nanos(1)),
            520..528 => thread::current().unpark(),
            _ => {}
        }
    }
}

/// Runs one turn.
fn turn(event_loop: &EventLoop) {
    event_loop.stop();
    event_loop.run_forever().unwrap();
}

fn stop() {
    send_none::get_event_loop().unwrap().stop();
}
