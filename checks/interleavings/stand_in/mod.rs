//! What the copied source finds where it would find std.
//!
//! Only what loom knows how to follow is here. Whatever else a room takes from `std::sync` or
//! `std::thread` does not compile, and somebody has to decide what it means under loom.

pub mod channel;
pub mod local;
pub mod sync;
pub mod thread;
