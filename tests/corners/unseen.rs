//! Errors that nobody has seen: who is told of them, and when.

use crate::{Later, OnDrop, reports, turn, turns};
use send_none::{Coroutine, Error, EventLoop, FutureCell, Task, set_event_loop, shield, sleep};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

const NEVER_RETRIEVED: &str = "Future exception was never retrieved | nobody looks";

fn fails(fut: &FutureCell<()>) {
    fut.set_exception(Error::msg("nobody looks")).unwrap();
}

/// He was told something else, before or after it failed.
#[test]
fn whoever_is_thrown_into_has_not_seen_the_error_of_what_he_waited_for() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    for early in [false, true] {
        let fut = event_loop.create_future();
        let mut coro = Coroutine::new(fut.clone());
        drop(coro.send(None));
        if early {
            fails(&fut);
        }
        drop(coro.throw(Error::msg("thrown in")));
        if !early {
            fails(&fut);
        }
    }
    assert_eq!(*reports.borrow(), [NEVER_RETRIEVED; 2]);
}

#[test]
fn whoever_was_sent_into_too_early_has_not_seen_an_error() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let fut = event_loop.create_future();
    let mut coro = Coroutine::new(fut.clone());
    drop((coro.send(None), coro.send(None)));
    fails(&fut);
    drop(fut);
    assert_eq!(*reports.borrow(), [NEVER_RETRIEVED]);
}

#[test]
fn whoever_may_not_wait_for_a_future_has_not_seen_its_error() {
    let (event_loop, other) = (
        EventLoop::with_virtual_clock(),
        EventLoop::with_virtual_clock(),
    );
    let reports = reports(&other);
    let fut = other.create_future();
    let refused = event_loop.create_task(fut.clone());
    assert!(event_loop.run_until_complete(refused).is_err());
    fails(&fut);
    drop(fut);
    assert_eq!(*reports.borrow(), [NEVER_RETRIEVED]);
}

#[test]
fn the_error_of_a_task_that_has_awaited_itself_is_reported() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let me: Later<Task<()>> = Rc::default();
    let later = me.clone();
    let task = event_loop.create_task(async move {
        let me = later.take().unwrap();
        assert!(me.await.is_err());
        Err(Error::msg("nobody looks"))
    });
    *me.borrow_mut() = Some(task);
    turns(&event_loop, 3);
    let report = "Task exception was never retrieved | nobody looks";
    assert_eq!(*reports.borrow(), [report]);
}

/// The wake that came of the error has told him, in asyncio's view.
#[test]
fn whoever_was_cancelled_when_the_error_was_there_has_seen_it() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let fut = event_loop.create_future();
    let task = event_loop.create_task(fut.clone());
    turn(&event_loop);
    fails(&fut);
    assert!(task.cancel());
    turn(&event_loop);
    assert!(task.cancelled());
    drop(fut);
    assert!(reports.borrow().is_empty());
}

#[test]
fn the_exception_handler_of_a_closed_loop_is_still_told() {
    let event_loop = EventLoop::with_virtual_clock();
    let before = reports(&event_loop);
    let fut = event_loop.create_future();
    fails(&fut);
    event_loop.close().unwrap();
    drop(fut);
    assert_eq!(*before.borrow(), [NEVER_RETRIEVED]);
    let after = reports(&event_loop);
    fails(&event_loop.create_future());
    assert_eq!((before.borrow().len(), after.borrow().len()), (1, 1));
}

#[test]
fn the_exception_handler_goes_with_the_last_handle_of_its_loop() {
    for closed in [false, true] {
        let (event_loop, gone) = (EventLoop::with_virtual_clock(), Rc::new(Cell::new(false)));
        let (tells, handle) = (gone.clone(), event_loop.clone());
        let held = OnDrop(move || {
            tells.set(true);
            panic!("in the drop of the handler (its report on stderr belongs to the test)")
        });
        event_loop.set_exception_handler(move |_, _| {
            let _held = &held;
        });
        if closed {
            event_loop.close().unwrap();
        }
        drop(event_loop);
        assert!(!gone.get());
        drop(handle);
        assert!(gone.get());
    }
}

#[test]
fn a_shield_whose_error_nobody_sees_is_a_future() {
    let event_loop = EventLoop::with_virtual_clock();
    set_event_loop(&event_loop);
    let reports = reports(&event_loop);
    let fut = event_loop.create_future();
    let shielded = shield(&fut);
    fails(&fut);
    turns(&event_loop, 2);
    drop((fut, shielded));
    assert_eq!(*reports.borrow(), [NEVER_RETRIEVED]);
}

#[test]
fn a_shield_that_somebody_else_settles_first_is_an_error_in_its_callback() {
    let event_loop = EventLoop::with_virtual_clock();
    set_event_loop(&event_loop);
    let reports = reports(&event_loop);
    let fut = event_loop.create_future();
    let shielded = shield(&fut);
    fut.set_result(1).unwrap();
    shielded.set_result(2).unwrap();
    turn(&event_loop);
    assert_eq!(shielded.result().unwrap(), 2);
    assert_eq!(*reports.borrow(), ["Exception in callback | invalid state"]);
}

/// It was asked to cancel itself, and failed; but another branch has won.
#[test]
fn to_ask_whether_a_cancellation_was_answered_is_not_to_look_at_an_error() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let flag = Rc::new(Cell::new(false));
    let raises = flag.clone();
    let fails: Task<i32> = event_loop.create_task(async move {
        let _cancelled = sleep(Duration::from_secs(9)).await;
        sleep(Duration::from_secs(1)).await?;
        raises.set(true);
        Err(Error::msg("nobody looks"))
    });
    let task = event_loop.create_task(async move {
        let mut branch = fails;
        poll_fn(move |cx| match flag.get() {
            true => Poll::Ready(Ok(8)),
            false => Pin::new(&mut branch).poll(cx),
        })
        .await
    });
    turns(&event_loop, 2);
    assert!(task.cancel());
    assert_eq!(event_loop.run_until_complete(task).unwrap(), 8);
    let report = "Task exception was never retrieved | nobody looks";
    assert_eq!(*reports.borrow(), [report]);
}

/// And what it holds is dropped by then.
#[test]
fn what_a_callback_returns_is_let_go_but_for_the_error_of_a_result_of_nothing() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let told = reports.clone();
    let held = OnDrop(move || told.borrow_mut().push("dropped".into()));
    event_loop.call_soon(|| Err::<i32, _>(Error::msg("not seen")));
    event_loop.call_soon(move || {
        let _held = held;
        Err::<(), _>(Error::msg("seen"))
    });
    turn(&event_loop);
    let fut = event_loop.create_future::<i32>();
    fut.add_done_callback(FutureCell::<i32>::result);
    fut.set_exception(Error::msg("its own")).unwrap();
    turn(&event_loop);
    let (seen, own) = (
        "Exception in callback | seen",
        "Exception in callback | its own",
    );
    assert_eq!(*reports.borrow(), ["dropped", seen, own]);
}
