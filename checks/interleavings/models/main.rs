//! Small programs of two or three threads, each run in every order that makes a difference.
//!
//! A program fails if it panics in any of them, and also if all its threads sleep: then loom says
//! "deadlock". What threads tell each other besides waking is written and read `Relaxed`. So if a
//! task misses it, the wake-up did not carry it over.

mod closing;
mod executor;
mod nobody;
mod setters;
mod sleeping;
mod wakes;

use interleavings::stand_in::thread;
use interleavings::{EventLoop, Task};
use loom::model::Builder;
use loom::sync::atomic::AtomicUsize;
use std::cell::Cell;
use std::future::poll_fn;
use std::io::Write;
use std::panic;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Once};
use std::task::{Poll, Waker};

/// Runs the program in all orders.
fn check(program: fn()) {
    explore(&Builder::new(), program);
}

/// Runs the program in all orders in which at most so many times a thread must wait though it could
/// run on. Three threads have too many others.
fn check_up_to(preemptions: usize, program: fn()) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    explore(&builder, program);
}

thread_local! {
    /// Panics of the test that runs on this thread. (Loom's threads all do.)
    static PANICS: Cell<u32> = const { Cell::new(0) };
}

fn explore(builder: &Builder, program: fn()) {
    count_panics();
    let orders = Arc::new(AtomicU64::new(0));
    let counter = orders.clone();
    builder.check(move || {
        counter.fetch_add(1, Ordering::Relaxed);
        thread::spawn(program).join().unwrap();
        assert_eq!(PANICS.get(), 0, "something panicked, and was caught");
    });
    let orders = orders.load(Ordering::Relaxed);
    println!("{orders} orders");
    assert!(orders > 1, "the threads of this program do not meet");
}

/// A loop catches the panics of callbacks and tasks, but no model plans any. And when all threads of
/// a loop sleep, what it drops on the way out may panic again, and the process is aborted: so the
/// first panic of a test is told at once, past what the test harness keeps back.
fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        panic::set_hook(Box::new(|info| {
            if PANICS.replace(PANICS.get() + 1) == 0 {
                let test = std::thread::current();
                let test = test.name().unwrap_or("?");
                let _unheard = writeln!(std::io::stderr(), "\n{test}: {info}");
            }
        }));
    });
}

/// A loop that has nothing to report.
fn new_loop() -> EventLoop {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, context| panic!("{context:?}"));
    event_loop
}

/// A loop that will be closed while its tasks still wait.
fn loop_to_be_closed() -> EventLoop {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ());
    event_loop
}

/// Runs one turn.
fn turn(event_loop: &EventLoop) {
    event_loop.stop();
    event_loop.run_forever().unwrap();
}

/// What threads write down before they wake somebody.
#[derive(Clone)]
struct Written(Arc<AtomicUsize>);

impl Written {
    fn nothing() -> Self {
        Written(Arc::new(AtomicUsize::new(0)))
    }

    fn add(&self, what: usize) {
        self.0.fetch_add(what, Ordering::Relaxed);
    }

    fn is(&self, what: usize) -> bool {
        self.0.load(Ordering::Relaxed) == what
    }
}

/// A task that is done when a poll finds that it may be. It is parked already, and here is its waker.
fn parked(event_loop: &EventLoop, mut done: impl FnMut() -> bool + 'static) -> (Task<()>, Waker) {
    let slot = Rc::new(Cell::new(None));
    let mut give = Some(slot.clone());
    let task = event_loop.create_task(poll_fn(move |cx| {
        if let Some(slot) = give.take() {
            slot.set(Some(cx.waker().clone()));
        }
        match done() {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }));
    turn(event_loop);
    (task, slot.take().expect("it was polled"))
}

/// A task that is done when so much is written down, and what to write it down in.
fn parked_until(event_loop: &EventLoop, what: usize) -> (Task<()>, Waker, Written) {
    let written = Written::nothing();
    let reads = written.clone();
    let (task, waker) = parked(event_loop, move || reads.is(what));
    (task, waker, written)
}

/// A task that never ends, and how often what its coroutine holds was dropped.
fn parked_with_witness(event_loop: &EventLoop) -> (Task<()>, Waker, Rc<Cell<u32>>) {
    let (held, drops) = DropsHere::new();
    let (task, waker) = parked(event_loop, move || {
        let _held = &held;
        false
    });
    (task, waker, drops)
}

/// Counts how often something is dropped, and says that it happened on this thread.
struct DropsHere {
    thread: thread::ThreadId,
    drops: Rc<Cell<u32>>,
}

impl DropsHere {
    fn new() -> (Self, Rc<Cell<u32>>) {
        let (thread, drops) = (thread::current().id(), Rc::default());
        (
            DropsHere {
                thread,
                drops: Rc::clone(&drops),
            },
            drops,
        )
    }
}

impl Drop for DropsHere {
    fn drop(&mut self) {
        assert_eq!(thread::current().id(), self.thread, "on another thread");
        self.drops.set(self.drops.get() + 1);
    }
}
