//! Misuse gives an error that says what is wrong and what to do.

use send_none::{
    Error, EventLoop, Result, Task, create_task, ensure_future, get_event_loop, sleep, yield_now,
};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

/// The message of a panic.
fn panic_of<R>(misuse: impl FnOnce() -> R) -> String {
    let panic = catch_unwind(AssertUnwindSafe(misuse))
        .err()
        .expect("it should have panicked");
    panic.downcast_ref::<String>().expect("a message").clone()
}

fn text<T>(result: Result<T>) -> String {
    format!("{:?}", result.err().expect("it should have failed"))
}

#[test]
fn running_a_loop_inside_a_running_one() {
    let event_loop = EventLoop::with_virtual_clock();
    let (same, other) = (event_loop.clone(), EventLoop::with_virtual_clock());
    let (again, another) = event_loop
        .run_until_complete(async move {
            Ok((same.run_until_complete(yield_now()), other.run_forever()))
        })
        .unwrap();
    assert_eq!(
        text(again),
        "RuntimeError: This event loop is already running \
         (await the future, or make a task of it)"
    );
    assert_eq!(
        text(another),
        "RuntimeError: Cannot run the event loop while another loop is running \
         (run it on a thread of its own, or when the other one has stopped)"
    );
}

#[test]
fn using_a_closed_loop() {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.close().unwrap();
    let closed = "RuntimeError: Event loop is closed (make a new one with EventLoop::new())";
    assert_eq!(text(event_loop.run_forever()), closed);
    assert_eq!(text(event_loop.run_until_complete(yield_now())), closed);
    assert_eq!(text(event_loop.threadsafe().call_soon(|| ())), closed);
    assert_eq!(panic_of(|| event_loop.call_soon(|| ())), closed);
    assert_eq!(
        panic_of(|| event_loop.call_later(Duration::ZERO, || ())),
        closed
    );
    assert_eq!(panic_of(|| event_loop.create_task(yield_now())), closed);
}

#[test]
fn a_closed_loop_does_not_panic_while_another_panic_unwinds() {
    struct SchedulesOnDrop(EventLoop);
    impl Drop for SchedulesOnDrop {
        fn drop(&mut self) {
            self.0.call_soon(|| ());
            self.0.call_later(Duration::ZERO, || ());
            assert!(!self.0.create_task(yield_now()).done());
        }
    }
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.close().unwrap();
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _schedules = SchedulesOnDrop(event_loop.clone());
        panic!("the first");
    }));
    assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&"the first"));
}

#[test]
fn settling_a_future_of_a_closed_loop_that_somebody_waits_for() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future();
    fut.add_done_callback(|_: &send_none::FutureCell<i32>| ());
    event_loop.close().unwrap();
    assert!(text(fut.set_result(1)).contains("Event loop is closed"));
    assert_eq!(fut.result().unwrap(), 1, "it is settled nevertheless");
}

#[test]
fn closing_a_running_loop() {
    let event_loop = EventLoop::with_virtual_clock();
    let inside = event_loop.clone();
    let refused = event_loop
        .run_until_complete(async move { Ok(inside.close()) })
        .unwrap();
    assert_eq!(
        text(refused),
        "RuntimeError: Cannot close a running event loop (call stop(), and close it after the run)"
    );
}

#[test]
fn settling_a_future_twice() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future();
    fut.set_result(1).unwrap();
    assert_eq!(
        text(fut.set_result(2)),
        "InvalidStateError: invalid state (the future is done already, and can be settled only once)"
    );
    assert_eq!(fut.result().unwrap(), 1);
}

#[test]
fn awaiting_a_future_of_another_loop() {
    let event_loop = EventLoop::with_virtual_clock();
    let other = EventLoop::with_virtual_clock();
    let fut = other.create_future::<()>();
    let waiting = fut.clone();
    assert_eq!(
        text(event_loop.run_until_complete(event_loop.create_task(waiting))),
        "RuntimeError: Task <Task-1 pending, 1 waiting> got Future <Future-1 pending, 1 waiting> attached \
         to a different loop \
         (create the future with the loop that the task runs on)"
    );
    assert_eq!(
        text(event_loop.run_until_complete(fut)),
        "ValueError: The future belongs to a different loop than the one specified as the loop argument"
    );
}

