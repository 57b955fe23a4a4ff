//! A task is made in the memory of one that is over: nothing of that one may be left in it.

use crate::{reports, turn, turns};
use send_none::{Error, EventLoop, Result, Task, current_task, gather, yield_now};
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::thread;

/// Tasks of one type, one after the other.
fn made_in_turn(event_loop: &EventLoop, what: fn(u32) -> Result<u32>) -> impl Fn(u32) -> Task<u32> {
    move |number| {
        event_loop.create_task(async move {
            yield_now().await?;
            what(number)
        })
    }
}

#[test]
fn what_was_done_to_a_task_is_not_done_to_the_next() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let make = made_in_turn(&event_loop, |number| match number {
        0 => Err(Error::msg("nobody looks")),
        1 => {
            current_task().unwrap().cancel(); // too late: it ends as cancelled
            Ok(1)
        }
        number => Ok(number),
    });
    let failed = make(0);
    failed.set_name("failed");
    turns(&event_loop, 2);
    drop(failed);
    assert_eq!(reports.borrow().len(), 1);
    let cancelled = make(1);
    assert_eq!(cancelled.name(), "Task-2");
    turns(&event_loop, 2);
    assert!(cancelled.cancelled());
    drop(cancelled);
    let aborted = make(2);
    turn(&event_loop);
    aborted.abort();
    turn(&event_loop);
    assert!(aborted.cancelled());
    drop(aborted);
    let quiet = event_loop.run_until_complete(make(3));
    assert_eq!(quiet.unwrap(), 3);
    let last = make(4);
    turns(&event_loop, 2);
    assert_eq!((last.name(), last.result().unwrap()), ("Task-5".into(), 4));
    drop(last);
    assert_eq!(reports.borrow().len(), 1, "that of the first, once");
}

/// The waker of a task that is over is still held: the next task must have another one.
#[test]
fn a_waker_that_is_held_does_not_wake_the_next_task() {
    let event_loop = EventLoop::with_virtual_clock();
    let held = Rc::new(RefCell::new(None::<Waker>));
    let polls = Rc::new(Cell::new(0));
    let make = |ready: bool| {
        let (held, polls) = (held.clone(), polls.clone());
        event_loop.create_task(poll_fn(move |cx| {
            polls.set(polls.get() + 1);
            held.borrow_mut().get_or_insert_with(|| cx.waker().clone());
            match ready {
                true => Poll::Ready(Ok(())),
                false => Poll::Pending,
            }
        }))
    };
    let over = make(true);
    turn(&event_loop);
    assert!(over.done());
    drop(over);
    let next = make(false);
    turn(&event_loop);
    held.take().unwrap().wake();
    turn(&event_loop);
    assert_eq!(polls.get(), 2, "one of each");
    next.abort();
    turn(&event_loop);
}

/// A wake that arrives in the last step of a task leaves a note that nobody reads. The next task in its
/// memory must be woken from elsewhere all the same.
#[test]
fn a_note_for_the_task_before_does_not_keep_the_next_one_from_being_woken() {
    let event_loop = EventLoop::with_virtual_clock();
    let make = |mut steps: u32| {
        event_loop.create_task(poll_fn(move |cx| {
            let waker = cx.waker().clone();
            if steps == 0 {
                return Poll::Ready(Ok(()));
            }
            thread::spawn(move || waker.wake()).join().unwrap();
            steps -= 1;
            match steps {
                0 => Poll::Ready(Ok(())),
                _ => Poll::Pending,
            }
        }))
    };
    for steps in [1, 1, 3, 1, 2] {
        event_loop.run_until_complete(make(steps)).unwrap();
    }
}

/// What is kept is empty: a result goes with the last handle, and not when the next task is made.
#[test]
fn nothing_of_a_task_that_is_over_is_kept() {
    let event_loop = EventLoop::with_virtual_clock();
    let witness = Rc::new(());
    for _ in 0..3 {
        let result = witness.clone();
        let task: Task<Rc<()>> = event_loop.create_task(async move { Ok(result) });
        turn(&event_loop);
        assert_eq!(Rc::strong_count(&witness), 2);
        drop(task);
        assert_eq!(Rc::strong_count(&witness), 1);
    }
}

/// It has noted in its last step that it waits for a future, and the leaf lives on elsewhere.
#[test]
fn a_future_that_was_waited_for_in_the_last_step_is_not_kept() {
    let event_loop = EventLoop::with_virtual_clock();
    let (fut, witness) = (event_loop.create_future(), Rc::new(()));
    let leaf = Rc::new(RefCell::new(fut.clone()));
    let polled = leaf.clone();
    let task = event_loop.create_task(poll_fn(move |cx| {
        assert!(pin!(&mut *polled.borrow_mut()).poll(cx).is_pending());
        Poll::Ready(Ok(()))
    }));
    turn(&event_loop);
    task.result().unwrap();
    drop((leaf, task));
    fut.set_result(witness.clone()).unwrap();
    drop(fut);
    assert_eq!(Rc::strong_count(&witness), 1);
}

/// All free pieces of memory up to that size, as good as. Who asks for one afterwards gets another.
fn take_what_is_free() -> Vec<Vec<u8>> {
    let sizes = (8..=1024).step_by(8);
    let eight_of = |size| (0..8).map(move |_| Vec::with_capacity(size));
    sizes.flat_map(eight_of).collect()
}

#[test]
fn the_members_of_a_gather_are_made_in_the_memory_of_those_before() {
    let event_loop = EventLoop::with_virtual_clock();
    let addresses = || {
        let here = |number: u32| async move {
            let here = &raw const number as usize;
            yield_now().await?;
            assert_eq!(here, &raw const number as usize, "it lies across the await");
            Ok(here)
        };
        let gathered = event_loop.run_until_complete(async move { gather((0..3).map(here)).await });
        let mut addresses = gathered.unwrap();
        addresses.sort();
        addresses
    };
    let first = addresses();
    let _taken = take_what_is_free();
    assert_eq!(addresses(), first);
}
