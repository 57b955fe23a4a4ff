//! What is left when a loop is closed, or dropped, and what still can be done with it.

use crate::{Later, OnDrop, bomb, reports, secs, turn};
use send_none::{
    Error, EventLoop, FutureCell, Result, Task, TimerHandle, all_tasks, create_task, current_task,
    gather, get_event_loop, set_event_loop, sleep, yield_now,
};
use std::any::Any;
use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::task::{Poll, Waker};

#[test]
fn callbacks_whose_handles_are_held_are_dropped_with_the_loop() {
    let (witness, event_loop) = (Rc::new(()), EventLoop::with_virtual_clock());
    let (soon, later) = (witness.clone(), witness.clone());
    let _soon = event_loop.call_soon(move || drop(soon));
    let _later = event_loop.call_later(secs(1), move || drop(later));
    event_loop.close().unwrap();
    assert_eq!(Rc::strong_count(&witness), 1);
}

#[test]
fn a_callback_that_holds_its_own_handle_is_dropped_with_the_loop() {
    struct Owner {
        timer: Later<TimerHandle>,
        _witness: Rc<()>,
    }
    let (witness, event_loop) = (Rc::new(()), EventLoop::with_virtual_clock());
    let owner = Rc::new(Owner {
        timer: Later::default(),
        _witness: witness.clone(),
    });
    let owned = owner.clone();
    let timer = event_loop.call_later(secs(1), move || drop(owned));
    *owner.timer.borrow_mut() = Some(timer);
    drop(owner);
    event_loop.close().unwrap();
    assert_eq!(Rc::strong_count(&witness), 1);
}

#[test]
fn a_task_that_its_own_callback_holds_is_freed_with_its_loop() {
    let (witness, event_loop) = (Rc::new(()), EventLoop::with_virtual_clock());
    let task = event_loop.create_task(pending::<Result<()>>());
    let captured = (task.clone(), witness.clone());
    task.add_done_callback(move |_: &FutureCell<()>| drop(captured));
    drop(task);
    event_loop.close().unwrap();
    assert_eq!(Rc::strong_count(&witness), 1);
}

#[test]
fn no_panic_in_a_drop_keeps_the_rest_from_being_dropped() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let task = event_loop.create_task(pending::<Result<()>>());
    let fut = event_loop.create_future::<()>();
    let both = gather([&fut]);
    for _ in 0..2 {
        let [soon, later, on_task, on_gather] = [bomb(), bomb(), bomb(), bomb()];
        event_loop.call_soon(move || drop(soon));
        event_loop.call_later(secs(1), move || drop(later));
        task.add_done_callback(move |_: &FutureCell<()>| drop(on_task));
        both.add_done_callback(move |_: &FutureCell<_>| drop(on_gather));
    }
    event_loop.close().unwrap();
    let destroyed = "Task was destroyed but it is pending!";
    let mut expected = ["Exception while closing | a bomb"; 9];
    expected[4] = destroyed;
    assert_eq!(*reports.borrow(), expected);
}

#[test]
fn a_loop_may_be_dropped_by_a_panic_though_its_tasks_panic_then_too() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let kept = bomb();
    let _task = event_loop.create_task(async move {
        let _kept = kept;
        sleep(secs(1)).await
    });
    turn(&event_loop);
    let unwound = catch_unwind(AssertUnwindSafe(move || {
        let _dropped = event_loop;
        panic!("the first")
    }));
    assert_eq!(unwound.unwrap_err().downcast_ref(), Some(&"the first"));
    let (destroyed, panicked) = (
        "Task was destroyed but it is pending!",
        "Exception while closing | a bomb",
    );
    assert_eq!(*reports.borrow(), [destroyed, panicked]);
}

/// Each coroutine does all it can to the closing loop when it is dropped.
#[test]
fn whatever_is_dropped_at_the_end_may_do_anything_to_the_loop() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let fut = event_loop.create_future::<i32>();
    for number in 0..4 {
        let (inside, settles, waits) = (event_loop.clone(), fut.clone(), fut.clone());
        let waker: Later<Waker> = Rc::default();
        let (left, leaves) = (waker.clone(), waker);
        let drops = OnDrop(move || {
            let waker = left.take().unwrap();
            waker.wake_by_ref();
            waker.wake();
            let _settled_by_the_first = settles.set_result(number);
            assert!(!settles.cancel() && settles.done());
            assert!(all_tasks(&inside).is_empty() && current_task().is_none());
            assert!(inside.run_forever().is_err() && inside.close().is_ok());
            inside.stop();
            let refused = inside.create_task(async { Ok(()) });
            refused.cancel();
        });
        let _task = event_loop.create_task(async move {
            let _drops = drops;
            poll_fn(|cx| {
                *leaves.borrow_mut() = Some(cx.waker().clone());
                Poll::Ready(())
            })
            .await;
            waits.await
        });
    }
    turn(&event_loop);
    event_loop.close().unwrap();
    // To make a task of a closed loop panics; that is what ends each drop.
    let (destroyed, refused) = (
        "Task was destroyed but it is pending!",
        "Exception while closing | RuntimeError: Event loop is closed \
         (make a new one with EventLoop::new())",
    );
    assert_eq!(*reports.borrow(), [destroyed, refused].repeat(4));
    assert_eq!(fut.result().unwrap(), 0);
}

