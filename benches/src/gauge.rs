//! The stopwatch.
//!
//! Only what runs inside [`stopwatch`] is measured; what a workload does before and after is not.
//! What the watch shows is up to the program: nanoseconds, unless it chose something else to be
//! read. In that way the counting programs measure the same stretches of the same workloads.

use std::fs;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

static INSTEAD: OnceLock<fn() -> u64> = OnceLock::new();

/// From now on all watches read this.
///
/// # Panics
/// If it is not the first thing that a program does with them.
pub fn read_instead(gauge: fn() -> u64) {
    INSTEAD.set(gauge).expect("a program measures one thing");
}

/// How much the gauge went up while this ran.
///
/// Not inlined, so that callgrind can be told to collect in here and nowhere else.
#[inline(never)]
pub fn stopwatch(work: impl FnOnce()) -> u64 {
    read_around(INSTEAD.get().copied().unwrap_or(nanoseconds), work)
}

/// The same, but if it reads nanoseconds then those that this thread spent on a processor, in the
/// program or in the kernel.
#[inline(never)]
pub fn stopwatch_of_cpu(work: impl FnOnce()) -> u64 {
    read_around(INSTEAD.get().copied().unwrap_or(cpu_nanoseconds), work)
}

fn read_around(gauge: fn() -> u64, work: impl FnOnce()) -> u64 {
    let before = gauge();
    work();
    gauge() - before
}

/// Since the first call.
fn nanoseconds() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos() as u64
}

/// The first of three numbers in this file of the kernel, which Linux has and others have not.
const SCHEDSTAT: &str = "/proc/thread-self/schedstat";

/// Whether the time on a processor can be told here.
pub fn knows_cpu_time() -> bool {
    fs::exists(SCHEDSTAT).unwrap_or(false)
}

fn cpu_nanoseconds() -> u64 {
    // The kernel brings the number up to date when it takes the thread off its processor.
    std::thread::sleep(Duration::from_nanos(1));
    let line = fs::read_to_string(SCHEDSTAT).expect("whoever calls this asked knows_cpu_time");
    let first = line.split(' ').next().unwrap_or_default();
    first.parse().expect("a number stands there")
}
