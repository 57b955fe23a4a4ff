//! A loop that nobody can wake any more says so, instead of sleeping for ever. It must not say so too
//! early, and a sleeping one must hear of it.

use interleavings::EventLoop;
use interleavings::stand_in::sync::let_go;
use interleavings::stand_in::thread::spawn;
use std::future::pending;

use crate::{check, check_up_to, loop_to_be_closed, new_loop, parked, parked_until};

/// The run ends, and says that nobody can wake the loop.
fn run_in_vain(event_loop: &EventLoop) {
    let error = event_loop.run_forever().unwrap_err();
    assert!(error.to_string().contains("nobody is left"), "{error}");
}

#[test]
fn a_thread_that_wakes_and_is_gone_is_not_taken_for_nobody() {
    check(|| {
        let event_loop = new_loop();
        let (task, waker, written) = parked_until(&event_loop, 1);
        let thread = spawn(move || {
            written.add(1);
            waker.wake_by_ref();
            let_go(waker);
        });
        event_loop.run_until_complete(task).unwrap();
        thread.join().unwrap();
    });
}

/// The second to call finds that a note is there, and may be gone before the first has posted it.
/// (At most three preemptions.)
#[test]
fn two_threads_that_wake_and_are_gone_are_not_taken_for_nobody() {
    check_up_to(3, || {
        let event_loop = new_loop();
        let (task, waker, written) = parked_until(&event_loop, 2);
        let wake = |waker: std::task::Waker| {
            let written = written.clone();
            spawn(move || {
                written.add(1);
                waker.wake_by_ref();
                let_go(waker);
            })
        };
        let threads = [wake(waker.clone()), wake(waker)];
        event_loop.run_until_complete(task).unwrap();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn a_thread_that_calls_and_is_gone_is_not_taken_for_nobody() {
    check(|| {
        let event_loop = new_loop();
        let handle = event_loop.threadsafe();
        let thread = spawn(move || {
            let stop = || interleavings::get_event_loop().unwrap().stop();
            handle.call_soon(stop).unwrap();
            let_go(handle);
        });
        event_loop.run_forever().unwrap();
        thread.join().unwrap();
    });
}

#[test]
fn when_the_last_handle_goes_a_sleeping_loop_looks_again() {
    check(|| {
        let event_loop = loop_to_be_closed();
        let _waits = event_loop.create_task(pending::<interleavings::Result<()>>());
        let handle = event_loop.threadsafe();
        let thread = spawn(move || let_go(handle));
        run_in_vain(&event_loop);
        thread.join().unwrap();
    });
}

/// At most three preemptions.
#[test]
fn when_the_last_two_handles_go_at_once_a_sleeping_loop_looks_again() {
    check_up_to(3, || {
        let event_loop = loop_to_be_closed();
        let first = event_loop.threadsafe();
        let second = first.clone();
        let threads = [first, second].map(|handle| spawn(move || let_go(handle)));
        run_in_vain(&event_loop);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// To drop a waker wakes nobody. But who looks after it is gone does not find it.
#[test]
fn a_waker_that_goes_before_the_last_handle_is_not_counted() {
    check(|| {
        let event_loop = loop_to_be_closed();
        let (_task, waker) = parked(&event_loop, || false);
        let handle = event_loop.threadsafe();
        let thread = spawn(move || {
            let_go(waker);
            let_go(handle);
        });
        run_in_vain(&event_loop);
        thread.join().unwrap();
    });
}
