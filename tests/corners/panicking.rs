//! A panic where none was expected: in an observer, a handler, a drop, or a task that was the main
//! one once.

use crate::{Later, OnDrop, bomb, reports, secs, turn, turns};
use send_none::{
    Coroutine, Error, EventLoop, FutureCell, LoopEvent, Result, Task, all_tasks, create_task,
    ensure_future, gather, get_event_loop, run, set_event_loop, sleep, yield_now,
};
use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Wake, Waker};
use std::time::Duration;

/// The message of the panic that a run lets through.
fn panic_of<R>(run: impl FnOnce() -> R) -> &'static str {
    let panic = catch_unwind(AssertUnwindSafe(run)).err();
    panic
        .expect("it should have panicked")
        .downcast_ref()
        .copied()
        .unwrap()
}

#[test]
fn a_task_that_a_run_gave_up_waiting_for_panics_like_any_other() {
    let event_loop = EventLoop::with_virtual_clock();
    let task = event_loop.create_task(async {
        sleep(secs(1)).await?;
        panic!("later")
    });
    let task: send_none::Task<()> = task;
    event_loop.stop();
    let stopped = event_loop.run_until_complete(&task).unwrap_err();
    assert!(
        stopped
            .to_string()
            .contains("stopped before Future completed")
    );
    event_loop.run_until_complete(sleep(secs(2))).unwrap();
    assert!(matches!(task.result(), Err(Error::Panicked(text)) if &*text == "later"));
}

#[test]
fn a_panic_goes_on_at_the_caller_of_the_run_also_out_of_ensure_future() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    set_event_loop(&event_loop);
    let fut: FutureCell<i32> = ensure_future(async { panic!("in the coroutine") });
    let panic = panic_of(|| event_loop.run_until_complete(&fut));
    assert_eq!(panic, "in the coroutine");
    assert!(matches!(fut.result(), Err(Error::Panicked(_))));
    drop(fut);
    assert!(reports.borrow().is_empty(), "the caller was told");
}

#[test]
fn a_program_that_panics_leaves_nothing_behind() {
    let (witness, told) = (Rc::new(()), Rc::new(Cell::new(false)));
    let (kept, tells) = (witness.clone(), told.clone());
    let program = async move {
        let _left = create_task(async move {
            let cancelled = sleep(secs(100)).await;
            tells.set(true);
            drop(kept);
            cancelled
        });
        yield_now().await?;
        panic!("in the program")
    };
    assert_eq!(panic_of(|| run::<(), _>(program)), "in the program");
    assert!(told.get(), "what was left is cancelled and waited for");
    assert_eq!(Rc::strong_count(&witness), 1);
}

#[test]
fn a_loop_that_a_panic_has_left_is_dropped_with_all_it_holds() {
    let witness = Rc::new(());
    let event_loop = EventLoop::with_virtual_clock();
    let kept = witness.clone();
    event_loop.call_later(secs(5), move || drop(kept));
    let program = async { panic!("in the program") };
    panic_of(|| event_loop.run_until_complete::<(), _>(program));
    drop(event_loop);
    assert_eq!(Rc::strong_count(&witness), 1);
}

#[test]
fn a_panic_in_the_observer_is_reported_and_nothing_else_comes_of_it() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    event_loop.observe(|_: Duration, event: &LoopEvent| match event {
        LoopEvent::StepBegan { .. } => panic!("at a step"),
        LoopEvent::Settled { .. } => panic!("at the settling"),
        _ => {}
    });
    let fut = event_loop.create_future();
    let waits = event_loop.create_task(fut.clone());
    turn(&event_loop);
    fut.set_result(7).unwrap();
    assert_eq!(event_loop.run_until_complete(waits).unwrap(), 7);
    let (step, settling) = (
        "Exception in observer | at a step",
        "Exception in observer | at the settling",
    );
    assert_eq!(*reports.borrow(), [step, settling, step, settling]);
}

