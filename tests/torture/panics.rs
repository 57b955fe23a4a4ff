//! A panic, and who must not suffer from it.

use crate::{
    Drops, Gate, Later, OnDrop, elsewhere, in_a_process_of_its_own, quiet_loop, reports, secs,
    turns, waker_of, watched,
};
use send_none::{
    Coroutine, Error, EventLoop, FutureCell, Result, Task, current_task, gather, set_event_loop,
    sleep,
};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::task::Waker;

/// #21. A task that panics takes the whole executor along, or its awaiters wait for ever. If it has
/// woken itself before, it is polled once more, and panics with "resumed after panicking". Seen in
/// redbadger/crux#397.
#[test]
fn a_task_that_panics_in_its_poll_is_over_and_nothing_else_is() {
    let wakes: [fn(&Waker); 3] = [
        |_| (),
        |waker| waker.wake_by_ref(),
        |waker| {
            let waker = waker.clone();
            elsewhere(move || waker.wake());
        },
    ];
    watched(move || {
        for wake in wakes {
            let (event_loop, drops) = (quiet_loop(), Drops::default());
            let (polls, left) = (Rc::new(Cell::new(0)), Later::<Waker>::default());
            let (counts, leaves, kept) = (polls.clone(), left.clone(), drops.counted());
            let bad: Task<i32> = event_loop.create_task(poll_fn(move |cx| {
                let _kept = &kept;
                counts.set(counts.get() + 1);
                *leaves.borrow_mut() = Some(cx.waker().clone());
                wake(cx.waker());
                panic!("in the poll")
            }));
            let awaits = [(); 3].map(|()| event_loop.create_task(bad.clone()));
            let sibling = event_loop.create_task(async {
                assert!(current_task().is_some());
                sleep(secs(1)).await?;
                Ok(7)
            });
            let between = event_loop.create_future();
            let tells = between.clone();
            event_loop.call_soon(move || tells.set_result(current_task()).unwrap());
            assert_eq!(event_loop.run_until_complete(sibling).unwrap(), 7);
            assert_eq!(between.result().unwrap(), None);
            left.take().expect("it was polled").wake();
            turns(&event_loop, 3);
            assert_eq!((polls.get(), drops.count()), (1, 1));
            for task in [bad].iter().chain(&awaits) {
                let result = task.result();
                assert!(matches!(result, Err(Error::Panicked(text)) if &*text == "in the poll"));
            }
        }
    });
}

