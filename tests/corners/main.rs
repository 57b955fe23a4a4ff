//! Corners: what happens where two rules meet, or where a rule ends. Nobody reads these to learn how
//! the executor works. Each of them failed once, or was written to see one line of it go wrong.

mod answers;
mod any_tasks;
mod cancelling;
mod circles;
mod closing;
mod gathers;
mod panicking;
mod pools;
mod recycled;
mod refused;
mod steps;
mod threads;
mod unseen;
mod waiting;
mod watching;

use send_none::EventLoop;
use std::cell::RefCell;
use std::rc::Rc;
use std::task::Waker;
use std::time::Duration;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Runs one turn.
fn turn(event_loop: &EventLoop) {
    event_loop.stop();
    event_loop.run_forever().unwrap();
}

fn turns(event_loop: &EventLoop, count: u32) {
    for _ in 0..count {
        turn(event_loop);
    }
}

/// What the exception handler is told.
fn reports(event_loop: &EventLoop) -> Rc<RefCell<Vec<String>>> {
    let reports = Rc::new(RefCell::new(Vec::new()));
    let told = reports.clone();
    event_loop.set_exception_handler(move |_, context| {
        let error = context.exception.as_ref();
        let error = error.map_or(String::new(), |error| format!(" | {error}"));
        told.borrow_mut().push(context.message.clone() + &error);
    });
    reports
}

/// Calls its closure when it is dropped.
struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// A panic in a drop.
fn bomb() -> OnDrop<impl FnMut()> {
    OnDrop(|| panic!("a bomb"))
}

/// A place for what is made later than the closure that needs it.
type Later<T> = Rc<RefCell<Option<T>>>;

/// Does something after so long, and wakes whoever left his waker there.
fn later(event_loop: &EventLoop, seconds: u64, waker: &Later<Waker>, act: impl FnOnce() + 'static) {
    let waker = waker.clone();
    event_loop.call_later(secs(seconds), move || {
        act();
        waker.borrow().as_ref().map(Waker::wake_by_ref)
    });
}