#[test]
fn the_exception_handler_may_replace_itself_and_panic() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = Rc::new(RefCell::new(Vec::new()));
    let told = reports.clone();
    event_loop.set_exception_handler(move |event_loop, context| {
        told.borrow_mut().push(context.message.clone());
        event_loop.clear_exception_handler();
        let told = told.clone();
        event_loop.set_exception_handler(move |_, _| told.borrow_mut().push("the second".into()));
        assert!(event_loop.run_forever().is_err() && event_loop.close().is_err());
        panic!("in the handler (its report on stderr belongs to the test)")
    });
    for _ in 0..2 {
        event_loop.call_soon(|| -> Result<()> { Err(Error::Cancelled) });
    }
    turn(&event_loop);
    assert_eq!(*reports.borrow(), ["Exception in callback", "the second"]);
}

#[test]
fn a_result_that_nobody_fetched_may_panic_when_it_is_dropped() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    drop(event_loop.create_task(async { Ok(bomb()) }));
    turn(&event_loop);
    assert_eq!(*reports.borrow(), ["Exception in a drop | a bomb"]);
}

#[test]
fn what_a_callback_panics_with_may_panic_when_it_is_dropped() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("a bomb")
        }
    }
    event_loop.call_soon(|| panic_any(Bomb));
    turn(&event_loop);
    let report = "Exception in callback | a panic without a message";
    assert_eq!(*reports.borrow(), [report]);
}

/// The results of tasks, futures and gathers are dropped in the midst of the loop's own work.
#[test]
fn a_result_may_use_its_loop_when_it_is_dropped() {
    #[derive(Clone)]
    struct Uses {
        _drops: Rc<OnDrop<Box<dyn FnMut()>>>,
    }
    let event_loop = EventLoop::with_virtual_clock();
    let dropped = Rc::new(Cell::new(0));
    let uses = || {
        let (inside, counts) = (event_loop.clone(), dropped.clone());
        let drops: Box<dyn FnMut()> = Box::new(move || {
            counts.set(counts.get() + 1);
            inside.call_soon(|| ());
            for task in all_tasks(&inside) {
                task.cancel();
            }
            let _fut = inside.create_future::<()>();
        });
        Uses {
            _drops: Rc::new(OnDrop(drops)),
        }
    };
    let result = uses();
    drop(event_loop.create_task(async move { Ok(result) }));
    turn(&event_loop);
    assert_eq!(dropped.get(), 1);
    let fut = event_loop.create_future();
    assert!(fut.set_result(uses()).is_ok());
    drop(fut);
    assert_eq!(dropped.get(), 2);
    let fut = event_loop.create_future();
    assert!(fut.set_result(uses()).is_ok());
    let both = gather([fut]);
    turns(&event_loop, 2);
    drop(both);
    assert_eq!(dropped.get(), 3);
}

#[test]
fn an_error_in_the_clean_up_at_the_end_of_a_program_is_reported() {
    let reports = run(async {
        let reports = reports(&get_event_loop()?);
        let _left = create_task(async {
            let _cancelled = sleep(secs(60)).await;
            Err::<(), _>(Error::msg("in the clean-up"))
        });
        yield_now().await?;
        Ok(reports)
    });
    let expected = "unhandled exception during asyncio.run() shutdown | in the clean-up";
    assert_eq!(*reports.unwrap().borrow(), [expected]);
}

#[test]
fn the_loop_of_a_program_is_closed_though_somebody_holds_it() {
    let event_loop = run(async { get_event_loop() }).unwrap();
    assert!(event_loop.is_closed());
}

/// An `async` block drops what it has while it panics; other futures do it when the panic was caught.
#[test]
fn a_future_that_panics_and_whose_drop_panics_too_ends_its_task() {
    let event_loop = EventLoop::with_virtual_clock();
    let held = OnDrop(|| assert!(std::thread::panicking(), "in the drop"));
    let task: Task<()> = event_loop.create_task(poll_fn(move |_| {
        let _held = &held;
        panic!("in the poll");
    }));
    turn(&event_loop);
    assert!(matches!(task.result(), Err(Error::Panicked(text)) if &*text == "in the poll"));
}

/// The callback cannot be queued any more, and is dropped. Behind it somebody waits by hand.
#[test]
fn a_callback_of_a_closed_loop_that_panics_in_its_drop_does_not_harm_those_behind_it() {
    #[derive(Default)]
    struct Rings(AtomicBool);
    impl Wake for Rings {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future();
    let bomb = bomb();
    fut.add_done_callback(move |_: &FutureCell<i32>| drop(bomb));
    let (mut by_hand, rings) = (Coroutine::new(fut.clone()), Arc::new(Rings::default()));
    drop(by_hand.send(Some(&Waker::from(rings.clone()))));
    event_loop.close().unwrap();
    assert!(fut.set_result(7).is_err());
    assert!(rings.0.load(Ordering::SeqCst));
}

/// What a panic carries, and that panics itself when it is dropped: `panic_any(Bomb)`.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "in the drop of a panic");
    }
}

