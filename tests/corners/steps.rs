//! Steps: when a coroutine is dropped, what one knows of the last step, and whose wakers are called.

use crate::{Later, OnDrop, reports, secs, turn, turns};
use send_none::{
    Coroutine, Error, EventLoop, FutureCell, LoopEvent, Result, Step, Suspended, Task, all_tasks,
    sleep, yield_now,
};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// However a task ends, what its coroutine holds is dropped before anybody can learn of the end.
#[test]
fn a_coroutine_is_dropped_before_its_end_is_announced() {
    type Body = Pin<Box<dyn Future<Output = Result<()>>>>;
    type End = (&'static str, fn(&Task<()>), Body);
    let ends: [End; 5] = [
        ("returns", |_| (), Box::pin(async { Ok(()) })),
        ("fails", |_| (), Box::pin(async { Err(Error::Timeout) })),
        ("panics", |_| (), Box::pin(async { panic!("in the body") })),
        (
            "is cancelled",
            |task| assert!(task.cancel()),
            Box::pin(pending()),
        ),
        ("is aborted", Task::abort, Box::pin(pending())),
    ];
    for (how, end, body) in ends {
        let event_loop = EventLoop::with_virtual_clock();
        let log = Rc::new(RefCell::new(Vec::new()));
        let (task, dropped, done) = (Later::<Task<()>>::default(), log.clone(), log.clone());
        let looks = task.clone();
        let drops = OnDrop(move || {
            let done = looks.borrow().as_ref().unwrap().done();
            dropped
                .borrow_mut()
                .push(if done { "too late" } else { "dropped" });
        });
        // In a future of its own: a plain `async` block drops its variables before it returns.
        let mut holds = (body, drops);
        let made = event_loop.create_task(poll_fn(move |cx| {
            let (body, _drops) = &mut holds;
            body.as_mut().poll(cx)
        }));
        made.add_done_callback(move |_: &FutureCell<()>| done.borrow_mut().push("done"));
        *task.borrow_mut() = Some(made.clone());
        turn(&event_loop);
        end(&made);
        turns(&event_loop, 2);
        assert_eq!(*log.borrow(), ["dropped", "done"], "one that {how}");
        let _looked_at = made.result();
        drop(task.take());
    }
}

/// A combinator of another crate may wait for more than this leaf: it is for itself to tell.
#[test]
fn a_leaf_that_is_polled_with_the_waker_of_a_combinator_leaves_the_record_alone() {
    struct OfTheCombinator;
    impl Wake for OfTheCombinator {
        fn wake(self: Arc<Self>) {}
    }
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<()>();
    let (mut leaf, waker) = (fut.clone(), Waker::from(Arc::new(OfTheCombinator)));
    let combinator = poll_fn(move |_| Pin::new(&mut leaf).poll(&mut Context::from_waker(&waker)));
    let mut coro = Coroutine::new(combinator);
    assert!(matches!(
        coro.send(None),
        Step::Suspended(Suspended::Foreign)
    ));
    // Nor does it take what is thrown in at the combinator, which may have other plans.
    let step = coro.throw(Error::msg("this"));
    assert!(matches!(step, Step::Returned(Err(error)) if error.to_string() == "this"));
    assert!(!fut.done());
}

#[test]
fn whoever_caught_what_was_thrown_in_stands_in_that_line_no_more() {
    let event_loop = EventLoop::with_virtual_clock();
    let (left, other) = (
        event_loop.create_future::<()>(),
        event_loop.create_future::<()>(),
    );
    let (mut leaves, waits) = (left.clone(), other.clone());
    let mut coro = Coroutine::new(async move {
        assert!((&mut leaves).await.is_err());
        waits.await?;
        leaves.await
    });
    drop(coro.send(None));
    assert!(format!("{left:?}").contains("1 waiting"));
    let step = coro.throw(Error::msg("this"));
    assert!(matches!(step, Step::Suspended(Suspended::On(it)) if it.is(&other)));
    assert!(format!("{left:?}").contains("0 waiting"));
}

#[test]
fn a_finished_coroutine_does_not_hold_what_it_waited_for() {
    let (witness, event_loop) = (Rc::new(()), EventLoop::with_virtual_clock());
    let fut = event_loop.create_future::<Rc<()>>();
    let waits = fut.clone();
    let mut coro = Coroutine::new(async move { waits.await.map(drop) });
    drop(coro.send(None)); // what it tells holds the future, too
    fut.set_result(witness.clone()).unwrap();
    drop(fut);
    assert!(matches!(coro.send(None), Step::Returned(Ok(()))));
    assert_eq!(Rc::strong_count(&witness), 1);
}

/// What it waits for after a poll from outside is the outer step's to know, not its own.
#[test]
fn a_coroutine_that_was_awaited_in_between_cannot_tell_that_it_is_driven_too_early() {
    let event_loop = EventLoop::with_virtual_clock();
    let (first, second) = (event_loop.create_future(), event_loop.create_future());
    let (waits, waits_then) = (first.clone(), second.clone());
    let mut coro = Coroutine::new(async move {
        waits.await?;
        waits_then.await
    });
    assert!(matches!(coro.send(None), Step::Suspended(Suspended::On(it)) if it.is(&first)));
    let polled = Pin::new(&mut coro).poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    let step = coro.send(None);
    assert!(matches!(step, Step::Suspended(Suspended::On(it)) if it.is(&first)));
    first.set_result(()).unwrap();
    assert!(matches!(coro.send(None), Step::Suspended(Suspended::On(it)) if it.is(&second)));
    assert!(
        matches!(coro.send(None), Step::Returned(Err(_))),
        "too early"
    );
    second.set_result(()).unwrap();
}

/// A waker can be of anybody's making, and what it does when it goes is its own affair.
#[test]
fn a_waker_may_use_the_future_when_it_is_dropped() {
    thread_local! {
        static WAITED_FOR: RefCell<Option<FutureCell<i32>>> = const { RefCell::new(None) };
        static DROPPED: Cell<u32> = const { Cell::new(0) };
    }
    struct UsesOnDrop;
    impl Wake for UsesOnDrop {
        fn wake(self: Arc<Self>) {}
    }
    impl Drop for UsesOnDrop {
        fn drop(&mut self) {
            DROPPED.set(DROPPED.get() + 1);
            let fut = WAITED_FOR.with_borrow(Clone::clone).unwrap();
            let _done_or_a_task = fut.set_result(3);
            assert!(format!("{fut:?}").starts_with('<'));
            let _step = Coroutine::new(fut).send(None);
        }
    }
    let waker = || Waker::from(Arc::new(UsesOnDrop));
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ());
    let waited_for = |fut: &FutureCell<i32>| {
        WAITED_FOR.set(Some(fut.clone()));
        let mut coro = Coroutine::new(fut.clone());
        let _suspended = coro.send(Some(&waker()));
        coro
    };

    let mut replaced = waited_for(&event_loop.create_future());
    let _step = replaced.send(Some(Waker::noop()));
    assert_eq!(DROPPED.get(), 1);
    waited_for(&event_loop.create_future()).close();
    assert_eq!(DROPPED.get(), 2);
    let fut = event_loop.create_future();
    let _told = waited_for(&fut);
    fut.cancel();
    assert_eq!(DROPPED.get(), 3);
    let task = event_loop.create_task(pending());
    let mut sent_away = waited_for(&task);
    event_loop.close().unwrap();
    assert_eq!(DROPPED.get(), 4);
    // Its place is gone with the loop.
    let _step = sent_away.send(Some(&waker()));
    assert_eq!(DROPPED.get(), 5);
    WAITED_FOR.take();
}

