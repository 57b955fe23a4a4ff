//! A loop is closed, or gone, and other threads do not know yet.

use interleavings::stand_in::sync::let_go;
use interleavings::stand_in::thread::spawn;
use interleavings::{Error, yield_now};
use std::sync::Arc;

use crate::{Written, check, check_up_to, loop_to_be_closed, parked, parked_with_witness, turn};

#[test]
fn a_wake_may_come_while_the_loop_is_closed_and_goes() {
    check(|| {
        let event_loop = loop_to_be_closed();
        let (task, waker) = parked(&event_loop, || false);
        let thread = spawn(move || {
            waker.wake_by_ref();
            waker.wake();
        });
        event_loop.close().unwrap();
        drop(event_loop);
        assert!(!task.done());
        thread.join().unwrap();
    });
}

/// At most three preemptions.
#[test]
fn two_threads_may_wake_while_the_loop_goes() {
    check_up_to(3, || {
        let event_loop = loop_to_be_closed();
        let (_task, waker) = parked(&event_loop, || false);
        let threads = [waker.clone(), waker].map(|waker| spawn(move || waker.wake()));
        turn(&event_loop);
        drop(event_loop);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

#[test]
fn the_last_waker_may_go_on_another_thread_but_the_coroutine_goes_on_its_own() {
    check(|| {
        let event_loop = loop_to_be_closed();
        let (task, waker, drops) = parked_with_witness(&event_loop);
        let thread = spawn(move || {
            waker.wake_by_ref();
            let_go(waker);
        });
        turn(&event_loop);
        drop(task);
        drop(event_loop);
        assert_eq!(drops.get(), 1);
        thread.join().unwrap();
    });
}

#[test]
fn an_aborted_task_and_a_wake_from_another_thread_drop_the_coroutine_once_and_here() {
    check(|| {
        let event_loop = loop_to_be_closed();
        let (task, waker, drops) = parked_with_witness(&event_loop);
        let thread = spawn(move || waker.wake());
        task.abort();
        event_loop.run_until_complete(yield_now()).unwrap();
        assert!(task.cancelled() && drops.get() == 1);
        thread.join().unwrap();
        turn(&event_loop);
    });
}

/// A call was taken or refused. If it was refused it never runs; if it was taken it runs, or is
/// dropped with what else the loop held. It is gone in any case.
#[test]
fn a_call_that_comes_while_the_loop_closes_is_taken_or_refused() {
    check(|| {
        let event_loop = loop_to_be_closed();
        let (handle, written) = (event_loop.threadsafe(), Written::nothing());
        let (calls, held) = (written.clone(), Arc::new(()));
        let holds = held.clone();
        let thread = spawn(move || {
            let call = move || {
                let _holds = holds;
                calls.add(1);
            };
            handle.call_soon(call)
        });
        turn(&event_loop);
        event_loop.close().unwrap();
        let taken = thread.join().unwrap();
        assert!(taken.is_ok() || written.is(0), "refused, and yet it ran");
        let closed = |error: Error| error.to_string().contains("closed");
        assert!(taken.err().is_none_or(closed));
        assert_eq!(Arc::strong_count(&held), 1);
    });
}

/// Who is told that its call was taken, though an earlier one was refused, was lied to.
#[test]
fn after_a_refusal_comes_no_consent() {
    check(|| {
        let event_loop = loop_to_be_closed();
        let handle = event_loop.threadsafe();
        let thread = spawn(move || {
            let taken = [(); 3].map(|()| handle.call_soon(|| ()).is_ok());
            assert!(taken.is_sorted_by(|before, after| before >= after));
        });
        drop(event_loop);
        thread.join().unwrap();
    });
}

/// Dropping the call leads back to the mailbox: on the thread that was refused, or on the loop's.
#[test]
fn a_call_that_calls_when_it_is_dropped_is_no_deadlock() {
    struct CallsWhenDropped(interleavings::ThreadsafeHandle);
    impl Drop for CallsWhenDropped {
        fn drop(&mut self) {
            let _refused_or_dropped = self.0.call_soon(|| ());
        }
    }
    check(|| {
        let event_loop = loop_to_be_closed();
        let handle = event_loop.threadsafe();
        let thread = spawn(move || {
            let calls = CallsWhenDropped(handle.clone());
            let _taken = handle.call_soon(move || drop(calls));
        });
        event_loop.close().unwrap();
        thread.join().unwrap();
    });
}
