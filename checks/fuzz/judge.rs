//! Which panics are in order.
//!
//! Two kinds are: those that the fuzzer has planned, and the refusals of calls that have no
//! `Result` to refuse with. Every panic passes the hook, whoever catches it later, so none is missed.

use std::any::Any;
use std::panic::{set_hook, take_hook};
use std::sync::{Mutex, Once};

use crate::places::Mine;
use crate::world::here;

pub const PLANNED: &str = "planned";

/// The misuse that the documentation answers with a panic, each by the text of its error.
const REFUSALS: [&str; 3] = [
    "RuntimeError: Event loop is closed (make a new one with EventLoop::new())",
    "RuntimeError: no running event loop (call it from a task or a callback, or use \
     event_loop.create_task(…))",
    "RuntimeError: There is no current event loop (call set_event_loop(&EventLoop::new()) first, \
     or run a loop)",
];

pub enum Panic {
    Planned,
    Refusal,
    Wrong(String),
}

pub fn judge(payload: &(dyn Any + Send)) -> Panic {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    match text {
        None if payload.is::<Mine>() => Panic::Planned,
        None => Panic::Wrong("a panic without a message".into()),
        Some(text) => judge_text(text),
    }
}

/// The same for the text of an `Error::Panicked`, which is all that is left of a caught panic.
pub fn judge_text(text: &str) -> Panic {
    match text {
        PLANNED | "a panic without a message" => Panic::Planned,
        text if REFUSALS.contains(&text) => Panic::Refusal,
        text => Panic::Wrong(text.into()),
    }
}

/// Panics where there is no world to note them: in a pool's thread, or while a thread ends.
pub static STRAY: Mutex<Vec<String>> = Mutex::new(Vec::new());

pub fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |panic| {
            let place = panic
                .location()
                .map_or_else(String::new, ToString::to_string);
            let Panic::Wrong(text) = judge(panic.payload()) else {
                return;
            };
            let what = format!("a panic at {place}: {text}");
            others(panic); // the name of the thread tells the seed
            match here() {
                _ if place.contains("fuzz/lib.rs") => {} // a test has failed
                Some(world) => world.note(what),
                None => STRAY.lock().unwrap().push(what),
            }
        }));
    });
}
