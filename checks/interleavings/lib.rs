//! The executor under loom: every order in which threads can meet.
//!
//! A storm of wakes from other threads tries many orders, and may miss the one that goes wrong. Here
//! each small program is run once for every order that can make a difference, down to the values that
//! a load may see: [loom](https://docs.rs/loom) runs its threads as coroutines, switches between them
//! at each lock and each atomic, and comes back for the orders it has not tried. If in any of them all
//! threads sleep, a wake was lost.
//!
//! What is checked is the crate's own source. `build.rs` copies it and writes, for each thing of
//! [`std::sync`] and [`std::thread`], what [`stand_in`] has by the same name; here the copy is compiled
//! as this crate. The programs are in `models`, and know the public API only.
//!
//! Two things are not seen. Memory that an `Arc` counts is given back by std, not loom: its counts are
//! looked at where it matters, see [`stand_in::sync::Counted`]. And no sleep ever times out here:
//! what would be late by a day must not pass for being on time.
//!
//! ```text
//! cargo test --release -p interleavings -- --nocapture
//! LOOM_LOCATION=1 cargo test --release -p interleavings -- one_that_fails
//! ```

/// Loom's, with the rest of std's methods. The rooms find this one before std's.
macro_rules! thread_local {
    ($($(#[$attr:meta])* $vis:vis static $name:ident: $type:ty = $init:expr);* $(;)?) => { $(
        $(#[$attr])*
        $vis static $name: $crate::stand_in::local::LocalKey<$type> = {
            ::loom::thread_local! { static INNER: $type = $init }
            $crate::stand_in::local::LocalKey::of(&INNER)
        };
    )* };
}

pub mod stand_in;

include!(concat!(env!("OUT_DIR"), "/src/lib.rs"));
