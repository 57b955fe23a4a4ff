//! What a panic does, and what it does not.

use send_none::{Error, EventLoop, FutureCell, Result, gather_results, sleep, yield_now};
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

fn reports(event_loop: &EventLoop) -> Rc<RefCell<Vec<String>>> {
    let reports = Rc::new(RefCell::new(Vec::new()));
    let told = reports.clone();
    event_loop.set_exception_handler(move |_, context| {
        told.borrow_mut()
            .push(format!("{} | {:?}", context.message, context.exception));
    });
    reports
}

async fn fails() -> Result<i32> {
    sleep(Duration::from_secs(1)).await?;
    panic!("oh no");
}

async fn works() -> Result<i32> {
    sleep(Duration::from_secs(2)).await?;
    Ok(7)
}

#[test]
fn a_panicking_task_settles_with_the_panic_and_its_siblings_run_on() {
    let event_loop = EventLoop::with_virtual_clock();
    let bad = event_loop.create_task(fails());
    let good = event_loop.create_task(works());
    assert_eq!(event_loop.run_until_complete(&good).unwrap(), 7);
    let Err(Error::Panicked(text)) = bad.result() else {
        panic!("{bad:?}")
    };
    assert_eq!(&*text, "oh no");
    // And the loop can be run again.
    assert_eq!(event_loop.run_until_complete(works()).unwrap(), 7);
}

#[test]
fn whoever_awaits_a_task_that_panicked_gets_an_error() {
    let event_loop = EventLoop::with_virtual_clock();
    let bad = event_loop.create_task(fails());
    let awaits = event_loop.create_task(async move { Ok(bad.await? + 1) });
    let error = event_loop.run_until_complete(async move { Ok(awaits.await) });
    assert!(matches!(error, Ok(Err(Error::Panicked(_)))));
}

#[test]
fn a_panic_in_what_run_until_complete_was_given_goes_on_there() {
    let event_loop = EventLoop::with_virtual_clock();
    let sibling = event_loop.create_task(works());
    for given_as_task in [false, true] {
        let run = || match given_as_task {
            true => event_loop.run_until_complete(event_loop.create_task(fails())),
            false => event_loop.run_until_complete(fails()),
        };
        let panic = catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"oh no"));
        assert!(!event_loop.is_running());
    }
    assert_eq!(event_loop.run_until_complete(sibling).unwrap(), 7);
}

#[test]
fn what_was_queued_behind_the_panic_is_still_queued() {
    let event_loop = EventLoop::with_virtual_clock();
    let task = event_loop.create_task(async { panic!("oh no") });
    let seen = Rc::new(RefCell::new(Vec::new()));
    for name in ["one", "two"] {
        let seen = seen.clone();
        event_loop.call_soon(move || seen.borrow_mut().push(name));
    }
    let panic = catch_unwind(AssertUnwindSafe(|| {
        event_loop.run_until_complete::<(), _>(task)
    }));
    assert!(panic.is_err() && seen.borrow().is_empty());
    event_loop.run_until_complete(yield_now()).unwrap();
    assert_eq!(*seen.borrow(), ["one", "two"]);
}

#[test]
fn a_coroutine_that_panicked_is_not_polled_again_even_if_it_woke_itself() {
    let event_loop = EventLoop::with_virtual_clock();
    let task = event_loop.create_task(std::future::poll_fn(|cx| -> std::task::Poll<Result<()>> {
        cx.waker().wake_by_ref();
        panic!("once");
    }));
    event_loop
        .run_until_complete(gather_results([task]))
        .unwrap();
    event_loop.run_until_complete(yield_now()).unwrap();
}

#[test]
fn a_panic_or_error_in_a_callback_goes_to_the_exception_handler() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    event_loop.call_soon(|| panic!("in a callback"));
    event_loop.call_soon(|| -> Result<()> { Err(Error::msg("returned")) });
    event_loop.call_soon(|| Err::<i32, &str>("any other value is ignored"));
    let fut = event_loop.create_future();
    fut.add_done_callback(|_: &FutureCell<()>| panic!("in a done callback"));
    fut.set_result(()).unwrap();
    event_loop.run_until_complete(fut).unwrap();
    assert_eq!(
        *reports.borrow(),
        [
            "Exception in callback | Some(Panicked: in a callback)",
            "Exception in callback | Some(Exception: returned)",
            "Exception in callback | Some(Panicked: in a done callback)",
        ]
    );
}

