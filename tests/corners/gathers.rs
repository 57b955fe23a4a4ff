//! A gather that nobody holds, that is closed with its loop, or that stands on many others.

use crate::{Later, reports, turn, turns};
use send_none::{
    Error, EventLoop, FutureCell, Result, Task, all_tasks, ensure_future, gather, gather_results,
    set_event_loop, yield_now,
};
use std::cell::{Cell, RefCell};
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

#[test]
fn a_gather_that_nobody_holds_calls_its_callbacks_all_the_same() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<i32>();
    let seen = Rc::new(Cell::new(0));
    let sees = seen.clone();
    gather([&fut]).add_done_callback(move |gather: &FutureCell<Vec<i32>>| {
        sees.set(gather.result().unwrap()[0]);
    });
    fut.set_result(7).unwrap();
    turns(&event_loop, 2);
    assert_eq!(seen.get(), 7);
}

#[test]
fn a_gather_that_is_done_is_not_kept_any_longer() {
    let event_loop = EventLoop::with_virtual_clock();
    let (witness, fut) = (Rc::new(()), event_loop.create_future());
    let both = gather([&fut, &fut]);
    fut.set_result(witness.clone()).unwrap();
    drop(fut);
    turn(&event_loop);
    assert_eq!(Rc::strong_count(&witness), 3, "its two results");
    drop(both);
    assert_eq!(Rc::strong_count(&witness), 1);
}

#[test]
fn a_gather_lets_go_of_its_members_as_soon_as_it_is_done() {
    let event_loop = EventLoop::with_virtual_clock();
    let (witness, good) = (Rc::new(()), event_loop.create_future());
    let bad = event_loop.create_future();
    let both = gather([&good, &bad]);
    good.set_result(witness.clone()).unwrap();
    bad.set_exception(Error::msg("bad")).unwrap();
    drop((good, bad));
    turn(&event_loop);
    assert!(both.exception().unwrap().is_some());
    assert_eq!(Rc::strong_count(&witness), 1);
}

#[test]
fn a_gather_that_its_own_callback_holds_is_freed_with_its_loop() {
    let event_loop = EventLoop::with_virtual_clock();
    let (witness, fut) = (Rc::new(()), event_loop.create_future::<i32>());
    let both = gather([&fut]);
    let captured = (both.clone(), witness.clone());
    both.add_done_callback(move |_: &FutureCell<_>| drop(captured));
    drop(both);
    event_loop.close().unwrap();
    assert_eq!(Rc::strong_count(&witness), 1);
}

#[test]
fn a_gather_that_is_held_longer_than_its_loop_lets_go_of_its_members() {
    let event_loop = EventLoop::with_virtual_clock();
    let (witness, done) = (Rc::new(()), event_loop.create_future());
    let both = gather([done.clone(), event_loop.create_future()]);
    done.set_result(witness.clone()).unwrap();
    drop(done);
    turn(&event_loop);
    event_loop.close().unwrap();
    assert_eq!(Rc::strong_count(&witness), 1);
    assert!(!both.done());
}

#[test]
fn gathers_that_nobody_waits_for_cost_their_member_nothing_once_it_is_done() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<i32>();
    let many: Vec<_> = (0..1000).map(|_| gather([&fut])).collect();
    drop(many);
    fut.set_result(1).unwrap();
    turns(&event_loop, 2);
    assert_eq!(format!("{fut:?}"), "<Future-1 finished>");
    assert_eq!(event_loop.snapshot().ready.len(), 0);
}

#[test]
fn a_gather_can_be_cancelled_as_long_as_any_of_its_members_can() {
    let event_loop = EventLoop::with_virtual_clock();
    let done = event_loop.create_future();
    done.set_result(1).unwrap();
    for place in 0..2 {
        let pending = event_loop.create_future();
        let mut members = [&done, &done];
        members[place] = &pending;
        assert!(gather_results(members).cancel());
        assert!(pending.cancelled());
    }
}

#[test]
fn a_gather_of_futures_of_different_loops_fails() {
    let (a, b) = (
        EventLoop::with_virtual_clock(),
        EventLoop::with_virtual_clock(),
    );
    let (of_a, of_b) = (a.create_future::<i32>(), b.create_future::<i32>());
    let error = gather([&of_a, &of_b]).exception().unwrap().unwrap();
    assert_eq!(error.kind(), "ValueError");
    let error = gather_results([&of_b, &of_a]).exception().unwrap().unwrap();
    assert_eq!(error.kind(), "ValueError");
}

