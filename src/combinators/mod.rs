//! Built on futures and tasks: waiting for a while, and for several.
//!
//! Nothing here is new to the executor. [`sleep`](crate::sleep) is a timer that settles a future,
//! and [`gather`](fn@crate::gather) a future that is settled when its members are.

pub mod sleep;

pub mod gather;

pub mod wait;
pub mod wait_for;

pub mod shield;

pub mod as_completed;
