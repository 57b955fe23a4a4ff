//! A program's own words, among the events.

use std::fmt;
use std::panic::Location;

use crate::loop_event::LoopEvent;
use crate::turn::get_event_loop;

/// Prints a line, as `println!` does, and has it recorded by whoever watches the loop.
///
/// ```
/// send_none::run(async {
///     send_none::say!("{} bottles", 99);
///     Ok(())
/// })?;
/// # Ok::<(), send_none::Error>(())
/// ```
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => {
        $crate::trace::say::said(::std::format_args!($($text)*))
    };
}

/// What stands behind [`say!`](crate::say!).
#[track_caller]
pub fn said(text: fmt::Arguments<'_>) {
    let text = text.to_string(); // once, for that can be a program's own code
    println!("{text}");
    note(text);
}

/// Has a text recorded by whoever watches the loop, and does not print it.
#[track_caller]
pub fn note(text: impl fmt::Display) {
    if let Ok(event_loop) = get_event_loop() {
        let at = Location::caller();
        event_loop.tell(|| LoopEvent::Said {
            text: text.to_string(),
            at,
        });
    }
}