/// The callback of the one that is done already stands between the first steps of its neighbours.
#[test]
fn a_gather_stands_in_the_line_of_each_member_before_the_next_is_started() {
    let event_loop = EventLoop::with_virtual_clock();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let failed = event_loop.create_future::<()>();
    failed.set_exception(Error::msg("no")).unwrap();
    let (sees, last) = (seen.clone(), event_loop.clone());
    let program = async move {
        let says = sees.clone();
        let queues = async move {
            last.call_soon(move || says.borrow_mut().push("what the last member queued"));
            Ok(())
        };
        let all = gather!(yield_now(), failed, queues).await;
        sees.borrow_mut().push("the gather has failed");
        Ok(all.is_err())
    };
    assert!(event_loop.run_until_complete(program).unwrap());
    let wanted = ["the gather has failed", "what the last member queued"];
    assert_eq!(seen.borrow().as_slice(), wanted);
}

#[test]
fn a_gather_on_a_closed_loop_is_like_a_callback_on_a_closed_loop() {
    let event_loop = EventLoop::with_virtual_clock();
    let (pending, done) = (event_loop.create_future(), event_loop.create_future());
    done.set_result(1).unwrap();
    event_loop.close().unwrap();
    let both = gather([&pending]);
    assert!(
        pending.set_result(1).is_err(),
        "its callback cannot be queued"
    );
    assert!(!both.done());
    let misuse = catch_unwind(AssertUnwindSafe(|| gather([&done])));
    assert!(misuse.is_err());
}

struct PanicsOnClone;

impl Clone for PanicsOnClone {
    fn clone(&self) -> Self {
        panic!("in a clone")
    }
}

#[test]
fn a_result_whose_clone_panics_is_the_error_of_the_shield() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future();
    let shielded = send_none::shield(fut.clone());
    fut.set_result(PanicsOnClone).unwrap();
    turns(&event_loop, 2);
    let error = shielded.exception().unwrap().unwrap();
    assert!(matches!(error, Error::Panicked(text) if &*text == "in a clone"));
}

#[test]
fn a_result_whose_clone_panics_is_the_error_of_the_gather() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let both = gather([event_loop.create_task(async { Ok(PanicsOnClone) })]);
    turns(&event_loop, 2);
    let error = both.exception().unwrap().unwrap();
    assert!(matches!(error, Error::Panicked(text) if &*text == "in a clone"));
    assert!(reports.borrow().is_empty());
}

#[test]
fn a_result_may_use_its_loop_while_it_is_cloned() {
    struct Reentrant(Later<FutureCell<Reentrant>>, EventLoop);
    impl Clone for Reentrant {
        fn clone(&self) -> Self {
            let fut = self.0.borrow().clone().unwrap();
            fut.add_done_callback(|_: &FutureCell<Reentrant>| ());
            assert!(!fut.cancel() && format!("{fut:?}").contains("finished"));
            let made = self.1.create_task(async { Ok(()) });
            assert!(all_tasks(&self.1).iter().any(|task| *task == made));
            Reentrant(self.0.clone(), self.1.clone())
        }
    }
    let event_loop = EventLoop::with_virtual_clock();
    let slot = Later::default();
    let fut = event_loop.create_future();
    *slot.borrow_mut() = Some(fut.clone());
    let both = gather([&fut, &fut]);
    let result = Reentrant(slot.clone(), event_loop.clone());
    assert!(fut.set_result(result).is_ok());
    turns(&event_loop, 3);
    assert!(both.done() && all_tasks(&event_loop).is_empty());
    drop(slot.take());
}

/// Each of them awaits a gather of the one before: to cancel the last one, and to drop them all, may
/// not need a stack frame for each.
#[test]
fn a_tower_of_gathers_is_cancelled_and_dropped_without_recursion() {
    for cancelled in [true, false] {
        let event_loop = EventLoop::with_virtual_clock();
        set_event_loop(&event_loop);
        let bottom = event_loop.create_future::<()>();
        let mut last: Task<()> = event_loop.create_task(bottom.clone());
        for _ in 0..2_000 {
            let below = gather([last]);
            last = event_loop.create_task(async move { below.await.map(drop) });
        }
        turn(&event_loop);
        if cancelled {
            assert!(last.cancel() && bottom.cancelled());
            let result: Result<()> = event_loop.run_until_complete(last);
            assert!(matches!(result, Err(Error::Cancelled)));
            assert!(all_tasks(&event_loop).is_empty());
        } else {
            event_loop.close().unwrap();
            assert!(!last.done());
        }
    }
}

/// Somebody has made the gather and that task; the others were made by the gather.
#[test]
fn of_the_members_that_never_end_those_are_reported_that_the_program_has_made() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    event_loop.call_soon({
        let event_loop = event_loop.clone();
        move || {
            let task = event_loop.create_task(pending());
            drop(gather([
                task.into(),
                ensure_future(pending::<Result<()>>()),
            ]));
            drop(gather([pending::<Result<()>>(), pending()]));
            drop(gather!(pending::<Result<()>>(), pending::<Result<u8>>()));
        }
    });
    turn(&event_loop);
    event_loop.close().unwrap();
    assert_eq!(
        *reports.borrow(),
        ["Task was destroyed but it is pending!"; 2]
    );
}