#[test]
fn a_task_that_wakes_itself_again_and_again_does_not_keep_a_timer_from_being_due() {
    let event_loop = EventLoop::new();
    let _busy: Task<()> = event_loop.create_task(poll_fn(|cx| {
        cx.waker().wake_by_ref();
        Poll::Pending
    }));
    let timer = sleep(std::time::Duration::from_millis(1));
    event_loop.run_until_complete(timer).unwrap();
    event_loop.set_exception_handler(|_, _| ());
}

#[test]
fn twenty_thousand_detached_tasks_leave_nothing_behind() {
    let event_loop = EventLoop::with_virtual_clock();
    for _ in 0..20_000 {
        drop(event_loop.create_task(sleep(secs(1))));
    }
    event_loop.run_until_complete(sleep(secs(2))).unwrap();
    assert!(all_tasks(&event_loop).is_empty());
    assert!(event_loop.snapshot().timers.is_empty());
}

#[test]
fn a_handle_for_other_threads_keeps_the_order_on_the_loop_s_own_thread() {
    let event_loop = EventLoop::with_virtual_clock();
    let log = Arc::new(Mutex::new(Vec::new()));
    let (first, second) = (log.clone(), log.clone());
    let handle = event_loop.threadsafe();
    let by_handle = move || first.lock().unwrap().push("by the handle");
    handle.call_soon(by_handle).unwrap();
    event_loop.call_soon(move || second.lock().unwrap().push("by call_soon"));
    turn(&event_loop);
    assert_eq!(*log.lock().unwrap(), ["by the handle", "by call_soon"]);
}