/// A thread that ends drops its default loop, when some of its thread-locals are gone already.
#[test]
fn a_thread_may_end_with_a_default_loop_full_of_tasks() {
    let thread = std::thread::spawn(|| {
        let event_loop = EventLoop::with_virtual_clock();
        event_loop.set_exception_handler(|_, _| ());
        set_event_loop(&event_loop);
        let fut = event_loop.create_future::<i32>();
        for _ in 0..2 {
            let (settles, waits) = (fut.clone(), fut.clone());
            let drops = OnDrop(move || {
                let _any = (get_event_loop(), current_task(), settles.set_result(1));
                let mut coro = send_none::Coroutine::new(sleep(secs(1)));
                let _step = coro.send(None);
                let _run = EventLoop::new().run_until_complete(yield_now());
            });
            let _task = event_loop.create_task(async move {
                let _drops = drops;
                waits.await
            });
        }
        turn(&event_loop);
    });
    thread.join().unwrap();
}

/// A loop, a task of it, its waker, the future it waits for and a gather of it, in all 120 orders.
#[test]
fn handles_may_be_dropped_in_any_order() {
    for order in 0..120 {
        let (witness, event_loop) = (Rc::new(()), EventLoop::with_virtual_clock());
        event_loop.set_exception_handler(|_, _| ());
        let (waker, fut) = (Later::<Waker>::default(), event_loop.create_future::<()>());
        let (leaves, waits, kept) = (waker.clone(), fut.clone(), witness.clone());
        let task = event_loop.create_task(async move {
            poll_fn(|cx| {
                *leaves.borrow_mut() = Some(cx.waker().clone());
                Poll::Ready(())
            })
            .await;
            waits.await?;
            drop(kept);
            Ok(())
        });
        let both = gather([&task]);
        turn(&event_loop);
        let mut handles: Vec<Box<dyn Any>> = vec![
            Box::new(event_loop),
            Box::new(task),
            Box::new(waker.take()),
            Box::new(fut),
            Box::new(both),
        ];
        let mut choices = order;
        while !handles.is_empty() {
            let choice = choices % handles.len();
            choices /= handles.len();
            drop(handles.remove(choice));
        }
        assert_eq!(Rc::strong_count(&witness), 1, "order {order}");
    }
}

/// The stop callback of the second run is queued twice over by then, and must not hold the loop.
#[test]
fn a_loop_that_was_stopped_beside_its_future_is_dropped_with_all_it_holds() {
    let (witness, event_loop) = (Rc::new(()), EventLoop::with_virtual_clock());
    let kept = witness.clone();
    event_loop.call_later(secs(9), move || drop(kept));
    let fut = event_loop.create_future::<i32>();
    let setter = fut.clone();
    event_loop.call_soon(|| get_event_loop().unwrap().stop());
    event_loop.call_soon(move || setter.set_result(1));
    assert_eq!(event_loop.run_until_complete(fut).unwrap(), 1);
    drop(event_loop);
    assert_eq!(Rc::strong_count(&witness), 1);
}

/// The tasks are dropped last, so one of them can still be woken by what is dropped before.
#[test]
fn a_closed_loop_holds_nothing_though_it_was_woken_while_it_closed() {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ());
    let fut = event_loop.create_future();
    let task = event_loop.create_task(fut.clone());
    turn(&event_loop);
    let settles = OnDrop(move || fut.set_result(1).unwrap());
    event_loop.call_soon(move || drop(settles));
    event_loop.close().unwrap();
    let left = event_loop.snapshot();
    assert!(left.ready.is_empty() && left.timers.is_empty() && left.tasks.is_empty());
    assert!(!task.done());
}

