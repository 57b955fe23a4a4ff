//! The behaviour kit: each scenario is a Python program, what CPython printed, and its Rust port.

mod kit;

#[path = "scenarios/01-metronome-callbacks.rs"]
mod s01;
#[path = "scenarios/02-paused-until-run.rs"]
mod s02;
#[path = "scenarios/03-call-soon-fifo.rs"]
mod s03;
#[path = "scenarios/11-close.rs"]
mod s11;
#[path = "scenarios/42-nested-coroutines-20s.rs"]
mod s42;
