//! What all examples share: a loop, and a stamp on what they say.

#![allow(dead_code, reason = "no example needs all of it")]

use send_none::trace::say::note;
use send_none::{EventLoop, get_event_loop, set_event_loop};
use std::fmt::Display;
use std::io::Write;
use std::time::Duration;

/// A loop on a virtual clock, or on the real one with `cargo run --example … -- --real`.
pub fn event_loop() -> EventLoop {
    let event_loop = match real() {
        true => EventLoop::new(),
        false => EventLoop::with_virtual_clock(),
    };
    set_event_loop(&event_loop);
    event_loop
}

fn real() -> bool {
    std::env::args().any(|arg| arg == "--real")
}

/// Says a line with the loop's time before it, in seconds; as `say!` does.
#[track_caller]
pub fn say(text: impl Display) {
    let time = get_event_loop()
        .map_or(Duration::ZERO, |l| l.time())
        .as_secs_f64();
    let line = match real() {
        true => format!("t={time:.3} {text}"),
        false => format!("t={time} {text}"),
    };
    if writeln!(std::io::stdout(), "{line}").is_err() {
        std::process::exit(0); // nobody reads on
    }
    note(line);
}

pub const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
