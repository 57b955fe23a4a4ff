//! What is known to be wrong, until it is mended. Each has a small test here that shows it, and is
//! ignored, for it fails. When it passes, take the `ignore` away, and its line out of `KNOWN`.
//!
//! ```text
//! cargo test -p fuzz known -- --ignored
//! SEND_NONE_STRICT=1 cargo test -p fuzz        the fuzzer lets none of these pass
//! ```

mod hangs;
mod losses;
mod panics;

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use send_none::EventLoop;

/// What would be noted as wrong, by two parts of it. A panic is noted twice: by its place, and by the
/// call out of which it comes.
const KNOWN: &[(&str, &str)] = &[
    ("a panic at", "cannot access a Thread Local Storage value"),
    (
        "set_event_loop panics",
        "cannot access a Thread Local Storage value",
    ),
    ("create_task here panics", "on top of another panic"),
    ("ensure_future panics", "on top of another panic"),
    ("shield", "on top of another panic"),
    ("gather", "on top of another panic"),
    ("as_completed", "on top of another panic"),
    ("sleep", "and could give an error"),
    ("wait", "and could give an error"),
    (
        "a panic at src/sync/semaphore.rs",
        "attempt to add with overflow",
    ),
    (" panics: ", "attempt to add with overflow"),
    (" gave the panic ", "attempt to add with overflow"),
    ("", " lets a panic through"),
    ("a loop runs on, or one of its tasks", ""),
];

pub fn is_known(wrong: &str) -> bool {
    let is_it = |(one, other): &(&str, &str)| wrong.contains(one) && wrong.contains(other);
    KNOWN.iter().any(is_it) && std::env::var_os("SEND_NONE_STRICT").is_none()
}

/// Calls its closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// What a panic carries, and that panics itself when it is dropped: `panic_any(Bomb)`.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(thread::panicking(), "planned");
    }
}

fn turn(event_loop: &EventLoop) {
    event_loop.stop();
    event_loop.run_forever().unwrap();
}

fn virtual_loop() -> EventLoop {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ());
    event_loop
}

/// Does it on a thread of its own, and does not wait for ever.
fn ends(act: impl FnOnce() + Send + 'static) -> bool {
    let (sender, ended) = channel();
    thread::spawn(move || {
        act();
        sender.send(())
    });
    ended.recv_timeout(Duration::from_secs(5)).is_ok()
}
