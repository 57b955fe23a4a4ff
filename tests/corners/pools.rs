//! Calls in a pool of threads, and coroutines that another thread asks for.

use crate::{OnDrop, reports, secs, turn};
use send_none::{
    Error, EventLoop, FutureCell, Result, ThreadPool, ThreadsafeHandle, gather, get_event_loop,
    run_coroutine_threadsafe,
};
use std::future::pending;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

fn with_pool(size: usize) -> EventLoop {
    let event_loop = EventLoop::new();
    let pool = ThreadPool::new(size).with_name("pool");
    event_loop.set_default_executor(pool).unwrap();
    event_loop
}

#[test]
fn a_call_that_panics_is_an_error_and_its_thread_works_on() {
    let event_loop = with_pool(1);
    let panics = event_loop.run_in_executor(|| -> u32 { panic!("in the call") });
    let works = event_loop.run_in_executor(|| 7);
    let error = event_loop.run_until_complete(panics).unwrap_err();
    assert!(matches!(error, Error::Panicked(text) if &*text == "in the call"));
    assert_eq!(event_loop.run_until_complete(works).unwrap(), 7);
}

#[test]
fn calls_run_on_the_threads_of_the_pool_and_on_no_more_than_it_may_have() {
    let event_loop = with_pool(2);
    let name = || thread::current().name().unwrap().to_owned();
    let names = gather([(); 20].map(|()| event_loop.run_in_executor(name)));
    let names = event_loop.run_until_complete(names).unwrap();
    assert!(
        names
            .iter()
            .all(|name| ["pool-0", "pool-1"].contains(&&**name)),
        "{names:?}"
    );
}

#[test]
fn as_many_calls_run_at_once_as_the_pool_has_threads() {
    let event_loop = with_pool(3);
    let meet = Arc::new(Barrier::new(3));
    let calls = [(); 3].map(|()| {
        let meet = meet.clone();
        event_loop.run_in_executor(move || {
            meet.wait();
        })
    });
    event_loop.run_until_complete(gather(calls)).unwrap();
}

#[test]
fn calls_are_begun_first_come_first_served() {
    let event_loop = with_pool(1);
    let (log, go) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Barrier::new(2)));
    let first = go.clone();
    let mut calls = vec![event_loop.run_in_executor(move || {
        first.wait();
    })];
    for number in 0..5 {
        let log = log.clone();
        calls.push(event_loop.run_in_executor(move || log.lock().unwrap().push(number)));
    }
    go.wait();
    event_loop.run_until_complete(gather(calls)).unwrap();
    assert_eq!(*log.lock().unwrap(), [0, 1, 2, 3, 4]);
}

#[test]
fn closing_the_loop_waits_for_the_call_that_runs() {
    let event_loop = with_pool(1);
    let (over, go) = (Arc::new(AtomicBool::new(false)), Arc::new(Barrier::new(2)));
    let (ends, begins) = (over.clone(), go.clone());
    let _never_settled = event_loop.run_in_executor(move || {
        begins.wait();
        for _ in 0..1000 {
            thread::yield_now();
        }
        ends.store(true, Ordering::SeqCst);
    });
    go.wait();
    event_loop.close().unwrap();
    assert!(over.load(Ordering::SeqCst));
}

/// The one that runs ends when the other one is dropped: so that happens first.
#[test]
fn closing_the_loop_drops_the_calls_that_were_not_begun() {
    let event_loop = with_pool(1);
    let (let_go, go) = mpsc::channel();
    let begun = Arc::new(Barrier::new(2));
    let begins = begun.clone();
    let runs = event_loop.run_in_executor(move || {
        begins.wait();
        go.recv().unwrap();
    });
    begun.wait();
    let drops = OnDrop(move || let_go.send(()).unwrap());
    let waits = event_loop.run_in_executor(move || -> u32 {
        let _drops = drops;
        panic!("it should not have been begun")
    });
    event_loop.close().unwrap();
    assert!(!runs.done() && !waits.done());
}

