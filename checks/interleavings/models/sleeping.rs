//! The loop falls asleep, and somebody calls.

use interleavings::EventLoop;
use interleavings::stand_in::sync::let_go;
use interleavings::stand_in::thread::spawn;
use std::time::Duration;

use crate::{Written, check, check_up_to, new_loop, parked, parked_until};

fn stop() {
    interleavings::get_event_loop().unwrap().stop();
}

/// Runs until somebody stops it.
fn run(event_loop: &EventLoop) {
    event_loop.run_forever().unwrap();
}

#[test]
fn a_wake_between_the_last_look_and_the_sleep_is_not_lost() {
    check(|| {
        let event_loop = new_loop();
        let (task, waker, written) = parked_until(&event_loop, 1);
        let thread = spawn(move || {
            written.add(1);
            waker.wake_by_ref();
            waker
        });
        event_loop.run_until_complete(task).unwrap();
        drop(thread.join().unwrap());
    });
}

/// The real clock, which no model may look at; but an hour is never over.
#[test]
fn a_wake_ends_a_sleep_that_waits_for_a_timer() {
    check(|| {
        let event_loop = EventLoop::new();
        let timer = event_loop.call_later(Duration::from_secs(3600), || ());
        let (task, waker, written) = parked_until(&event_loop, 1);
        let thread = spawn(move || {
            written.add(1);
            waker.wake_by_ref();
            let_go(waker);
        });
        event_loop.run_until_complete(task).unwrap();
        timer.cancel();
        thread.join().unwrap();
    });
}

#[test]
fn a_call_between_the_last_look_and_the_sleep_is_not_lost() {
    check(|| {
        let event_loop = new_loop();
        let handle = event_loop.threadsafe();
        let thread = spawn(move || {
            handle.call_soon(stop).unwrap();
            handle
        });
        run(&event_loop);
        drop(thread.join().unwrap());
    });
}

/// Whichever of them finds the loop asleep, the others must not rely on its being awake already.
#[test]
fn many_notes_end_one_sleep_and_none_of_them_is_lost() {
    check(|| {
        let event_loop = new_loop();
        let written = Written::nothing();
        let (first, last) = (written.clone(), written.clone());
        let reads = written.clone();
        let (task, waker) = parked(&event_loop, move || reads.is(111));
        let handle = event_loop.threadsafe();
        let thread = spawn(move || {
            handle.call_soon(move || first.add(1)).unwrap();
            last.add(10);
            waker.wake_by_ref();
            let wakes = waker.clone();
            let calls = move || {
                last.add(100);
                wakes.wake_by_ref();
            };
            handle.call_soon(calls).unwrap();
            (handle, waker)
        });
        event_loop.run_until_complete(task).unwrap();
        drop(thread.join().unwrap());
    });
}

#[test]
fn calls_of_one_thread_run_in_their_order() {
    check(|| {
        let event_loop = new_loop();
        let written = Written::nothing();
        let handle = event_loop.threadsafe();
        let calls = written.clone();
        let thread = spawn(move || {
            for number in 0..2 {
                let calls = calls.clone();
                let in_order = move || {
                    assert!(calls.is(number));
                    calls.add(1);
                };
                handle.call_soon(in_order).unwrap();
            }
            handle.call_soon(stop).unwrap();
            handle
        });
        run(&event_loop);
        assert!(written.is(2));
        drop(thread.join().unwrap());
    });
}

/// At most three preemptions.
#[test]
fn calls_of_two_threads_both_run() {
    check_up_to(3, || {
        let event_loop = new_loop();
        let written = Written::nothing();
        let call = || {
            let (handle, calls) = (event_loop.threadsafe(), written.clone());
            spawn(move || {
                let second_stops = move || {
                    calls.add(1);
                    if calls.is(2) {
                        stop();
                    }
                };
                handle.call_soon(second_stops).unwrap();
                handle
            })
        };
        let threads = [call(), call()];
        run(&event_loop);
        for thread in threads {
            drop(thread.join().unwrap());
        }
    });
}