/// #22. One of many waiters panics when it is told, and those behind it in the line are never told.
/// Here each panic is reported to the exception handler, as the page of `reports` says, and the line
/// goes on. Seen in tokio-rs/tokio#4055.
#[test]
fn of_many_waiters_those_that_panic_do_not_keep_the_others_from_being_told() {
    type End = (&'static str, fn(&FutureCell<()>, &Gate));
    let ends: [End; 5] = [
        ("a result", |fut, _| fut.set_result(()).unwrap()),
        ("an error", |fut, _| {
            fut.set_exception(Error::Timeout).unwrap()
        }),
        ("a cancellation", |fut, _| assert!(fut.cancel())),
        ("the end of a task", |_, gate| gate.open()),
        ("the end of a gather", |_, gate| gate.open()),
    ];
    for (name, end) in ends {
        let event_loop = EventLoop::with_virtual_clock();
        let (reports, (gate, task)) = (reports(&event_loop), Gate::with_task(&event_loop));
        let fut = match name {
            "the end of a task" => task.into(),
            "the end of a gather" => {
                let all = gather([task]);
                let first = event_loop.create_task(async { all.await.map(drop) });
                turns(&event_loop, 1);
                first.into()
            }
            _ => event_loop.create_future(),
        };
        let told = Rc::new(RefCell::new(Vec::new()));
        let mut by_hand = Vec::new();
        for number in 0..10 {
            let (waits, by_callback, by_task) = (fut.clone(), told.clone(), told.clone());
            fut.add_done_callback(move |_: &FutureCell<()>| {
                by_callback.borrow_mut().push((number, "callback"));
                assert!(number % 3 > 0, "in a callback");
            });
            drop(event_loop.create_task(async move {
                let _result = waits.await;
                by_task.borrow_mut().push((number, "task"));
                Ok(())
            }));
            turns(&event_loop, 1);
            let mut coro = Coroutine::new(fut.clone());
            let _step = coro.send(Some(&waker_of(|| panic!("in a waker"))));
            by_hand.push(coro);
        }
        end(&fut, &gate);
        turns(&event_loop, 5);
        let all = (0..10).flat_map(|number| [(number, "callback"), (number, "task")]);
        assert_eq!(*told.borrow(), all.collect::<Vec<_>>(), "{name}");
        let mut expected = vec!["Exception in waker | in a waker"; 10];
        expected.extend(["Exception in callback | in a callback"; 4]);
        assert_eq!(*reports.borrow(), expected, "{name}");
    }
}

/// #23. A panic unwinds through whoever has the loop, and so drops its tasks. If one of them panics in
/// its drop, or the loop panics because it is used while it goes, the process aborts. Seen in
/// compio-rs/compio#901.
#[test]
fn tasks_may_do_anything_when_a_panic_drops_them() {
    /// Does all that it can to three loops: a closed one, one that is open, and its own, if there is one.
    fn does_all(
        closed: &EventLoop,
        open: &EventLoop,
        drops: &Drops,
    ) -> OnDrop<impl FnMut() + use<>> {
        let (closed, open, counted) = (closed.clone(), open.clone(), drops.counted());
        let (fut, (gate, task)) = (open.create_future::<()>(), Gate::with_task(&open));
        let mut counted = Some(counted);
        OnDrop(move || {
            drop(counted.take());
            let own = current_task();
            for event_loop in [&closed, &open] {
                event_loop.call_soon(|| ());
                event_loop.call_later(secs(1), || ());
                event_loop.create_task(pending::<Result<()>>()).cancel();
                let _refused = event_loop.threadsafe().call_soon(|| ());
                event_loop.stop();
                let _refused = event_loop.run_forever();
            }
            gate.open();
            task.cancel();
            let _result = fut.set_result(());
            own.map(|own| own.cancel());
        })
    }
    let this = "panics::tasks_may_do_anything_when_a_panic_drops_them";
    in_a_process_of_its_own(this, || {
        let (closed, open, drops) = (quiet_loop(), quiet_loop(), Drops::default());
        set_event_loop(&open);
        closed.close().unwrap();
        open.call_later(secs(3), || ());
        let fill = |event_loop: &EventLoop| {
            for bomb in [false, true, false] {
                let kept = does_all(&closed, &open, &drops);
                let bomb = OnDrop(move || assert!(!bomb, "a bomb"));
                drop(event_loop.create_task(async move {
                    let _kept = (kept, bomb);
                    sleep(secs(9)).await
                }));
            }
            turns(event_loop, 1);
        };
        let unwinds = |act: &dyn Fn()| {
            let panic = catch_unwind(AssertUnwindSafe(act)).unwrap_err();
            assert_eq!(panic.downcast_ref(), Some(&"the first"));
        };
        unwinds(&|| {
            let event_loop = quiet_loop();
            fill(&event_loop);
            panic!("the first")
        });
        assert_eq!(drops.count(), 3);
        unwinds(&|| {
            let event_loop = quiet_loop();
            fill(&event_loop);
            let kept = does_all(&closed, &open, &drops);
            let program = async move {
                let _kept = kept;
                panic!("the first")
            };
            event_loop.run_until_complete(program).unwrap()
        });
        assert_eq!(drops.count(), 7);
        let event_loop = quiet_loop();
        let inner = quiet_loop();
        fill(&inner);
        let kept = does_all(&closed, &open, &drops);
        let task: Task<()> = event_loop.create_task(async move {
            let _kept = (kept, inner);
            panic!("the first")
        });
        turns(&event_loop, 2);
        assert!(matches!(task.result(), Err(Error::Panicked(text)) if &*text == "the first"));
        assert_eq!(drops.count(), 11);
    });
}
