//! What is lost: a wake-up, a result, what should have been dropped.

use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::task::{Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use send_none::{
    Coroutine, EventLoop, FutureCell, LoopEvent, Result, ThreadPool, gather, yield_now,
};

use super::{Bomb, OnDrop, turn, virtual_loop};

/// `call_guarded` catches a panic, and then drops what it carried: that may panic, and is not caught.
/// In this case in the midst of a line, and the rest of it is dropped.
#[test]
fn a_waker_panics_with_something_that_panics_when_it_is_dropped() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic_any(Bomb);
        }
    }
    let event_loop = virtual_loop();
    let fut = event_loop.create_future();
    let mut by_hand = Coroutine::new(fut.clone());
    drop(by_hand.send(Some(&Waker::from(Arc::new(Panics)))));
    let waits = event_loop.create_task(fut.clone());
    turn(&event_loop);
    let _set = catch_unwind(AssertUnwindSafe(|| fut.set_result(7)));
    turn(&event_loop);
    assert!(waits.done(), "it was not woken");
}

/// The same in `close`: the coroutines that are left are not dropped.
#[test]
fn a_drop_panics_so_while_the_loop_is_closed() {
    let (event_loop, witness) = (virtual_loop(), Rc::new(()));
    let panics = OnDrop(|| panic_any(Bomb));
    event_loop.call_soon(move || drop(panics));
    let kept = witness.clone();
    let keeps = async move { pending::<Result<()>>().await.map(|()| drop(kept)) };
    let _task = event_loop.create_task(keeps);
    let _closed = catch_unwind(AssertUnwindSafe(|| event_loop.close()));
    assert_eq!(Rc::strong_count(&witness), 1);
}

/// The same in the observer: the task is said to be queued, and is not.
#[test]
fn an_observer_panics_so_when_a_task_is_woken() {
    let event_loop = virtual_loop();
    event_loop.observe(|_: Duration, event: &LoopEvent| {
        if matches!(event, LoopEvent::Woken { .. }) {
            panic_any(Bomb);
        }
    });
    let task = event_loop.create_task(yield_now());
    for _ in 0..3 {
        turn(&event_loop);
    }
    assert!(task.done());
}

/// The coroutine is dropped when its panic was caught, and that drop can panic, too. (An `async` block
/// drops what it has while it panics; other futures do not.)
#[test]
fn a_poll_panics_and_so_does_the_drop_of_what_the_future_holds() {
    let event_loop = virtual_loop();
    let held = OnDrop(|| assert!(thread::panicking(), "planned"));
    let task = event_loop.create_task(poll_fn(move |_| -> Poll<Result<()>> {
        let _held = &held;
        panic!("planned");
    }));
    turn(&event_loop);
    assert!(task.done(), "{}", event_loop.snapshot());
}

/// The panic in the drop of a panic once more, in the clone of a result: the gather is never settled.
#[test]
fn a_clone_panics_so_for_a_gather() {
    struct Panics;
    impl Clone for Panics {
        fn clone(&self) -> Self {
            panic_any(Bomb);
        }
    }
    let event_loop = virtual_loop();
    let fut = event_loop.create_future();
    let all = gather([fut.clone()]);
    fut.set_result(Panics).unwrap();
    turn(&event_loop);
    assert!(all.done());
}

/// A callback that cannot be queued is dropped on the spot, in the midst of the line.
#[test]
fn a_callback_of_a_closed_loop_panics_when_it_is_dropped_and_stands_before_a_waker() {
    #[derive(Default)]
    struct Rings(AtomicBool);
    impl Wake for Rings {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let event_loop = virtual_loop();
    let fut = event_loop.create_future();
    let panics = OnDrop(|| assert!(thread::panicking(), "planned"));
    fut.add_done_callback(move |_: &FutureCell<i32>| drop(panics));
    let (mut by_hand, rings) = (Coroutine::new(fut.clone()), Arc::new(Rings::default()));
    drop(by_hand.send(Some(&Waker::from(rings.clone()))));
    event_loop.close().unwrap();
    let _set = catch_unwind(AssertUnwindSafe(|| fut.set_result(7)));
    assert!(rings.0.load(Ordering::SeqCst));
}

/// "Those that run are waited for": not if the drop of one that was not begun panics.
#[test]
fn a_pool_goes_and_a_job_that_was_not_begun_panics_when_it_is_dropped() {
    let event_loop = EventLoop::new();
    event_loop.set_default_executor(ThreadPool::new(1)).unwrap();
    let ((begun, begins), over) = (channel::<()>(), Arc::new(AtomicBool::new(false)));
    let ends = over.clone();
    drop(event_loop.run_in_executor(move || {
        drop(begun);
        thread::sleep(Duration::from_millis(200));
        ends.store(true, Ordering::SeqCst);
    }));
    let _begun = begins.recv();
    let panics = OnDrop(|| assert!(thread::panicking(), "planned"));
    drop(event_loop.run_in_executor(move || drop(panics)));
    let replace = || event_loop.set_default_executor(ThreadPool::new(1));
    let _panicked = catch_unwind(AssertUnwindSafe(replace));
    assert!(over.load(Ordering::SeqCst));
}

/// "Once closed, a loop holds nothing and takes nothing": an observer and a handler it does take, and
/// a handler that holds its loop holds it for ever.
#[test]
fn a_closed_loop_is_given_an_exception_handler() {
    let (event_loop, witness) = (EventLoop::new(), Rc::new(Cell::new(0)));
    event_loop.close().unwrap();
    let held = (event_loop.clone(), witness.clone());
    event_loop.set_exception_handler(move |_, _| held.1.set(held.1.get() + 1));
    drop(event_loop);
    assert_eq!(Rc::strong_count(&witness), 1);
}

/// `call_later(Duration::MAX, …)` makes a timer that never fires; unless it is as late as that.
#[test]
fn a_timer_that_never_fires_at_the_end_of_the_clock() {
    let (event_loop, fired) = (virtual_loop(), Rc::new(Cell::new(false)));
    event_loop.block(Duration::MAX);
    let fires = fired.clone();
    event_loop.call_later(Duration::MAX, move || fires.set(true));
    turn(&event_loop);
    assert!(!fired.get());
}