#[test]
fn setting_a_result_twice_from_a_callback_is_reported() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let fut = event_loop.create_future();
    for _ in 0..2 {
        let fut = fut.clone();
        event_loop.call_soon(move || fut.set_result(1));
    }
    event_loop.run_until_complete(fut).unwrap();
    assert_eq!(reports.borrow().len(), 1);
    assert!(reports.borrow()[0].contains("InvalidStateError"));
}

#[test]
fn a_waker_that_panics_does_not_harm_the_others_in_the_line() {
    struct Panics;
    impl std::task::Wake for Panics {
        fn wake(self: std::sync::Arc<Self>) {
            panic!("in a waker");
        }
    }
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let fut = event_loop.create_future::<i32>();
    let mut by_hand = send_none::Coroutine::new(fut.clone());
    let _ = by_hand.send(Some(&std::sync::Arc::new(Panics).into()));
    let waits = event_loop.create_task(fut.clone());
    event_loop.run_until_complete(yield_now()).unwrap();
    fut.set_result(7).unwrap();
    assert_eq!(event_loop.run_until_complete(waits).unwrap(), 7);
    assert_eq!(
        *reports.borrow(),
        ["Exception in waker | Some(Panicked: in a waker)"]
    );
}

#[test]
fn a_panic_in_a_drop_while_closing_is_reported_and_the_rest_is_dropped() {
    struct PanicsOnDrop;
    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            panic!("in a drop");
        }
    }
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let witness = Rc::new(());
    for i in 0..3 {
        let (kept, witness) = ((i == 1).then(|| PanicsOnDrop), witness.clone());
        let _task = event_loop.create_task(async move {
            sleep(Duration::from_secs(1)).await?;
            drop((kept, witness));
            Ok(())
        });
    }
    event_loop.run_until_complete(yield_now()).unwrap();
    event_loop.close().unwrap();
    let destroyed = "Task was destroyed but it is pending! | None";
    let panicked = "Exception while closing | Some(Panicked: in a drop)";
    assert_eq!(
        *reports.borrow(),
        [destroyed, destroyed, panicked, destroyed]
    );
    assert_eq!(Rc::strong_count(&witness), 1);
}

/// Runs itself once more, as a process of its own whose stderr can be read.
#[test]
fn without_a_handler_or_with_a_broken_one_the_report_goes_to_stderr() {
    const AM_I_THE_CHILD: &str = "SEND_NONE_TEST_CHILD";
    if std::env::var_os(AM_I_THE_CHILD).is_some() {
        let event_loop = EventLoop::with_virtual_clock();
        event_loop.call_soon(|| Err::<(), Error>(Error::msg("went wrong")));
        event_loop.run_until_complete(yield_now()).unwrap();
        event_loop.set_exception_handler(|_, _| panic!("broken"));
        event_loop.call_soon(|| Err::<(), Error>(Error::msg("went wrong again")));
        event_loop.run_until_complete(yield_now()).unwrap();
        event_loop.clear_exception_handler();
        event_loop.call_exception_handler(&send_none::ExceptionContext::new("by hand"));
        return;
    }
    let this = "without_a_handler_or_with_a_broken_one_the_report_goes_to_stderr";
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let child = child
        .args(["--exact", this, "--nocapture"])
        .env(AM_I_THE_CHILD, "1");
    let stderr = String::from_utf8(child.output().unwrap().stderr).unwrap();
    let starts = ["Exception in", "Unhandled error", "by hand"];
    let is_report = |line: &&str| starts.iter().any(|start| line.starts_with(start));
    let reports: Vec<_> = stderr.lines().filter(is_report).collect();
    assert_eq!(
        reports,
        [
            "Exception in callback: Exception: went wrong",
            "Exception in callback: Exception: went wrong again",
            "Unhandled error in exception handler: Panicked: broken",
            "by hand",
        ]
    );
}
