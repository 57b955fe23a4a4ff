//! The transcript's words: the same that `virtual_loop.py` has.
//!
//! A port runs on the thread of its test, so what it says is collected in a thread-local. In the end
//! it must be the transcript that CPython printed, line for line.

use std::any::Any;
use std::cell::RefCell;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::rc::Rc;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

pub use send_none::*;

thread_local! {
    static CURRENT: RefCell<Option<EventLoop>> = const { RefCell::new(None) };
    static LINES: Arc<Mutex<Vec<String>>> = Arc::default();
    static LEFT_OUT: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// A port that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a port and compares what it said with the transcript of that name.
pub fn scenario(name: &'static str, port: impl FnOnce(EventLoop) + Send + 'static) {
    run_and_compare(format!("{name}.txt"), port);
}

/// The same with the transcript of the 3.5 era, for a rule that has changed since.
pub fn scenario_of_3_5(name: &'static str, port: impl FnOnce(EventLoop) + Send + 'static) {
    run_and_compare(format!("{name}.era35.txt"), port);
}

fn run_and_compare(transcript: String, port: impl FnOnce(EventLoop) + Send + 'static) {
    let (finished, over) = mpsc::channel();
    let name = transcript.clone();
    let thread = thread::spawn(move || {
        port(new_loop());
        compare(&name);
        finished.send(()).unwrap();
    });
    if over.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        panic!("{transcript}: the loop waits for ever");
    }
    if let Err(panic) = thread.join() {
        resume_unwind(panic);
    }
}

fn compare(name: &str) {
    let said: Vec<String> = LINES.with(|lines| lines.lock().unwrap().clone());
    let scenarios = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/behaviour/scenarios");
    let recorded = std::fs::read_to_string(scenarios.join(name)).unwrap();
    let expected = expected(name, &recorded);
    assert!(said == expected, "{name}\n{}", diff(&expected, &said));
}

/// The transcript without the lines that were left out, each of which must be in it.
fn expected(name: &str, transcript: &str) -> Vec<String> {
    let mut lines: Vec<String> = transcript.lines().map(String::from).collect();
    for text in LEFT_OUT.with_borrow(Clone::clone) {
        let place = lines.iter().position(|line| line == text);
        lines.remove(place.unwrap_or_else(|| panic!("{name}: no line to leave out: {text}")));
    }
    lines
}

fn diff(expected: &[String], said: &[String]) -> String {
    let mut out = String::from("  CPython                                        | here\n");
    for i in 0..expected.len().max(said.len()) {
        let (left, right) = (expected.get(i), said.get(i));
        let mark = if left == right { ' ' } else { '!' };
        let word = |line: Option<&String>| line.map_or("(nothing)", |line| line).to_owned();
        out += &format!("{mark} {:46} | {}\n", word(left), word(right));
    }
    out
}

/// A line of the transcript which this port cannot produce, and why.
pub fn leave_out(line: &'static str, _because: &str) {
    LEFT_OUT.with_borrow_mut(|lines| lines.push(line));
}

/// A fresh loop on a virtual clock, which is the thread's default loop and stamps what is said.
pub fn new_loop() -> EventLoop {
    let event_loop = EventLoop::with_virtual_clock();
    set_event_loop(&event_loop);
    CURRENT.set(Some(event_loop.clone()));
    event_loop
}

/// One event of the transcript, stamped with the virtual time.
pub fn say(text: impl Display) {
    let time = CURRENT.with_borrow(|current| current.as_ref().unwrap().time());
    print(format!("t={} {text}", time.as_secs_f64()));
}

/// A line without a stamp.
pub fn print(line: impl Display) {
    LINES.with(|lines| lines.lock().unwrap().push(line.to_string()));
}

/// What a thread of the port can say: it is stamped with the time at which this was made.
pub struct Speaker {
    lines: Arc<Mutex<Vec<String>>>,
    stamp: f64,
}

impl Speaker {
    pub fn new() -> Self {
        let time = CURRENT.with_borrow(|current| current.as_ref().unwrap().time());
        Speaker {
            lines: LINES.with(Arc::clone),
            stamp: time.as_secs_f64(),
        }
    }

    pub fn say(&self, text: impl Display) {
        self.lines
            .lock()
            .unwrap()
            .push(format!("t={} {text}", self.stamp));
    }
}

/// The turn of the loop: `loop.turns`.
pub fn turns() -> u64 {
    get_event_loop().unwrap().turns()
}

pub fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

