//! Watching a program run: as text, as a page to step through, in a trace viewer.
//!
//! No program needs to be changed for it:
//!
//! ```text
//! SEND_NONE_TRACE=- cargo run --example 03_countdown            # as text, in the terminal
//! SEND_NONE_TRACE=story.txt cargo run --example 03_countdown    # as text, in a file
//! SEND_NONE_TRACE=story.html cargo run --example 03_countdown   # a page to step through
//! SEND_NONE_TRACE=story.json cargo run --example 03_countdown   # for Perfetto or about:tracing
//! ```
//!
//! Files are written as the program goes, event by event. So however it ends, what happened up to
//! there can be read. Each loop has a file of its own; the second one's is called `story-2.html`. On the
//! terminal, its lines begin with `loop 2:`.
//!
//! An error is printed when it is told. So its `Debug` and its `Display` run in a program that is watched, also
//! where they would not otherwise.
//!
//! A program can also do it itself, with a [`Recorder`](recorder::Recorder), and put its own words among the
//! events, with [`say!`](crate::say!).

pub mod json;

pub mod picture;

pub mod comparing;

pub mod telling;

pub mod sentences;

pub mod tape;

pub mod page;

pub mod chrome;

pub mod writing;

pub mod stream;

pub mod recorder;

pub mod asked;

pub mod say;