#[test]
fn a_task_of_a_closed_loop_is_never_done() {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ());
    let fut = event_loop.create_future::<i32>();
    let task: Task<i32> = event_loop.create_task(fut.clone());
    turn(&event_loop);
    event_loop.close().unwrap();
    fut.set_result(1).unwrap();
    task.cancel();
    task.abort();
    assert!(!task.done());
    assert!(matches!(task.result(), Err(Error::InvalidState(_))));
}

#[test]
fn the_tasks_of_a_loop_come_oldest_first_also_when_places_were_let_again() {
    let event_loop = EventLoop::with_virtual_clock();
    let first = event_loop.create_task(async { Ok(()) });
    let second = event_loop.create_task(pending::<Result<()>>());
    event_loop.run_until_complete(first).unwrap();
    let third = event_loop.create_task(pending::<Result<()>>());
    let dropped = Rc::new(RefCell::new(Vec::new()));
    assert_eq!(all_tasks(&event_loop), [second.any(), third.any()]);
    let names = |tasks: Vec<send_none::AnyTask>| -> Vec<_> {
        tasks.iter().map(|task| task.name()).collect()
    };
    assert_eq!(names(all_tasks(&event_loop)), ["Task-2", "Task-3"]);
    let told = dropped.clone();
    event_loop.set_exception_handler(move |_, context| {
        told.borrow_mut().push(context.subject.clone().unwrap());
    });
    event_loop.close().unwrap();
    assert_eq!(*dropped.borrow(), ["<Task-2>", "<Task-3>"]);
}

#[test]
fn timers_are_dropped_earliest_first() {
    let event_loop = EventLoop::with_virtual_clock();
    let dropped = Rc::new(RefCell::new(Vec::new()));
    for n in [9, 5, 1, 3, 8, 2, 4, 7, 6] {
        let dropped = dropped.clone();
        let on_drop = OnDrop(move || dropped.borrow_mut().push(n));
        event_loop.call_later(secs(n), move || drop(on_drop));
    }
    event_loop.close().unwrap();
    assert_eq!(*dropped.borrow(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn a_closed_loop_takes_no_observer() {
    let (event_loop, witness) = (EventLoop::with_virtual_clock(), Rc::new(()));
    event_loop.close().unwrap();
    let (itself, held) = (event_loop.clone(), witness.clone());
    event_loop.observe(move |_, _: &_| drop((itself.clone(), held.clone())));
    assert_eq!(Rc::strong_count(&witness), 1);
}

/// All that is left is waited for in one run; what went wrong in it is reported when all is over.
#[test]
fn a_program_reports_what_went_wrong_in_the_end_when_all_is_over() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let (sees, says) = (seen.clone(), seen.clone());
    let program = async move {
        let event_loop = get_event_loop()?;
        event_loop.set_exception_handler(move |_, context| {
            sees.borrow_mut().push(context.message.clone());
        });
        create_task(sleep(secs(9))); // this one ends as it should
        for turns in [1, 4] {
            let says = says.clone();
            create_task(async move {
                let cancelled = sleep(secs(9)).await;
                for _ in 0..turns {
                    yield_now().await?;
                }
                says.borrow_mut().push(format!("{turns} turns"));
                assert!(cancelled.is_err());
                Err::<(), _>(Error::msg("in the clean-up"))
            });
        }
        yield_now().await
    };
    send_none::run(program).unwrap();
    let report = "unhandled exception during asyncio.run() shutdown";
    assert_eq!(*seen.borrow(), ["1 turns", "4 turns", report, report]);
}

#[test]
fn what_is_dropped_with_a_loop_finds_it_closed_and_empty() {
    let event_loop = EventLoop::with_virtual_clock();
    let seen: Rc<RefCell<Vec<String>>> = Rc::default();
    let look = |name: &'static str| {
        let (event_loop, seen) = (event_loop.clone(), seen.clone());
        OnDrop(move || {
            let (snapshot, closed) = (event_loop.snapshot(), event_loop.is_closed());
            let left = snapshot.ready.len() + snapshot.timers.len() + snapshot.tasks.len();
            seen.borrow_mut().push(format!("{name} {closed} {left}"));
        })
    };
    let (soon, later, inside) = (look("soon"), look("later"), look("inside"));
    event_loop.set_exception_handler(|_, _| ());
    event_loop.create_task(async move {
        let _inside = inside;
        pending::<Result<()>>().await
    });
    turn(&event_loop);
    event_loop.call_later(secs(1), move || drop(later));
    event_loop.call_soon(move || drop(soon));
    event_loop.close().unwrap();
    let expected = ["soon true 0", "later true 0", "inside true 0"];
    assert_eq!(*seen.borrow(), expected);
}