/// Asks a loop for something from another thread, and stops it then.
fn served<R: Send + 'static>(ask: impl FnOnce(&ThreadsafeHandle) -> R + Send + 'static) -> R {
    let event_loop = EventLoop::with_virtual_clock();
    let handle = event_loop.threadsafe();
    let thread = thread::spawn(move || {
        let answer = ask(&handle);
        handle
            .call_soon(|| get_event_loop().unwrap().stop())
            .unwrap();
        answer
    });
    event_loop.run_forever().unwrap();
    thread.join().unwrap()
}

#[test]
fn an_error_of_a_coroutine_comes_back_to_the_thread_that_asked_for_it() {
    let answer: Result<()> = served(|handle| {
        let fails = || async { Err(Error::msg("over there")) };
        run_coroutine_threadsafe(fails, handle)?.result(None)
    });
    assert_eq!(answer.unwrap_err().to_string(), "over there");
}

#[test]
fn a_coroutine_can_be_cancelled_by_the_thread_that_asked_for_it() {
    let answer: Result<()> = served(|handle| {
        let submitted = run_coroutine_threadsafe(pending::<Result<()>>, handle)?;
        assert!(submitted.cancel());
        submitted.result(None)
    });
    assert!(matches!(answer, Err(Error::Cancelled)));
}

/// An error that counts who holds it.
#[derive(Debug)]
struct Counted {
    _by: Arc<()>,
}

impl std::fmt::Display for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "counted")
    }
}

impl std::error::Error for Counted {}

#[test]
fn a_loop_does_not_keep_what_it_has_brought_back_to_another_thread() {
    let held = served(|handle| {
        let witness = Arc::new(());
        let counted = Counted {
            _by: witness.clone(),
        };
        let fails = || async { Err::<(), _>(counted.into()) };
        run_coroutine_threadsafe(fails, handle)?
            .result(None)
            .unwrap_err();
        // By the time that the loop answers again, it is done with the first.
        run_coroutine_threadsafe(|| async { Ok(()) }, handle)?.result(None)?;
        Ok::<_, Error>(Arc::strong_count(&witness))
    });
    assert_eq!(held.unwrap(), 1);
}

#[test]
fn a_setter_that_is_dropped_does_not_keep_its_future() {
    let (witness, event_loop) = (Rc::new(()), EventLoop::new());
    let fut = event_loop.create_future::<i32>();
    let kept = witness.clone();
    fut.add_done_callback(move |_: &FutureCell<i32>| drop(kept));
    let setter = fut.threadsafe();
    thread::spawn(move || drop(setter)).join().unwrap();
    drop(fut);
    turn(&event_loop);
    turn(&event_loop);
    assert_eq!(Rc::strong_count(&witness), 1);
}

#[test]
fn a_setter_that_is_dropped_cancels_its_future() {
    let event_loop = EventLoop::new();
    let fut = event_loop.create_future::<i32>();
    let setter = fut.threadsafe();
    let thread = thread::spawn(move || drop(setter));
    let result = event_loop.run_until_complete(fut);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    thread.join().unwrap();
}

#[test]
fn a_setter_that_comes_too_late_changes_nothing() {
    let event_loop = EventLoop::new();
    let reports = reports(&event_loop);
    let fut = event_loop.create_future();
    let setter = fut.threadsafe();
    fut.cancel();
    thread::spawn(move || setter.set_result(1))
        .join()
        .unwrap()
        .unwrap();
    turn(&event_loop);
    assert!(fut.cancelled() && reports.borrow().is_empty());
}

/// Fails instead of hanging.
fn within_a_minute(test: impl FnOnce() + Send + 'static) {
    let (over, is_over) = mpsc::channel();
    let thread = thread::spawn(move || {
        test();
        over.send(()).unwrap();
    });
    if is_over.recv_timeout(Duration::from_secs(60)) == Err(mpsc::RecvTimeoutError::Timeout) {
        panic!("it hangs");
    }
    thread.join().unwrap();
}

