//! Several call the waker of one task.

use interleavings::stand_in::channel::channel;
use interleavings::stand_in::thread::spawn;
use interleavings::yield_now;
use std::cell::Cell;
use std::rc::Rc;
use std::task::Waker;

use crate::{Written, check, check_up_to, loop_to_be_closed, new_loop, parked, parked_until, turn};

/// Writes, and wakes.
fn tell(written: &Written, what: usize, waker: &Waker) {
    written.add(what);
    waker.wake_by_ref();
}

/// The second of them may find the note of the first one in the mailbox, and post none.
/// (At most three preemptions.)
#[test]
fn a_task_that_two_threads_wake_sees_what_both_wrote() {
    check_up_to(3, || {
        let event_loop = new_loop();
        let (task, waker, written) = parked_until(&event_loop, 11);
        let wake = |what| {
            let (written, waker) = (written.clone(), waker.clone());
            spawn(move || {
                tell(&written, what, &waker);
                waker
            })
        };
        let threads = [wake(1), wake(10)];
        event_loop.run_until_complete(task).unwrap();
        for thread in threads {
            drop(thread.join().unwrap());
        }
    });
}

#[test]
fn a_task_that_a_thread_wakes_twice_sees_the_second_of_them() {
    check(|| {
        let event_loop = new_loop();
        let written = Written::nothing();
        let polls = Rc::new(Cell::new(0));
        let (reads, counts) = (written.clone(), polls.clone());
        let (task, waker) = parked(&event_loop, move || {
            counts.set(counts.get() + 1);
            reads.is(11)
        });
        let thread = spawn(move || {
            tell(&written, 1, &waker);
            tell(&written, 10, &waker);
            waker
        });
        event_loop.run_until_complete(task).unwrap();
        assert!(polls.get() <= 3, "a poll without a wake");
        drop(thread.join().unwrap());
    });
}

/// What marks a wake-up from the loop's own thread is not what marks one from another.
#[test]
fn a_wake_from_the_loop_does_not_hide_one_from_another_thread() {
    check(|| {
        let event_loop = new_loop();
        let (task, waker, written) = parked_until(&event_loop, 111);
        let (here, calls) = (waker.clone(), written.clone());
        event_loop.call_soon(move || {
            tell(&calls, 1, &here);
            let again = move || tell(&calls, 10, &here);
            interleavings::get_event_loop().unwrap().call_soon(again);
        });
        let thread = spawn(move || {
            tell(&written, 100, &waker);
            waker
        });
        event_loop.run_until_complete(task).unwrap();
        drop(thread.join().unwrap());
    });
}

#[test]
fn a_wake_while_the_task_runs_and_wakes_itself_is_one_more_poll() {
    check(|| {
        let event_loop = new_loop();
        let written = Written::nothing();
        let reads = written.clone();
        let own_waker = Rc::new(Cell::new(None::<Waker>));
        let own = own_waker.clone();
        let (task, waker) = parked(&event_loop, move || {
            if let Some(waker) = own.take() {
                waker.wake(); // it runs just now
            }
            reads.is(11)
        });
        own_waker.set(Some(waker.clone()));
        let thread = spawn(move || {
            tell(&written, 1, &waker);
            tell(&written, 10, &waker);
            waker
        });
        event_loop.run_until_complete(task).unwrap();
        drop(thread.join().unwrap());
    });
}

#[test]
fn the_wakes_of_two_tasks_reach_both() {
    check(|| {
        let event_loop = new_loop();
        let (first, second) = (Written::nothing(), Written::nothing());
        let (first_reads, second_reads) = (first.clone(), second.clone());
        let (one, wakes_one) = parked(&event_loop, move || first_reads.is(1));
        let (two, wakes_two) = parked(&event_loop, move || second_reads.is(1));
        let thread = spawn(move || {
            tell(&first, 1, &wakes_one);
            tell(&second, 1, &wakes_two);
            (wakes_one, wakes_two)
        });
        event_loop.run_until_complete(two).unwrap();
        event_loop.run_until_complete(one).unwrap();
        drop(thread.join().unwrap());
    });
}

/// Each is asleep, or about to be, when the other one wakes it. (At most three preemptions.)
#[test]
fn two_loops_wake_each_other() {
    check_up_to(3, || {
        let (here, there) = (Written::nothing(), Written::nothing());
        let (wakes_here, reads) = (here.clone(), here);
        let event_loop = new_loop();
        let (task, waker) = parked(&event_loop, move || reads.is(1));
        let (sender, receiver) = channel();
        let (wakes_there, reads) = (there.clone(), there);
        let thread = spawn(move || {
            let other_loop = new_loop();
            let (other, other_waker) = parked(&other_loop, move || reads.is(1));
            sender.send(other_waker).unwrap();
            tell(&wakes_here, 1, &waker);
            other_loop.run_until_complete(other).unwrap();
            waker
        });
        let other_waker = receiver.recv().unwrap();
        tell(&wakes_there, 1, &other_waker);
        event_loop.run_until_complete(task).unwrap();
        drop(thread.join().unwrap());
        drop(other_waker);
    });
}

/// The first task ends by itself, and the second one may get its place in the table.
#[test]
fn a_late_wake_leaves_the_next_tenant_alone() {
    check(|| {
        let event_loop = loop_to_be_closed();
        let ready = Rc::new(Cell::new(false));
        let may_end = ready.clone();
        let (first, waker) = parked(&event_loop, move || may_end.get());
        let here = waker.clone();
        let thread = spawn(move || {
            waker.wake_by_ref();
            waker.wake_by_ref();
            waker
        });
        ready.set(true);
        here.wake();
        event_loop.run_until_complete(first).unwrap();
        let polls = Rc::new(Cell::new(0));
        let counts = polls.clone();
        let (_second, _waker) = parked(&event_loop, move || {
            counts.set(counts.get() + 1);
            false
        });
        event_loop.run_until_complete(yield_now()).unwrap();
        drop(thread.join().unwrap());
        turn(&event_loop);
        assert_eq!(polls.get(), 1);
    });
}
