//! What is dropped with the loop, before it and after it, and what that may do.

use crate::{
    Drops, Gate, OnDrop, Wait, elsewhere, in_a_process_of_its_own, orders, quiet_loop, reports,
    secs, turns, watched,
};
use send_none::{
    EventLoop, FutureCell, Result, all_tasks, create_task, get_event_loop, sleep, yield_now,
};
use std::any::Any;
use std::cell::Cell;
use std::future::{pending, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::task::{Poll, Waker};
use std::thread;

/// #8. While its tasks are dropped one after the other, the first one's drop wakes the next one. An
/// executor that holds its list of tasks meanwhile hangs, or panics. Seen in tokio-rs/tokio#2082.
#[test]
fn tasks_that_go_with_their_loop_may_wake_each_other() {
    watched(|| {
        for close in [true, false] {
            let (event_loop, drops) = (EventLoop::with_virtual_clock(), Drops::default());
            let (reports, fut) = (reports(&event_loop), event_loop.create_future());
            let gates: Vec<_> = (0..4).map(|_| Gate::default()).collect();
            for gate in &gates {
                let (all, settles, counted) = (gates.clone(), fut.clone(), drops.counted());
                let wakes_all = OnDrop(move || {
                    for gate in &all {
                        gate.open();
                        let waker = gate.waker();
                        elsewhere(move || waker.wake());
                    }
                    let _done_by_the_first = settles.set_result(());
                });
                let (own, waits) = (gate.clone(), fut.clone());
                drop(event_loop.create_task(async move {
                    let (_wakes_all, _counted) = (wakes_all, counted);
                    own.await?;
                    waits.await
                }));
            }
            let (waits, counted) = (fut.clone(), drops.counted());
            drop(event_loop.create_task(async move {
                let _counted = counted;
                waits.await
            }));
            turns(&event_loop, 1);
            gates[2].waker().wake();
            if close {
                event_loop.close().unwrap();
            }
            drop(event_loop);
            assert_eq!(drops.count(), 5);
            assert!(gates.iter().all(|gate| gate.polls() == 1));
            let destroyed = "Task was destroyed but it is pending!";
            assert_eq!(*reports.borrow(), [destroyed; 5]);
        }
    });
}

/// #11. Where a waker holds the task, and the task its executor, all of them live as long as somebody
/// has the waker. Or the waker is left with nothing to call, and calls it. Seen in
/// compio-rs/compio#489.
#[test]
fn a_waker_that_outlives_its_loop_holds_nothing_and_does_nothing() {
    fn bequeaths(close: bool) -> Waker {
        let (event_loop, drops) = (quiet_loop(), Drops::default());
        let (gate, kept) = (Gate::default(), drops.counted());
        let waits = gate.clone();
        let task = event_loop.create_task(async move {
            let _kept = kept;
            waits.await
        });
        turns(&event_loop, 1);
        let waker = gate.waker();
        if close {
            event_loop.close().unwrap();
        }
        drop(event_loop);
        assert_eq!(drops.count(), 1, "though there is a waker, and a handle");
        gate.open();
        assert!(!task.done() && gate.polls() == 1);
        waker
    }
    watched(|| {
        for close in [true, false] {
            let of_this_thread = bequeaths(close);
            let of_another = thread::spawn(move || bequeaths(close)).join().unwrap();
            // It may have the very place that the other one had in its loop.
            let event_loop = quiet_loop();
            let (gate, task) = Gate::with_task(&event_loop);
            for waker in [of_this_thread, of_another] {
                assert!(waker.will_wake(&waker.clone()));
                waker.wake_by_ref();
                elsewhere(move || (0..1000).for_each(|_| Waker::wake(waker.clone())));
            }
            turns(&event_loop, 2);
            assert_eq!((gate.polls(), task.done()), (1, false));
        }
    });
}

/// #24. A drop during the shutdown makes a new task, whose drop makes the next one. An executor finds
/// its list borrowed, or never comes to an end, or fills its stack. Seen in madsim-rs/madsim#182.
#[test]
fn tasks_made_in_drops_do_not_keep_a_loop_from_closing() {
    /// Its drop makes the next one, on that loop.
    struct Endless {
        event_loop: EventLoop,
        made: Rc<Cell<u64>>,
        make: fn(&EventLoop, Endless),
    }
    impl Drop for Endless {
        fn drop(&mut self) {
            self.made.set(self.made.get() + 1);
            let (event_loop, made) = (self.event_loop.clone(), self.made.clone());
            let next = Endless {
                event_loop,
                made,
                ..*self
            };
            (self.make)(&self.event_loop, next);
        }
    }
    const MAKES: [fn(&EventLoop, Endless); 3] = [
        |event_loop, next| {
            drop(event_loop.create_task(async move {
                let _next = next;
                sleep(secs(9)).await
            }));
        },
        |event_loop, next| drop(event_loop.call_soon(move || drop(next))),
        |event_loop, next| drop(event_loop.call_later(secs(9), move || drop(next))),
    ];
    let this = "drops::tasks_made_in_drops_do_not_keep_a_loop_from_closing";
    in_a_process_of_its_own(this, || {
        // Each makes one more, and that is all.
        let (event_loop, dropped, refused) = (quiet_loop(), Drops::default(), Drops::default());
        for _ in 0..3 {
            let (inside, kept, told) = (event_loop.clone(), dropped.clone(), refused.clone());
            let makes_one = OnDrop(move || {
                let kept = kept.counted();
                let make = || {
                    inside.create_task(async move {
                        drop(kept);
                        Ok(())
                    })
                };
                let made = catch_unwind(AssertUnwindSafe(make));
                made.is_err().then(|| told.counted());
            });
            drop(event_loop.create_task(async move {
                let _makes_one = makes_one;
                pending::<Result<()>>().await
            }));
        }
        turns(&event_loop, 1);
        event_loop.close().unwrap();
        assert_eq!((dropped.count(), refused.count()), (3, 3));

        // Each makes one more, for ever. What comes of them is for the loop to say, but it must end.
        for make in MAKES {
            for by_run in [true, false] {
                let made = Rc::new(Cell::new(0));
                let first = move |event_loop, made: &Rc<_>| Endless {
                    event_loop,
                    made: Rc::clone(made),
                    make,
                };
                if by_run {
                    let made = made.clone();
                    let program = async move {
                        let first = first(get_event_loop()?, &made);
                        get_event_loop()?.set_exception_handler(|_, _| ());
                        drop(create_task(async move {
                            let _first = first;
                            sleep(secs(9)).await
                        }));
                        yield_now().await
                    };
                    send_none::run(program).unwrap();
                } else {
                    let event_loop = quiet_loop();
                    make(&event_loop, first(event_loop.clone(), &made));
                    event_loop.close().unwrap();
                }
                assert!(made.get() > 0);
            }
        }
    });
}

/// #25. A task, its waker and its loop refer to each other. In one of the orders in which they may go
/// something is kept for ever, or let go twice. Seen in DataDog/glommio#379.
#[test]
fn a_loop_and_all_that_one_can_hold_of_it_may_go_in_any_order() {
    /// How to bring the task there, and whether it is done then.
    type State = (fn(&EventLoop, &Gate), u32);
    let states: [State; 4] = [
        (|_, _| (), 0),
        (|event_loop, _| turns(event_loop, 1), 0),
        (
            |event_loop, gate| {
                turns(event_loop, 1);
                gate.open();
            },
            0,
        ),
        (
            |event_loop, gate| {
                gate.open.set(true);
                turns(event_loop, 1);
            },
            1,
        ),
    ];
    for order in orders(5) {
        for (number, (bring_there, is_done)) in states.into_iter().enumerate() {
            let (event_loop, gate) = (quiet_loop(), Gate::default());
            let [of_task, of_callbacks, of_future] = [(); 3].map(|()| Drops::default());
            let (kept, waits) = (of_task.counted(), gate.clone());
            let task = event_loop.create_task(async move {
                let _kept = kept;
                waits.await
            });
            bring_there(&event_loop, &gate);
            let (soon, later) = (of_callbacks.counted(), of_callbacks.counted());
            let soon = event_loop.call_soon(move || drop(soon));
            let later = event_loop.call_later(secs(1), move || drop(later));
            let (fut, on_done) = (event_loop.create_future::<()>(), of_future.counted());
            fut.add_done_callback(move |_: &FutureCell<()>| drop(on_done));
            let mut parts: [Option<Box<dyn Any>>; 5] = [
                Some(Box::new(event_loop)),
                Some(Box::new(task)),
                Some(Box::new((gate.waker.take(), gate))),
                Some(Box::new((soon, later))),
                Some(Box::new(fut)),
            ];
            let mut gone = [false; 5];
            for &part in &order {
                parts[part] = None;
                gone[part] = true;
                let is_done = is_done.max(u32::from(gone[0]));
                let dropped = [&of_task, &of_callbacks, &of_future].map(Drops::count);
                let expected = [is_done, 2 * u32::from(gone[0]), u32::from(gone[4])];
                assert_eq!(
                    dropped, expected,
                    "state {number}, order {order:?}, at {part}"
                );
            }
        }
    }
}

/// #33. Python's loop knows its tasks weakly: when the handle is gone, a task is collected before it is
/// done. Other executors cancel it. Here it runs on, also if nothing but its loop knows of it. Seen
/// in python/cpython#88831.
#[test]
fn a_task_whose_handle_is_dropped_runs_on() {
    watched(|| {
        let (event_loop, drops) = (quiet_loop(), Drops::default());
        let (over, setter) = (
            event_loop.create_future::<()>(),
            event_loop.create_future::<()>(),
        );
        let (wakers, woken) = channel::<Waker>();
        let (from_outside, mut first) = (event_loop.create_future(), true);
        let by_setter = from_outside.threadsafe();
        let wakes = setter.clone();
        event_loop.call_later(secs(1), move || wakes.set_result(()).unwrap());
        let waits: Vec<Wait> = vec![
            Box::pin(async { Ok(()) }),
            Box::pin(yield_now()),
            Box::pin(sleep(secs(5))),
            Box::pin(setter),
            Box::pin(from_outside),
            Box::pin(poll_fn(move |cx| match std::mem::take(&mut first) {
                true => {
                    wakers.send(cx.waker().clone()).unwrap();
                    Poll::Pending
                }
                false => Poll::Ready(Ok(())),
            })),
        ];
        let left = Rc::new(Cell::new(waits.len()));
        for wait in waits {
            let (left, over, kept) = (left.clone(), over.clone(), drops.counted());
            drop(event_loop.create_task(async move {
                let _kept = kept;
                wait.await?;
                left.set(left.get() - 1);
                if left.get() == 0 {
                    over.set_result(())?;
                }
                Ok(())
            }));
        }
        let kept = drops.counted();
        drop(event_loop.create_task(async move {
            let _kept = kept;
            pending::<Result<()>>().await
        }));
        let thread = std::thread::spawn(move || {
            woken.recv().unwrap().wake();
            by_setter.set_result(()).unwrap();
        });
        event_loop.run_until_complete(over).unwrap();
        thread.join().unwrap();
        assert_eq!((drops.count(), all_tasks(&event_loop).len()), (6, 1));
        event_loop.close().unwrap();
        assert_eq!(drops.count(), 7);
    });
}