/// Closing waits for the call, which waits for the task; so the task must go first.
#[test]
fn a_loop_can_be_closed_while_a_call_waits_for_a_task() {
    within_a_minute(|| {
        let event_loop = with_pool(1);
        event_loop.set_exception_handler(|_, _| ());
        let (release, released) = mpsc::channel::<()>();
        let (begun, has_begun) = mpsc::channel();
        let _call = event_loop.run_in_executor(move || {
            begun.send(()).unwrap();
            released.recv().is_err()
        });
        let _task: send_none::Task<()> = event_loop.create_task(async move {
            pending::<()>().await;
            release.send(())?;
            Ok(())
        });
        turn(&event_loop);
        has_begun.recv().unwrap();
        event_loop.close().unwrap();
    });
}

#[test]
fn a_program_ends_when_the_calls_in_its_pool_are_done() {
    let ran = Arc::new(AtomicBool::new(false));
    let runs = ran.clone();
    let program = async {
        let _call = get_event_loop()?.run_in_executor(move || runs.store(true, Ordering::SeqCst));
        Ok(())
    };
    send_none::run(program).unwrap();
    assert!(ran.load(Ordering::SeqCst));
}

/// What a panic carries may be anything.
#[test]
fn a_panic_that_panics_when_it_is_dropped_does_not_end_the_thread_of_the_pool() {
    within_a_minute(|| {
        let event_loop = with_pool(1);
        let bomb = OnDrop(|| panic!("in the drop of a panic"));
        let panics: FutureCell<()> = event_loop.run_in_executor(|| std::panic::panic_any(bomb));
        assert!(event_loop.run_until_complete(panics).is_err());
        let works = event_loop.run_in_executor(|| 7);
        assert_eq!(event_loop.run_until_complete(works).unwrap(), 7);
    });
}

/// The call that was not begun is dropped, and panics; the one that runs is waited for.
#[test]
fn a_panic_in_the_drop_of_a_call_does_not_keep_close_from_waiting() {
    let event_loop = with_pool(1);
    let finished = Arc::new(AtomicBool::new(false));
    let (finishes, (begun, has_begun)) = (finished.clone(), mpsc::channel());
    let (go_on, goes_on) = mpsc::channel::<()>();
    let _first = event_loop.run_in_executor(move || {
        begun.send(()).unwrap();
        let _gone = goes_on.recv();
        (0..10_000).for_each(|_| thread::yield_now()); // time enough for whoever does not wait
        finishes.store(true, Ordering::SeqCst);
    });
    has_begun.recv().unwrap();
    let bomb = OnDrop(move || {
        let _told = go_on.send(());
        panic!("in the drop of a call");
    });
    let _second = event_loop.run_in_executor(move || drop(bomb));
    event_loop.close().unwrap();
    assert!(finished.load(Ordering::SeqCst));
}

#[test]
fn who_cancels_a_submitted_coroutine_is_told_so_at_once_even_if_it_refuses() {
    let answer: Result<u32> = served(|handle| {
        let (began, begins) = channel();
        let refuses = move || async move {
            began.send(()).unwrap();
            let never = get_event_loop()?.create_future::<()>();
            let _cancelled = never.await;
            Ok(7)
        };
        let submitted = run_coroutine_threadsafe(refuses, handle)?;
        begins.recv().unwrap();
        assert!(submitted.cancel());
        submitted.result(None)
    });
    assert!(matches!(answer, Err(Error::Cancelled)));
}

/// Its loop may not be quite done with it yet.
#[test]
fn a_submitted_coroutine_that_was_had_cannot_be_given_up() {
    let given_up = served(|handle| {
        let had_and_given_up = |_| {
            let submitted = run_coroutine_threadsafe(|| async { Ok(7) }, handle).unwrap();
            submitted.result(None).is_ok() && submitted.cancel()
        };
        (0..1_000).map(had_and_given_up).filter(|yes| *yes).count()
    });
    assert_eq!(given_up, 0);
}

