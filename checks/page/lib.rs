//! The page of a trace, in a real browser.
//!
//! It takes Chromium: `apt-get install chromium`. `cargo test -p page` drives it without a window;
//! `cargo run --release -p page --bin limits` measures how long a hundred thousand events take.

pub mod browser;
pub mod traces;

#[cfg(test)]
mod driving;
#[cfg(test)]
mod looking;
#[cfg(test)]
mod replaying;
#[cfg(test)]
mod showing;
