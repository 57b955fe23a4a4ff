//! Calls where there is no loop, or where it is closed, or would have to wait for itself.

use crate::{Later, OnDrop, turn};
use send_none::{
    Coroutine, Error, EventLoop, Result, ReturnWhen, Step, Task, as_completed, create_task,
    ensure_future, gather, run_coroutine_threadsafe, set_event_loop, shield, sleep, wait, wait_for,
    yield_now,
};
use std::cell::RefCell;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

fn panics<R>(call: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(|| drop(call()))).is_err()
}

/// They have no `Result`. A panic on top of another one would abort the process.
#[test]
fn nothing_panics_for_want_of_a_loop_while_a_panic_unwinds() {
    let panicked = RefCell::new(Vec::new());
    let _unwound = catch_unwind(AssertUnwindSafe(|| {
        let _calls = OnDrop(|| {
            let none: [Task<()>; 0] = [];
            panicked.replace(vec![
                panics(|| create_task(yield_now())),
                panics(|| ensure_future(yield_now())),
                panics(|| shield(yield_now())),
                panics(|| gather([yield_now()])),
                panics(|| gather(none.clone())),
                panics(|| as_completed([yield_now()])),
            ]);
        });
        panic!("planned");
    }));
    assert_eq!(panicked.take(), [false; 6]);
    assert!(panics(|| create_task(yield_now())), "there is no loop");
}

fn refusal<T>(coroutine: impl Future<Output = Result<T>>) -> String {
    let mut coroutine = Coroutine::new(coroutine);
    match catch_unwind(AssertUnwindSafe(|| coroutine.send(None))) {
        Ok(Step::Returned(Err(error))) => error.to_string(),
        Ok(_) => "it waits".into(),
        Err(_) => "it panics".into(),
    }
}

#[test]
fn waiting_on_a_closed_loop_is_an_error() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<()>();
    set_event_loop(&event_loop);
    event_loop.close().unwrap();
    let all = ReturnWhen::AllCompleted;
    let refusals = [
        refusal(sleep(SECOND)),
        refusal(wait_for(fut.clone(), SECOND)),
        refusal(wait_for(yield_now(), SECOND)),
        refusal(wait([fut], SECOND, all)),
        refusal(wait([yield_now()], None, all)),
    ];
    assert_eq!(refusals, ["Event loop is closed"; 5]);
}

#[test]
fn waiting_without_a_loop_is_an_error() {
    let refusals = [
        refusal(sleep(SECOND)),
        refusal(wait_for(yield_now(), SECOND)),
        refusal(wait([yield_now()], SECOND, ReturnWhen::AllCompleted)),
    ];
    assert_eq!(refusals, ["There is no current event loop"; 3]);
}

/// Its callback could not be queued.
#[test]
fn a_done_future_of_a_closed_loop_cannot_be_waited_for_on_another_one() {
    let (open, closed) = (
        EventLoop::with_virtual_clock(),
        EventLoop::with_virtual_clock(),
    );
    let fut = closed.create_future();
    fut.set_result(7).unwrap();
    closed.close().unwrap();
    let waits = wait([fut], None, ReturnWhen::AllCompleted);
    let error = open.run_until_complete(waits).unwrap_err();
    assert_eq!(error.kind(), "ValueError");
}

/// Nobody else can run it.
#[test]
fn a_loop_is_refused_the_result_of_what_it_still_has_to_run_itself() {
    let event_loop = EventLoop::with_virtual_clock();
    let handle = event_loop.threadsafe();
    let submitted = run_coroutine_threadsafe(|| async { Ok(7) }, &handle).unwrap();
    let refused = submitted.result(None).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "A loop cannot wait for what it has to run itself"
    );
    (0..3).for_each(|_| turn(&event_loop));
    assert_eq!(submitted.result(None).unwrap(), 7);
    assert!(
        matches!(submitted.result(None), Err(Error::Cancelled)),
        "it can be had once"
    );
}

/// The report prints the error of what the task waits for, and that may do what it likes.
#[test]
fn the_text_of_an_error_may_rename_the_task_whose_end_is_reported() {
    thread_local! {
        static TASK: RefCell<Later<Task<()>>> = RefCell::default();
    }
    #[derive(Debug)]
    struct Renames;
    impl fmt::Display for Renames {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let task = TASK.with_borrow(Rc::clone);
            task.borrow()
                .iter()
                .for_each(|task| task.set_name("renamed"));
            write!(f, "an error")
        }
    }
    impl std::error::Error for Renames {}

    let event_loop = EventLoop::with_virtual_clock();
    let reports = crate::reports(&event_loop);
    let fut = event_loop.create_future::<()>();
    let task = TASK.with_borrow(Rc::clone);
    *task.borrow_mut() = Some(event_loop.create_task(fut.clone()));
    turn(&event_loop);
    fut.set_exception(Renames).unwrap();
    event_loop.close().unwrap();
    assert_eq!(task.take().unwrap().name(), "renamed");
    assert_eq!(*reports.borrow(), ["Task was destroyed but it is pending!"]);
}