/// How often it is asked, and when, makes no difference.
#[test]
fn a_submitted_coroutine_was_given_up_for_good_or_was_had() {
    let answers: Result<[bool; 5]> = served(|handle| {
        let had = run_coroutine_threadsafe(|| async { Ok(7) }, handle)?;
        assert!(matches!(had.result(None), Ok(7)));
        let (over, is_over) = channel();
        let tells = OnDrop(move || over.send(()).unwrap());
        let waits = move || async move {
            let _tells = tells;
            pending::<Result<()>>().await
        };
        let given_up = run_coroutine_threadsafe(waits, handle)?;
        let (once, twice) = (given_up.cancel(), given_up.cancel());
        is_over.recv().unwrap();
        let barrier = run_coroutine_threadsafe(|| async { Ok(()) }, handle)?;
        barrier.result(None)?;
        Ok([had.cancel(), had.cancel(), once, twice, given_up.cancel()])
    });
    assert_eq!(answers.unwrap(), [false, false, true, true, true]);
}

#[test]
fn what_a_submitted_coroutine_returns_does_not_count_if_its_task_was_cancelled_in_the_end() {
    let answer: Result<u32> = served(|handle| {
        let cancels_itself = || async {
            send_none::current_task().unwrap().cancel();
            Ok(5)
        };
        run_coroutine_threadsafe(cancels_itself, handle)?.result(None)
    });
    assert!(matches!(answer, Err(Error::Cancelled)));
}

#[test]
fn a_submitted_coroutine_that_is_over_cannot_be_cancelled() {
    let answer: Result<(bool, u32)> = served(|handle| {
        let submitted = run_coroutine_threadsafe(|| async { Ok(7) }, handle)?;
        let (told, tell) = channel();
        // Behind the task's step and its callback, so that it is over by then.
        let later = move || {
            let event_loop = get_event_loop().unwrap();
            event_loop.call_later(secs(1), move || told.send(()).unwrap());
        };
        handle.call_soon(later)?;
        tell.recv().unwrap();
        Ok((submitted.cancel(), submitted.result(None)?))
    });
    assert_eq!(answer.unwrap(), (false, 7));
}

#[test]
fn a_call_that_no_thread_has_begun_is_taken_back_when_it_is_cancelled() {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_default_executor(ThreadPool::new(1)).unwrap();
    let (ran, runs) = channel();
    let (go, wait) = channel::<()>();
    let first = ran.clone();
    let _first = event_loop.run_in_executor(move || {
        wait.recv().unwrap();
        first.send(1).unwrap();
    });
    let second = ran.clone();
    let cancelled = event_loop.run_in_executor(move || second.send(2).unwrap());
    let third = event_loop.run_in_executor(move || ran.send(3).unwrap());
    assert!(cancelled.cancel());
    turn(&event_loop);
    go.send(()).unwrap();
    event_loop.run_until_complete(third).unwrap();
    assert_eq!(runs.try_iter().collect::<Vec<_>>(), [1, 3]);
}

/// Who settles the future of a call by hand does not take the call back. (Python's does not, either.)
#[test]
fn a_call_whose_future_was_settled_by_hand_is_made_nevertheless() {
    let event_loop = with_pool(1);
    let (go_on, may_go_on) = channel::<()>();
    let blocks = event_loop.run_in_executor(move || may_go_on.recv().unwrap());
    let (was_made, made) = channel();
    let call = event_loop.run_in_executor(move || was_made.send(()).unwrap());
    call.set_result(()).unwrap();
    turn(&event_loop);
    go_on.send(()).unwrap();
    event_loop.run_until_complete(blocks).unwrap();
    assert_eq!(made.recv(), Ok(()));
}

#[test]
fn to_cancel_a_submitted_coroutine_cancels_its_task() {
    let event_loop = EventLoop::new();
    let handle = event_loop.threadsafe();
    let thread = thread::spawn(move || {
        let (has_begun, begun) = channel();
        let (was_told, told) = channel();
        let make = move || async move {
            has_begun.send(()).unwrap();
            let end = get_event_loop()?.create_future::<()>().await;
            was_told.send(end.unwrap_err()).unwrap();
            Ok(())
        };
        let submitted = run_coroutine_threadsafe(make, &handle).unwrap();
        begun.recv().unwrap();
        assert!(submitted.cancel());
        let told = told.recv_timeout(Duration::from_secs(60));
        let stop = || get_event_loop().unwrap().stop();
        handle.call_soon(stop).unwrap();
        told
    });
    event_loop.run_forever().unwrap();
    assert!(matches!(thread.join().unwrap(), Ok(Error::Cancelled)));
}
