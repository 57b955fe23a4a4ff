//! Panics where there should be an error, or nothing at all.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use send_none::sync::Semaphore;
use send_none::{
    Coroutine, Error, EventLoop, Result, ReturnWhen, Step, Task, as_completed, create_task,
    ensure_future, gather, set_event_loop, shield, sleep, wait, wait_for, yield_now,
};

use super::{OnDrop, turn, virtual_loop};

fn panics<R>(call: impl FnOnce() -> R) -> bool {
    catch_unwind(AssertUnwindSafe(|| drop(call()))).is_err()
}

/// Mended: `shut_down` in task.rs had the task's name borrowed while it printed the error of what the
/// task waited for.
#[test]
fn the_text_of_an_error_renames_the_task_that_waits_for_it_while_the_loop_is_closed() {
    thread_local! {
        static TASK: RefCell<Option<Task<()>>> = const { RefCell::new(None) };
    }
    #[derive(Debug)]
    struct Renames;
    impl fmt::Display for Renames {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            TASK.with_borrow(|task| task.iter().for_each(|task| task.set_name("renamed")));
            write!(f, "an error")
        }
    }
    impl std::error::Error for Renames {}

    let event_loop = EventLoop::with_virtual_clock();
    let reports = Rc::new(RefCell::new(Vec::new()));
    let told = reports.clone();
    event_loop.set_exception_handler(move |_, context| {
        told.borrow_mut().push(context.message.clone());
    });
    let fut = event_loop.create_future::<()>();
    TASK.set(Some(event_loop.create_task(fut.clone())));
    turn(&event_loop);
    fut.set_exception(Renames).unwrap();
    event_loop.close().unwrap();
    TASK.set(None);
    assert_eq!(*reports.borrow(), ["Task was destroyed but it is pending!"]);
}

/// `DEFAULT.replace` in turn.rs; all other thread-locals are asked with `try_with`. In the drop of
/// a thread-local the panic aborts the process.
#[test]
fn the_default_loop_is_set_while_the_thread_ends() {
    thread_local! {
        static LAST: RefCell<Option<Box<dyn std::any::Any>>> = const { RefCell::new(None) };
    }
    let (told, panicked) = channel();
    let at_the_end = move || {
        let call = || set_event_loop(&EventLoop::new());
        told.send(panics(call)).unwrap();
    };
    let thread = thread::spawn(move || {
        LAST.set(Some(Box::new(OnDrop(at_the_end)))); // used first, so it goes last
        set_event_loop(&EventLoop::new());
    });
    thread.join().unwrap();
    assert!(!panicked.recv().unwrap());
}

/// A closed loop does not panic on top of another panic, and where there is no loop these do.
#[test]
#[ignore = "known: an abort while a panic unwinds"]
fn free_functions_are_called_without_a_loop_while_a_panic_unwinds() {
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
    assert!(!panicked.take().contains(&true));
}

fn is_refused<T>(coroutine: impl Future<Output = Result<T>>) -> bool {
    let mut coroutine = Coroutine::new(coroutine);
    let step = catch_unwind(AssertUnwindSafe(|| coroutine.send(None)));
    matches!(step, Ok(Step::Returned(Err(Error::Runtime { .. }))))
}

/// They return a `Result`, and their `call_later` panics in the midst of a poll.
#[test]
#[ignore = "known: no error"]
fn sleepers_of_a_closed_default_loop() {
    let event_loop = virtual_loop();
    let fut = event_loop.create_future::<()>();
    set_event_loop(&event_loop);
    event_loop.close().unwrap();
    let second = Duration::from_secs(1);
    assert!(is_refused(sleep(second)));
    assert!(is_refused(wait_for(fut.clone(), second)));
    assert!(is_refused(wait([fut], second, ReturnWhen::AllCompleted)));
    assert!(is_refused(wait_for(yield_now(), second)));
}

/// The same where there is no loop at all: `ensure_future` panics inside of them.
#[test]
#[ignore = "known: no error"]
fn waiting_for_a_coroutine_without_a_loop() {
    let second = Duration::from_secs(1);
    assert!(is_refused(wait_for(yield_now(), second)));
    assert!(is_refused(wait(
        [yield_now()],
        second,
        ReturnWhen::AllCompleted
    )));
}

/// Its done-callback cannot be queued; but it is done, so there is nothing to wait for.
#[test]
fn waiting_for_a_future_that_is_done_and_whose_loop_is_closed() {
    let (open, closed) = (virtual_loop(), virtual_loop());
    let fut = closed.create_future();
    fut.set_result(7).unwrap();
    closed.close().unwrap();
    let waits = async move { wait([fut], None, ReturnWhen::AllCompleted).await };
    let waited = catch_unwind(AssertUnwindSafe(|| open.run_until_complete(waits)));
    assert!(waited.is_ok());
}

/// `permits + 1`: in a release build there are no permits left after it.
#[test]
fn a_semaphore_with_all_the_permits_is_released() {
    let semaphore = Semaphore::new(usize::MAX);
    let released = Cell::new(false);
    assert!(!panics(|| released.set(semaphore.release().is_ok())));
    assert!(!semaphore.locked());
}
