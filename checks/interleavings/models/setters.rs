//! Futures that are settled from another thread.

use interleavings::stand_in::thread::spawn;
use std::sync::Arc;

use crate::{check, check_up_to, loop_to_be_closed, new_loop, turn};

#[test]
fn a_result_from_another_thread_ends_the_sleep() {
    check(|| {
        let event_loop = new_loop();
        let fut = event_loop.create_future();
        let setter = fut.threadsafe();
        let thread = spawn(move || setter.set_result(7).unwrap());
        assert_eq!(event_loop.run_until_complete(fut).unwrap(), 7);
        thread.join().unwrap();
    });
}

#[test]
fn a_setter_that_goes_unused_cancels_the_future_and_ends_the_sleep() {
    check(|| {
        let event_loop = new_loop();
        let fut = event_loop.create_future::<()>();
        let setter = fut.threadsafe();
        let thread = spawn(move || drop(setter));
        let error = event_loop.run_until_complete(fut).unwrap_err();
        assert!(error.is_cancelled());
        thread.join().unwrap();
    });
}

/// At most three preemptions.
#[test]
fn of_two_setters_one_wins_and_the_other_is_no_error() {
    check_up_to(3, || {
        let event_loop = new_loop();
        let fut = event_loop.create_future();
        let threads = [1, 2].map(|number| {
            let setter = fut.threadsafe();
            spawn(move || setter.set_result(number).unwrap())
        });
        let first = event_loop.run_until_complete(fut.clone()).unwrap();
        for thread in threads {
            thread.join().unwrap();
        }
        turn(&event_loop);
        assert_eq!(fut.result().unwrap(), first);
    });
}

#[test]
fn a_result_that_comes_while_the_loop_closes_is_taken_or_refused() {
    check(|| {
        let event_loop = loop_to_be_closed();
        let fut = event_loop.create_future();
        let (setter, held) = (fut.threadsafe(), Arc::new(()));
        let result = held.clone();
        let thread = spawn(move || setter.set_result(result).is_ok());
        turn(&event_loop);
        event_loop.close().unwrap();
        let taken = thread.join().unwrap();
        assert!(taken || !fut.done(), "refused, and yet it is set");
        drop((event_loop, fut));
        assert_eq!(Arc::strong_count(&held), 1);
    });
}

#[test]
fn a_setter_may_go_while_the_loop_goes() {
    check(|| {
        let event_loop = loop_to_be_closed();
        let setter = event_loop.create_future::<()>().threadsafe();
        let thread = spawn(move || drop(setter));
        drop(event_loop);
        thread.join().unwrap();
    });
}

#[test]
fn a_cancellation_and_a_result_that_meet_leave_one_of_them() {
    check(|| {
        let event_loop = new_loop();
        let fut = event_loop.create_future();
        let setter = fut.threadsafe();
        let thread = spawn(move || setter.set_result(7).unwrap());
        let cancels = fut.clone();
        event_loop.call_soon(move || cancels.cancel());
        let first = event_loop.run_until_complete(fut.clone());
        thread.join().unwrap();
        turn(&event_loop);
        assert_eq!(fut.cancelled(), first.is_err());
    });
}