#[test]
fn a_waker_that_panics_with_a_bomb_does_not_keep_the_next_one_from_being_woken() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic_any(Bomb);
        }
    }
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ());
    let fut = event_loop.create_future();
    let mut by_hand = Coroutine::new(fut.clone());
    drop(by_hand.send(Some(&Waker::from(Arc::new(Panics)))));
    let waits = event_loop.create_task(fut.clone());
    turn(&event_loop);
    fut.set_result(7).unwrap();
    turn(&event_loop);
    assert!(waits.done());
}

#[test]
fn a_drop_that_panics_with_a_bomb_does_not_keep_a_loop_from_closing() {
    let (event_loop, witness) = (EventLoop::with_virtual_clock(), Rc::new(()));
    event_loop.set_exception_handler(|_, _| ());
    let panics = OnDrop(|| panic_any(Bomb));
    event_loop.call_soon(move || drop(panics));
    let kept = witness.clone();
    let _task: Task<()> = event_loop.create_task(poll_fn(move |_| {
        let _kept = &kept;
        Poll::Pending
    }));
    event_loop.close().unwrap();
    assert_eq!(Rc::strong_count(&witness), 1);
}

#[test]
fn an_observer_that_panics_with_a_bomb_does_not_keep_a_task_from_its_queue() {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ());
    event_loop.observe(|_: Duration, event: &LoopEvent| {
        if matches!(event, LoopEvent::Woken { .. }) {
            panic_any(Bomb);
        }
    });
    let task = event_loop.create_task(yield_now());
    turns(&event_loop, 3);
    assert!(task.done());
}

#[test]
fn a_clone_that_panics_with_a_bomb_is_the_error_of_the_gather() {
    struct Panics;
    impl Clone for Panics {
        fn clone(&self) -> Self {
            panic_any(Bomb);
        }
    }
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future();
    let all = gather([fut.clone()]);
    fut.set_result(Panics).unwrap();
    turn(&event_loop);
    assert!(matches!(all.exception(), Ok(Some(Error::Panicked(_)))));
}

#[derive(Debug)]
struct Unprintable;

impl fmt::Display for Unprintable {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic_any(Bomb)
    }
}

impl std::error::Error for Unprintable {}

/// A future of another loop is refused, and the refusal names it. But this one is done by then, and its
/// error cannot be printed.
#[test]
fn a_future_that_is_settled_in_the_very_step_that_waits_for_it_is_not_refused() {
    let (event_loop, other) = (
        EventLoop::with_virtual_clock(),
        EventLoop::with_virtual_clock(),
    );
    let reports = reports(&event_loop);
    let mut fut = other.create_future::<()>();
    let task = event_loop.create_task(poll_fn(move |cx| {
        let poll = Pin::new(&mut fut).poll(cx);
        if poll.is_pending() {
            fut.set_exception(Unprintable).unwrap();
        }
        poll
    }));
    turns(&event_loop, 2);
    assert!(reports.borrow().is_empty());
    let error = task.exception().unwrap().unwrap();
    assert!(error.downcast_ref::<Unprintable>().is_some());
}

/// It is told that a step begins, and makes room for another one. Its own drop panics.
#[test]
fn an_observer_that_replaces_itself_and_panics_in_its_drop_does_not_harm_the_task() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let (inside, bomb) = (event_loop.clone(), bomb());
    event_loop.observe(move |_: Duration, event: &LoopEvent| {
        let _held = &bomb;
        if matches!(event, LoopEvent::StepBegan { .. }) {
            inside.observe(|_: Duration, _: &LoopEvent| ());
        }
    });
    let task = event_loop.create_task(yield_now());
    turns(&event_loop, 2);
    assert!(task.done());
    assert_eq!(*reports.borrow(), ["Exception in observer | a bomb"]);
}

