//! Other people's futures run on this loop unchanged.
//!
//! For each library four things are asked. It works. It wakes the one who waits, from the loop's
//! thread and from another. Who waits in it can be cancelled, and aborted. And when a task panics
//! the others go on, with the channel or the lock in the state that the library promises.
//!
//! There is a file for each library, and here is what they share. What a step cannot see is in
//! `limits`.

#![cfg(test)]

mod adapters;
mod async_channel;
mod async_lock;
mod event_listener;
mod flume;
mod futures;
mod futures_channels;
mod limits;
mod tokio_reactor;
mod tokio_sync;

use send_none::{Error, EventLoop, LoopEvent, Result, Task};
use std::cell::RefCell;
use std::panic::resume_unwind;
use std::rc::Rc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// What the clock of the running loop shows, in seconds.
fn now() -> u64 {
    send_none::get_event_loop().unwrap().time().as_secs()
}

/// Gives the test a loop with a virtual clock, on a thread of its own. If that hangs, the test fails.
fn on_a_loop(test: impl FnOnce(&EventLoop) + Send + 'static) {
    let (over, is_over) = channel();
    let thread = spawn(move || {
        let event_loop = EventLoop::with_virtual_clock();
        // Planned panics that nobody asks for, and what is left at the end.
        event_loop.set_exception_handler(|_, _| ());
        test(&event_loop);
        drop(event_loop);
        over.send(()).unwrap();
    });
    if is_over.recv_timeout(secs(60)) == Err(RecvTimeoutError::Timeout) {
        panic!("it hangs");
    }
    thread.join().unwrap_or_else(|panic| resume_unwind(panic));
}

/// Calls it on another thread, once the loop has nothing to do and sleeps.
fn when_asleep<R: Send + 'static>(
    event_loop: &EventLoop,
    call: impl FnOnce() -> R + Send + 'static,
) -> JoinHandle<R> {
    let (asleep, is_asleep) = channel();
    event_loop.observe(move |_: Duration, event: &LoopEvent| {
        if matches!(event, LoopEvent::Asleep { .. }) {
            let _the_thread_has_heard = asleep.send(());
        }
    });
    spawn(move || {
        is_asleep.recv().unwrap();
        call()
    })
}

/// Runs one turn.
fn turn(event_loop: &EventLoop) {
    event_loop.stop();
    event_loop.run_forever().unwrap();
}

/// Runs so many turns that whatever can end has ended; the clock stands still.
fn settle(event_loop: &EventLoop) {
    for _ in 0..10 {
        turn(event_loop);
    }
}

/// Two tasks that wait; one is cancelled, and the other one aborted. Then their coroutines are gone.
fn cancel_one_and_abort_one<T, F>(event_loop: &EventLoop, mut coroutine: impl FnMut() -> F)
where
    T: 'static,
    F: Future<Output = Result<T>> + 'static,
{
    let held = Rc::new(());
    let tasks = [(); 2].map(|()| {
        let (coroutine, held) = (coroutine(), held.clone());
        event_loop.create_task(async move {
            let _held = held;
            coroutine.await
        })
    });
    settle(event_loop);
    assert!(!tasks[0].done() && !tasks[1].done(), "they should wait");
    assert!(tasks[0].cancel());
    tasks[1].abort();
    settle(event_loop);
    assert!(tasks[0].cancelled() && tasks[1].cancelled());
    assert_eq!(Rc::strong_count(&held), 1);
}

/// The end of a task that is to panic.
fn planned() -> Result<()> {
    panic!("planned")
}

/// The task has panicked, and says why.
fn assert_panicked<T: Clone>(task: &Task<T>, why: &str) {
    match task.result() {
        Err(Error::Panicked(text)) => assert_eq!(&*text, why),
        _ => panic!("{task:?}"),
    }
}

/// What happened, in its order.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn add(&self, what: impl Into<String>) {
        self.0.borrow_mut().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        self.0.take()
    }
}