#[test]
fn a_wake_on_the_loop_s_own_thread_is_in_order_also_if_there_are_other_loops() {
    let event_loop = EventLoop::with_virtual_clock();
    let (fut, log) = (event_loop.create_future(), Rc::new(RefCell::new(vec![])));
    let (waits, woken, called) = (fut.clone(), log.clone(), log.clone());
    let _task = event_loop.create_task(async move {
        waits.await?;
        woken.borrow_mut().push("woken");
        Ok(())
    });
    turn(&event_loop);
    let other = EventLoop::with_virtual_clock();
    other.run_until_complete(yield_now()).unwrap();
    fut.set_result(()).unwrap();
    event_loop.call_soon(move || called.borrow_mut().push("called"));
    turn(&event_loop);
    assert_eq!(*log.borrow(), ["woken", "called"]);
}

#[test]
fn a_future_that_nobody_can_settle_is_not_waited_for() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<()>();
    let asleep = event_loop.run_until_complete(&fut).unwrap_err();
    assert!(asleep.to_string().contains("would sleep for ever"));
    // It can be settled now, and given to another run.
    fut.set_result(()).unwrap();
    event_loop.run_until_complete(fut).unwrap();
}

#[test]
fn an_error_leaves_a_function_that_returns_a_box() {
    type Boxed = Box<dyn std::error::Error + Send + Sync>;
    fn run_it() -> std::result::Result<(), Box<dyn std::error::Error>> {
        Ok(send_none::run(async { Err(Error::Timeout) })?)
    }
    fn run_it_elsewhere() -> std::result::Result<(), Boxed> {
        Ok(send_none::run(async { Err(Error::msg("this")) })?)
    }
    assert_eq!(run_it().unwrap_err().to_string(), "timed out");
    assert_eq!(run_it_elsewhere().unwrap_err().to_string(), "this");
}

#[test]
fn a_foreign_result_that_cannot_take_the_cancellation_is_not_reported_as_an_error() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let task = event_loop.create_task(async {
        yield_now().await?;
        poll_fn(|_| Poll::Ready(())).await;
        Ok(())
    });
    turn(&event_loop);
    task.cancel();
    turns(&event_loop, 2);
    assert!(task.cancelled());
    drop(task);
    assert!(reports.borrow().is_empty());
}

/// What a step polls, and what it does with the leaves.
type Polls = fn(&mut [FutureCell<()>; 2], &mut Context<'_>) -> Poll<Result<()>>;

fn poll_of(fut: &mut FutureCell<()>, cx: &mut Context<'_>) {
    assert!(Pin::new(fut).poll(cx).is_pending());
}

/// One step by hand, and one of a task: which of two futures do they say that they wait for?
fn waits_after(polls: Polls) -> [Option<usize>; 2] {
    let event_loop = EventLoop::with_virtual_clock();
    let futs = [(); 2].map(|()| event_loop.create_future::<()>());
    let coroutine = || {
        let mut leaves = futs.clone();
        Box::pin(poll_fn(move |cx| polls(&mut leaves, cx)))
    };
    let mut by_hand = Coroutine::new(coroutine());
    let Step::Suspended(by_hand_on) = by_hand.send(Some(Waker::noop())) else {
        panic!("it waits")
    };
    let by_hand_on = match by_hand_on {
        Suspended::On(any) => futs.iter().position(|fut| any.is(fut)),
        _ => None,
    };
    let parked = Rc::new(Cell::new(None));
    let notes = parked.clone();
    event_loop.observe(move |_, event: &LoopEvent| {
        if let LoopEvent::Parked { on, .. } = event {
            notes.set(Some(*on));
        }
    });
    let task = event_loop.create_task(coroutine());
    turn(&event_loop);
    let on = parked.take().map(|on| on as usize - 1); // a loop counts from 1
    task.abort();
    turn(&event_loop);
    [by_hand_on, on]
}

#[test]
fn a_leaf_that_is_dropped_in_the_step_is_not_what_the_step_ends_in() {
    let on = waits_after(|leaves, cx| {
        poll_of(&mut leaves[0].clone(), cx); // a clone is a leaf of its own, and goes at once
        poll_of(&mut leaves[1], cx);
        Poll::Pending
    });
    assert_eq!(on, [Some(1); 2]);
}

#[test]
fn if_the_first_of_two_leaves_is_dropped_the_step_ends_in_the_other() {
    let on = waits_after(|leaves, cx| {
        let mut first = leaves[0].clone();
        poll_of(&mut first, cx);
        poll_of(&mut leaves[1], cx);
        drop(first);
        Poll::Pending
    });
    assert_eq!(on, [Some(1); 2]);
}

#[test]
fn a_leaf_that_is_polled_twice_is_one() {
    let on = waits_after(|leaves, cx| {
        poll_of(&mut leaves[0], cx);
        poll_of(&mut leaves[0], cx);
        Poll::Pending
    });
    assert_eq!(on, [Some(0); 2]);
}

#[test]
fn two_leaves_are_not_one() {
    let on = waits_after(|leaves, cx| {
        poll_of(&mut leaves[0], cx);
        poll_of(&mut leaves[1], cx);
        Poll::Pending
    });
    assert_eq!(on, [None; 2]);
}

#[test]
fn a_bare_yield_and_a_future_are_not_one() {
    let on = waits_after(|leaves, cx| {
        let yields = std::pin::pin!(yield_now());
        assert!(yields.poll(cx).is_pending());
        poll_of(&mut leaves[0], cx);
        Poll::Pending
    });
    assert_eq!(on, [None; 2]);
}

/// It is polled with a waker of its own, as in a combinator from elsewhere: so an error that is thrown in
/// is not for it.
#[test]
fn a_leaf_inside_something_foreign_is_thrown_nothing() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<()>();
    let told = Rc::new(Cell::new(false));
    let (mut leaf, tells) = (fut.clone(), told.clone());
    let task: Task<()> = event_loop.create_task(poll_fn(move |_| {
        let mut inner = Context::from_waker(Waker::noop());
        tells.set(tells.get() | Pin::new(&mut leaf).poll(&mut inner).is_ready());
        Poll::Pending
    }));
    turn(&event_loop);
    assert!(task.cancel());
    turn(&event_loop);
    assert!(task.cancelled() && !told.get());
}

