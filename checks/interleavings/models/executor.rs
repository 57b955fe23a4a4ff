//! The pool of threads, and coroutines for a loop of another thread.

use interleavings::stand_in::thread::spawn;
use interleavings::{ThreadPool, run_coroutine_threadsafe, yield_now};
use std::future::pending;
use std::sync::Arc;

use crate::{Written, check, check_up_to, loop_to_be_closed, new_loop, turn};

#[test]
fn a_call_in_the_pool_brings_its_result_back() {
    check(|| {
        let event_loop = new_loop();
        let sum = event_loop.run_in_executor(|| 3 + 4);
        assert_eq!(event_loop.run_until_complete(sum).unwrap(), 7);
    });
}

/// The thread may be about to sleep, or asleep, when the second call comes. (At most three preemptions.)
#[test]
fn a_thread_of_the_pool_misses_no_call() {
    check_up_to(3, || {
        let event_loop = new_loop();
        event_loop.set_default_executor(ThreadPool::new(1)).unwrap();
        let first = event_loop.run_in_executor(|| 1);
        let second = event_loop.run_in_executor(|| 2);
        assert_eq!(event_loop.run_until_complete(second).unwrap(), 2);
        assert_eq!(event_loop.run_until_complete(first).unwrap(), 1);
    });
}

/// The one job waits for the other, so both threads must be there. (At most two preemptions.)
#[test]
fn a_second_call_has_a_thread_of_its_own_while_the_first_one_runs() {
    check_up_to(2, || {
        let event_loop = new_loop();
        event_loop.set_default_executor(ThreadPool::new(2)).unwrap();
        let (sender, receiver) = interleavings::stand_in::channel::channel();
        let first = event_loop.run_in_executor(move || receiver.recv().unwrap());
        let second = event_loop.run_in_executor(move || sender.send(7).unwrap());
        assert_eq!(event_loop.run_until_complete(first).unwrap(), 7);
        event_loop.run_until_complete(second).unwrap();
    });
}

/// `run` waits for all calls, also those that no thread has begun. (At most three preemptions.)
#[test]
fn a_program_ends_when_the_calls_in_its_pool_are_done() {
    check_up_to(3, || {
        let written = Written::nothing();
        let calls = written.clone();
        let program = async move {
            let event_loop = interleavings::get_event_loop()?;
            event_loop.set_default_executor(ThreadPool::new(1))?;
            for _ in 0..2 {
                let calls = calls.clone();
                drop(event_loop.run_in_executor(move || calls.add(1)));
            }
            Ok(())
        };
        interleavings::run(program).unwrap();
        assert!(written.is(2));
    });
}

#[test]
fn closing_waits_for_a_call_that_runs_and_drops_one_that_was_not_begun() {
    check(|| {
        let event_loop = loop_to_be_closed();
        event_loop.set_default_executor(ThreadPool::new(1)).unwrap();
        let (written, held) = (Written::nothing(), Arc::new(()));
        for _ in 0..2 {
            let (written, held) = (written.clone(), held.clone());
            drop(event_loop.run_in_executor(move || {
                let _held = held;
                written.add(1);
            }));
        }
        turn(&event_loop);
        event_loop.close().unwrap();
        assert_eq!(Arc::strong_count(&held), 1);
        let ran = [0, 1, 2].into_iter().find(|ran| written.is(*ran));
        assert!(ran.is_some());
    });
}

/// At most three preemptions.
#[test]
fn a_coroutine_for_another_loop_brings_its_result_back() {
    check_up_to(3, || {
        let event_loop = new_loop();
        let handle = event_loop.threadsafe();
        let thread = spawn(move || {
            let make = || async {
                yield_now().await?;
                Ok(7)
            };
            let submitted = run_coroutine_threadsafe(make, &handle).unwrap();
            let result = submitted.result(None);
            let stop = || interleavings::get_event_loop().unwrap().stop();
            handle.call_soon(stop).unwrap();
            result.unwrap()
        });
        event_loop.run_forever().unwrap();
        assert_eq!(thread.join().unwrap(), 7);
    });
}

/// Who waits for a loop that closes must hear of it.
#[test]
fn a_coroutine_for_a_loop_that_closes_is_over_for_the_one_who_waits() {
    check(|| {
        let event_loop = loop_to_be_closed();
        let handle = event_loop.threadsafe();
        let thread = spawn(move || {
            let make = || pending::<interleavings::Result<()>>();
            let result = run_coroutine_threadsafe(make, &handle)
                .and_then(|submitted| submitted.result(None));
            let error = result.unwrap_err();
            assert!(error.is_cancelled() || error.to_string().contains("closed"));
        });
        turn(&event_loop);
        event_loop.close().unwrap();
        thread.join().unwrap();
    });
}

/// "One of them may be waiting for a task; so the tasks go first."
#[test]
fn closing_ends_a_call_in_the_pool_that_waits_for_a_task_of_the_loop() {
    check(|| {
        let event_loop = loop_to_be_closed();
        let handle = event_loop.threadsafe();
        drop(event_loop.run_in_executor(move || {
            let make = || pending::<interleavings::Result<()>>();
            let result = run_coroutine_threadsafe(make, &handle)
                .and_then(|submitted| submitted.result(None));
            assert!(result.is_err());
        }));
        turn(&event_loop);
        event_loop.close().unwrap();
    });
}

/// At most three preemptions.
#[test]
fn a_coroutine_that_is_cancelled_from_its_thread_is_over_one_way_or_the_other() {
    check_up_to(3, || {
        let event_loop = loop_to_be_closed(); // its task may be left
        let handle = event_loop.threadsafe();
        let thread = spawn(move || {
            let submitted = run_coroutine_threadsafe(yield_now, &handle).unwrap();
            submitted.cancel();
            let result = submitted.result(None);
            let stop = || interleavings::get_event_loop().unwrap().stop();
            handle.call_soon(stop).unwrap();
            result
        });
        event_loop.run_forever().unwrap();
        let result = thread.join().unwrap();
        assert!(result.err().is_none_or(|error| error.is_cancelled()));
    });
}