#[test]
fn a_task_that_awaits_itself() {
    let event_loop = EventLoop::with_virtual_clock();
    let myself = Rc::new(RefCell::new(None::<Task<()>>));
    let me = myself.clone();
    let task = event_loop.create_task(async move {
        let me = me.borrow().clone().expect("it was put there");
        me.await
    });
    *myself.borrow_mut() = Some(task.clone());
    assert_eq!(
        text(event_loop.run_until_complete(task)),
        "RuntimeError: Task cannot await on itself: <Task-1 pending, 2 waiting> \
         (await another task, or return the value)"
    );
    drop(myself.take());
}

#[test]
fn create_task_with_no_running_loop() {
    let message = panic_of(|| create_task(yield_now()));
    assert_eq!(
        message,
        "RuntimeError: no running event loop \
         (call it from a task or a callback, or use event_loop.create_task(…))"
    );
}

#[test]
fn asking_for_a_loop_where_there_is_none() {
    let none = "RuntimeError: There is no current event loop \
                (call set_event_loop(&EventLoop::new()) first, or run a loop)";
    assert_eq!(text(get_event_loop()), none);
    assert_eq!(panic_of(|| ensure_future(yield_now())), none);
}

#[test]
fn a_runaway_duration_never_fires_and_never_overflows() {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.block(Duration::from_secs(5));
    let timer = event_loop.call_later(Duration::MAX, || ());
    assert_eq!(timer.when(), Duration::MAX);
    let sleeper = event_loop.create_task(sleep(Duration::MAX - Duration::from_secs(1)));
    event_loop
        .run_until_complete(sleep(Duration::from_secs(5)))
        .unwrap();
    assert_eq!(event_loop.time(), Duration::from_secs(10));
    // With nothing else left to wait for, the virtual clock does not jump there.
    let refused = text(event_loop.run_until_complete(&sleeper));
    assert!(refused.starts_with(
        "RuntimeError: the loop would sleep for ever: nothing is ready, no timer will ever fire, \
         and nobody is left who could wake it (settle what is waited for, or cancel those who wait)"
    ));
    let line = refused.lines().last().unwrap();
    assert!(
        line.contains("waits for Future-3, pending, made at tests/misuse.rs:"),
        "{line}"
    );
    assert_eq!(event_loop.time(), Duration::from_secs(10));
    assert!(sleeper.cancel());
    assert!(matches!(
        event_loop.run_until_complete(sleeper),
        Err(Error::Cancelled)
    ));
}

#[test]
fn a_finished_coroutine_is_not_polled_again() {
    let mut coro = send_none::Coroutine::new(async { Ok(42) });
    assert!(matches!(coro.send(None), send_none::Step::Returned(Ok(42))));
    let step = coro.send(None);
    let send_none::Step::Returned(result) = step else {
        panic!("{step:?}")
    };
    assert_eq!(
        text(result),
        "RuntimeError: cannot reuse already awaited coroutine (make a new one for each run)"
    );
}

#[test]
fn nobody_can_set_the_outcome_of_a_task_or_a_gather() {
    let event_loop = EventLoop::with_virtual_clock();
    let task = event_loop.create_task(async { Ok(1) });
    let both = send_none::gather([&task, &task]);
    let refused = "does not support set_result operation";
    assert!(text(task.set_result(2)).contains(&format!("Task {refused}")));
    assert!(text(both.set_result(vec![])).contains(&format!("Gather {refused}")));
    assert!(text(task.threadsafe().set_result(2)).contains("Nobody can set"));
    drop(task.threadsafe()); // and this cancels nothing
    assert_eq!(event_loop.run_until_complete(both).unwrap(), [1, 1]);
}