#[test]
fn an_observer_is_told_of_an_error_that_panics_with_a_bomb_when_it_is_printed() {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.observe(|_: Duration, _: &LoopEvent| ());
    let fut = event_loop.create_future::<()>();
    let waits = event_loop.create_task(fut.clone());
    turn(&event_loop);
    assert!(fut.set_exception(Unprintable).is_ok());
    turn(&event_loop);
    assert!(waits.done());
}

/// A task that is parked on a future of which it has the last handle, in what it notes of itself: its leaf was
/// taken away. A callback of that future holds a bomb.
fn holds_a_bomb(event_loop: &EventLoop, held: impl Sized + 'static) -> Task<()> {
    let fut = event_loop.create_future::<()>();
    let bomb = bomb();
    fut.add_done_callback(move |_: &FutureCell<()>| drop(bomb));
    let leaf: Later<FutureCell<()>> = Rc::new(RefCell::new(Some(fut)));
    let polled = leaf.clone();
    let task = event_loop.create_task(poll_fn(move |cx| {
        let _held = &held;
        let mut leaf = polled.borrow_mut();
        leaf.as_mut()
            .map_or(Poll::Pending, |leaf| Pin::new(leaf).poll(cx))
    }));
    turn(event_loop);
    drop(leaf.take());
    task
}

#[test]
fn an_aborted_task_ends_though_what_it_has_polled_panics_when_it_is_dropped() {
    let (event_loop, witness) = (EventLoop::with_virtual_clock(), Rc::new(()));
    let reports = reports(&event_loop);
    let task = holds_a_bomb(&event_loop, witness.clone());
    task.abort();
    turn(&event_loop);
    assert!(task.cancelled(), "{task:?}");
    assert_eq!(Rc::strong_count(&witness), 1);
    let report = "Exception in the drop of an aborted task | a bomb";
    assert_eq!(*reports.borrow(), [report]);
}

#[test]
fn a_closed_loop_drops_a_coroutine_though_what_it_has_polled_panics_then() {
    let (event_loop, witness) = (EventLoop::with_virtual_clock(), Rc::new(()));
    let reports = reports(&event_loop);
    let _task = holds_a_bomb(&event_loop, witness.clone());
    event_loop.close().unwrap();
    assert_eq!(Rc::strong_count(&witness), 1);
    let destroyed = "Task was destroyed but it is pending!";
    assert_eq!(
        *reports.borrow(),
        [destroyed, "Exception while closing | a bomb"]
    );
}

#[test]
fn a_closed_loop_drops_a_coroutine_though_nobody_can_print_what_it_waits_for() {
    let (event_loop, witness) = (EventLoop::with_virtual_clock(), Rc::new(()));
    let reports = reports(&event_loop);
    let (fut, held) = (event_loop.create_future::<()>(), witness.clone());
    let waits = fut.clone();
    let _task = event_loop.create_task(async move {
        let _held = held;
        waits.await
    });
    turn(&event_loop);
    fut.set_exception(Unprintable).unwrap();
    event_loop.close().unwrap();
    assert_eq!(Rc::strong_count(&witness), 1);
    assert_eq!(*reports.borrow(), ["Task was destroyed but it is pending!"]);
}

/// Its poll panics, and so does the drop of what it holds. It has polled a future, a callback of which holds the task.
#[test]
fn a_task_that_panics_twice_keeps_nothing_that_it_polled() {
    let event_loop = EventLoop::with_virtual_clock();
    let (fut, witness) = (event_loop.create_future::<()>(), Rc::new(()));
    let leaf = Rc::new(RefCell::new(fut.clone()));
    let (polled, bomb) = (leaf.clone(), OnDrop(|| panic_any(Bomb)));
    let task: Task<()> = event_loop.create_task(poll_fn(move |cx| {
        let _held = &bomb;
        assert!(Pin::new(&mut *polled.borrow_mut()).poll(cx).is_pending());
        panic!("in the poll")
    }));
    let held = (task.clone(), witness.clone());
    fut.add_done_callback(move |_: &FutureCell<()>| drop(held));
    turn(&event_loop);
    assert!(matches!(task.exception(), Ok(Some(Error::Panicked(_)))));
    drop((task, fut, leaf));
    assert_eq!(Rc::strong_count(&witness), 1);
}