thread_local! {
    /// What the next waker of [`Acts`] does.
    static ACT: RefCell<Option<Box<dyn FnOnce()>>> = const { RefCell::new(None) };
}

/// Can be anybody's waker: to wake runs code.
struct Acts;

impl Wake for Acts {
    fn wake(self: Arc<Self>) {
        if let Some(act) = ACT.take() {
            act();
        }
    }
}

/// A future, the first in whose line is [`Acts`], and that one's handle.
fn waited_for_by_one_who_acts(event_loop: &EventLoop) -> (FutureCell<i32>, FutureCell<i32>) {
    let fut = event_loop.create_future();
    let mut first = fut.clone();
    let waker = Waker::from(Arc::new(Acts));
    let polled = Pin::new(&mut first).poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    (fut, first)
}

#[test]
fn once_a_future_is_done_none_of_its_callbacks_is_found_not_even_by_a_waker() {
    let event_loop = EventLoop::with_virtual_clock();
    let (fut, _first) = waited_for_by_one_who_acts(&event_loop);
    let called = Rc::new(Cell::new(0));
    let counts = called.clone();
    type Callback = Rc<dyn Fn(&FutureCell<i32>)>;
    let callback: Callback = Rc::new(move |_| counts.set(counts.get() + 1));
    fut.add_done_callback(&callback);
    let settled = fut.clone();
    ACT.set(Some(Box::new(move || {
        assert_eq!(settled.remove_done_callback(&callback), 0);
    })));
    fut.set_result(7).unwrap();
    turn(&event_loop);
    assert_eq!(called.get(), 1);
}

/// The leaf of the task lies where others can drop it, which they do while its future is being settled: the task is
/// woken, and cancelled, all the same.
#[test]
fn who_stood_in_the_line_of_a_future_that_is_done_is_woken_whatever_a_waker_does() {
    for cancels in [false, true] {
        let event_loop = EventLoop::with_virtual_clock();
        let (fut, _first) = waited_for_by_one_who_acts(&event_loop);
        let leaf = Rc::new(RefCell::new(Some(fut.clone())));
        let inside = leaf.clone();
        let task = event_loop.create_task(poll_fn(move |cx| match &mut *inside.borrow_mut() {
            Some(leaf) => Pin::new(leaf).poll(cx),
            None => Poll::Ready(Ok(0)),
        }));
        turn(&event_loop);
        let told = task.clone();
        ACT.set(Some(Box::new(move || {
            assert!(!cancels || told.cancel());
            let leaf = leaf.take();
            drop(leaf);
        })));
        fut.set_result(7).unwrap();
        turn(&event_loop);
        assert!(task.done() && task.cancelled() == cancels, "{task:?}");
    }
}