pub fn yn(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

/// A value in plain words.
pub trait Show {
    fn show(&self) -> String;
}

impl Show for () {
    fn show(&self) -> String {
        "nothing".into()
    }
}

impl Show for bool {
    fn show(&self) -> String {
        yn(*self).into()
    }
}

macro_rules! show_as_is {
    ($($t:ty)*) => {$(
        impl Show for $t {
            fn show(&self) -> String {
                self.to_string()
            }
        }
    )*};
}
show_as_is!(i32 u32 u64 usize f64 &str String);

impl<T: Show> Show for Vec<T> {
    fn show(&self) -> String {
        items(self)
    }
}

impl<T: Show> Show for Option<T> {
    fn show(&self) -> String {
        self.as_ref().map_or("nothing".into(), Show::show)
    }
}

impl Show for Error {
    fn show(&self) -> String {
        err(self)
    }
}

impl<T: Show> Show for Result<T> {
    fn show(&self) -> String {
        match self {
            Ok(value) => value.show(),
            Err(error) => err(error),
        }
    }
}

pub fn items<T: Show>(values: &[T]) -> String {
    format!(
        "[{}]",
        values.iter().map(Show::show).collect::<Vec<_>>().join(", ")
    )
}

/// Drops the description of an object from a message.
pub fn clean(text: &str) -> String {
    match (text.find('<'), text.rfind('>')) {
        (Some(from), Some(to)) => format!("{}<...>{}", &text[..from], &text[to + 1..]),
        _ => text.to_owned(),
    }
}

/// The kind of an error with its message, if it has one.
pub fn err(error: &Error) -> String {
    let text = match error {
        Error::Cancelled | Error::Timeout => String::new(),
        _ => clean(&error.to_string()),
    };
    if text.is_empty() {
        error.kind().into()
    } else {
        format!("{}: {text}", error.kind())
    }
}

/// The state of a future in plain words.
pub fn outcome<T: Show + Clone>(fut: &FutureCell<T>) -> String {
    if !fut.done() {
        return "pending".into();
    }
    if fut.cancelled() {
        return "cancelled".into();
    }
    match fut.result() {
        Ok(value) => format!("result {}", value.show()),
        Err(error) => format!("error {}", err(&error)),
    }
}

/// What a call gives: a value, or an error.
pub trait Answer {
    fn answer(self) -> Result<String>;
}

impl<T: Show> Answer for Result<T> {
    fn answer(self) -> Result<String> {
        self.map(|value| value.show())
    }
}

macro_rules! answer_as_shown {
    ($($t:ty)*) => {$(
        impl Answer for $t {
            fn answer(self) -> Result<String> {
                Ok(self.show())
            }
        }
    )*};
}
answer_as_shown!(() bool usize i32 &str String);

impl Answer for Handle {
    fn answer(self) -> Result<String> {
        Ok("a handle".into())
    }
}

impl Answer for TimerHandle {
    fn answer(self) -> Result<String> {
        Ok("a handle".into())
    }
}

impl<T: Show> Answer for Step<T> {
    fn answer(self) -> Result<String> {
        match self {
            Step::Returned(Ok(value)) => Err(StopIteration(value.show()).into()),
            Step::Returned(Err(error)) => Err(error),
            Step::Suspended(_) => Ok("suspended".into()),
        }
    }
}

/// Calls it and tells what came of it. A panic counts as raising what its message says.
pub fn attempt<A: Answer>(label: &str, call: impl FnOnce() -> A) {
    match catch_unwind(AssertUnwindSafe(|| call().answer())) {
        Ok(Ok(value)) => say(format!("{label} -> {value}")),
        Ok(Err(error)) => say(format!("{label} -> raises {}", err(&error))),
        Err(panic) => say(format!("{label} -> raises {}", panic_text(&*panic))),
    }
}

/// The message of a panic without the advice in brackets at its end.
pub fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("?");
    text.split(" (").next().unwrap_or(text).to_owned()
}

/// Installs an exception handler which says what it is given.
pub fn report_errors(event_loop: &EventLoop) {
    event_loop.set_exception_handler(|_, context| {
        let exception = context.exception.as_ref();
        let tail = exception.map_or(String::new(), |error| format!(" | {}", err(error)));
        say(format!("handler: {}{tail}", clean(&context.message)));
    });
}

/// Python's `loop.stop` as a callback: it holds the loop and stops it.
pub fn stop(event_loop: &EventLoop) -> impl FnOnce() + use<> {
    let event_loop = event_loop.clone();
    move || event_loop.stop()
}

/// A list that closures and coroutines of a port can share.
pub fn shared<T>(value: T) -> Rc<RefCell<T>> {
    Rc::new(RefCell::new(value))
}

/// The future that a coroutine is blocked on: what its step returned.
pub fn blocked_on<T>(step: Step<T>) -> AnyFuture {
    match step {
        Step::Suspended(Suspended::On(fut)) => fut,
        _ => panic!("it is not blocked on a future"),
    }
}

/// Calls the closure when it goes, however the block is left: `finally`.
pub struct Finally<F: FnMut()>(pub F);

impl<F: FnMut()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

macro_rules! errors {
    ($($name:ident)*) => {$(
        /// Python's error of that name.
        #[derive(Debug, Clone)]
        pub struct $name(pub String);

        impl $name {
            #[allow(dead_code, reason = "not every kind is raised with a text by the port")]
            pub fn raise<T>(text: &str) -> Result<T> {
                Err($name(text.into()).into())
            }
        }

        impl Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::error::Error for $name {}
    )*};
}
errors!(ValueError KeyError RuntimeError StopIteration StopAsyncIteration);
