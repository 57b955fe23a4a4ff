//! However a task, a future or a callback ends, or does not, nothing of it stays.
//!
//! There are two witnesses. Everything that a program hands in, every coroutine, callback, result
//! and error, holds a clone of one `Arc`: when all is over its count must be what it was. And what
//! the loop makes for itself shows in the memory of the process, which must not grow, however often
//! a thing is done. (An allocator that counts would be exact, but takes `unsafe`.)

mod ended;
mod left;

use send_none::{Error, EventLoop, Result, sleep_with, yield_now};
use std::any::Any;
use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use ended::ENDED;
use left::LEFT;

/// What every coroutine, callback, result and error of this file holds.
#[derive(Clone)]
pub struct Witness(Arc<()>);

impl Witness {
    fn count(&self) -> usize {
        Arc::strong_count(&self.0)
    }

    /// An error that holds it.
    fn error(&self) -> Error {
        Oops(self.clone()).into()
    }
}

struct Oops(#[allow(dead_code, reason = "it is only held")] Witness);

impl fmt::Debug for Oops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oops")
    }
}

impl fmt::Display for Oops {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oops")
    }
}

impl std::error::Error for Oops {}

/// What the one who started a thing keeps of it. It goes before the loop or after it.
type Kept = Box<dyn Any>;

/// Starts one thing.
type Kind = (&'static str, fn(&EventLoop, &Witness) -> Kept);

fn nothing() -> Kept {
    Box::new(())
}

/// Long, and over at once: the clock is virtual.
const LONG: Duration = Duration::from_secs(20);
const SHORT: Duration = Duration::from_secs(1);

async fn never(held: Witness) -> Result<Witness> {
    let () = pending().await;
    Ok(held)
}

async fn slow(held: Witness) -> Result<Witness> {
    sleep_with(LONG, held).await
}

async fn fails(held: Witness) -> Result<Witness> {
    yield_now().await?;
    Err(held.error())
}

fn turn(event_loop: &EventLoop) {
    event_loop.stop();
    event_loop.run_forever().unwrap();
}

fn quiet_loop() -> EventLoop {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ()); // unseen errors and destroyed tasks: on purpose
    event_loop
}

/// Runs until nothing can happen any more.
fn run_out(event_loop: &EventLoop) {
    let error = event_loop.run_forever().unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("the loop would sleep for ever")
    );
}

/// So many at a time. Each kind is done a few times before its memory is measured: then all the room
/// that it needs is there.
const AT_ONCE: usize = 500;

const REPEATS: usize = if cfg!(debug_assertions) {
    10_000
} else {
    100_000
};

/// What may come and go by chance; the threads take up most of it. One allocation that stays is
/// more than that: it takes 32 bytes at the least, and there are so many repeats.
const SLACK: usize = 250_000;

/// How many bytes of the process are in memory, where the system tells.
fn in_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    kilobytes.unwrap_or(0) * 1024
}

/// Repeats it, and checks that the memory stays as it is. The allocator may take a page more at any time, but
/// not each time: what leaks, leaks three times out of three.
fn repeat(name: &str, mut start_some: impl FnMut(bool)) {
    for round in 0..4 {
        start_some(round % 2 == 0);
    }
    let mut grown = [0; 3];
    for grown in &mut grown {
        let before = in_memory();
        for round in 0..REPEATS / AT_ONCE {
            start_some(round % 2 == 0);
        }
        *grown = in_memory().saturating_sub(before);
        if *grown < SLACK {
            return;
        }
    }
    panic!("{name}: {grown:?} bytes more after {REPEATS} of them each time");
}

/// One test, for others that ran beside it would take memory, too.
#[test]
fn nothing_stays_of_what_has_ended_or_was_left_when_its_loop_was_closed() {
    let others = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if panic.payload().downcast_ref() != Some(&"planned") {
            others(panic);
        }
    }));
    let witness = Witness(Arc::new(()));
    let event_loop = quiet_loop();
    for (name, start) in ENDED {
        repeat(name, |keep| {
            let mut kept: Vec<_> = (0..AT_ONCE).map(|_| start(&event_loop, &witness)).collect();
            if !keep {
                kept.clear();
            }
            run_out(&event_loop);
            drop(kept);
            assert_eq!(witness.count(), 1, "{name}: still held");
        });
    }
    drop(event_loop);
    for (name, start) in LEFT {
        repeat(name, |keep| {
            let event_loop = quiet_loop();
            let mut kept: Vec<_> = (0..AT_ONCE).map(|_| start(&event_loop, &witness)).collect();
            if !keep {
                kept.clear();
            }
            // Closed, or only dropped; but one that its own task holds is never dropped.
            if keep || name == "task that holds its loop" {
                event_loop.close().unwrap();
            }
            drop(event_loop);
            drop(kept);
            assert_eq!(witness.count(), 1, "{name}: still held");
        });
    }
}
