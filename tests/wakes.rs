//! Wakes and polls, counted.

use send_none::{
    Error, EventLoop, FutureCell, LoopEvent, Result, Suspended, gather, sleep, yield_now,
};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

/// A future that is pending until `open`, counts how often it is polled and leaves its waker
/// outside.
#[derive(Clone, Default)]
struct Gate {
    open: Rc<Cell<bool>>,
    polls: Rc<Cell<u32>>,
    waker: Rc<RefCell<Option<Waker>>>,
}

impl Gate {
    async fn wait(self) -> Result<()> {
        poll_fn(|cx| {
            self.polls.set(self.polls.get() + 1);
            *self.waker.borrow_mut() = Some(cx.waker().clone());
            if self.open.get() {
                Poll::Ready(Ok(()))
            } else {
                Poll::Pending
            }
        })
        .await
    }

    fn wake(&self) {
        let waker = self.waker.borrow().clone();
        waker.expect("it was polled").wake();
    }
}

/// Runs one turn.
fn turn(event_loop: &EventLoop) {
    event_loop.stop();
    event_loop.run_forever().unwrap();
}

#[test]
fn a_task_that_is_parked_once_is_polled_exactly_twice() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<i32>();
    let setter = fut.clone();
    event_loop.call_later(Duration::from_secs(20), move || setter.set_result(7));
    let polls = Rc::new(Cell::new(0));
    let counted = polls.clone();
    let result = event_loop.run_until_complete(async move {
        let mut fut = pin!(fut);
        poll_fn(move |cx| {
            counted.set(counted.get() + 1);
            fut.as_mut().poll(cx)
        })
        .await
    });
    assert_eq!(result.unwrap(), 7);
    assert_eq!(polls.get(), 2);
    assert_eq!(event_loop.turns(), 4); // step; timer; step; the stop callback
}

/// The same wait, for a thousand turns of somebody else: by asking again in each turn, and by being
/// woken.
#[test]
fn who_asks_again_and_again_is_polled_in_every_turn_and_who_is_woken_is_polled_twice() {
    async fn asks_again(fut: FutureCell<()>) -> Result<()> {
        while !fut.done() {
            yield_now().await?;
        }
        Ok(())
    }
    let polls_of = |asks: bool| {
        let event_loop = EventLoop::with_virtual_clock();
        let fut = event_loop.create_future::<()>();
        let settled = fut.clone();
        event_loop.create_task(async move {
            for _ in 0..1_000 {
                yield_now().await?;
            }
            settled.set_result(())
        });
        let polls = Rc::new(Cell::new(0));
        let counted = polls.clone();
        let waits = event_loop.create_task(async move {
            let mut wait = match asks {
                true => Box::pin(asks_again(fut)) as Pin<Box<dyn Future<Output = Result<()>>>>,
                false => Box::pin(fut),
            };
            poll_fn(move |cx| {
                counted.set(counted.get() + 1);
                wait.as_mut().poll(cx)
            })
            .await
        });
        event_loop.run_until_complete(waits).unwrap();
        polls.get()
    };
    assert_eq!(polls_of(true), 1_001);
    assert_eq!(polls_of(false), 2);
}

#[test]
fn ten_thousand_wakes_before_a_turn_are_one_poll() {
    let event_loop = EventLoop::with_virtual_clock();
    let gate = Gate::default();
    let task = event_loop.create_task(gate.clone().wait());
    turn(&event_loop);
    assert_eq!(gate.polls.get(), 1);
    for _ in 0..10_000 {
        gate.wake();
    }
    turn(&event_loop);
    assert_eq!(gate.polls.get(), 2);
    turn(&event_loop);
    assert_eq!(gate.polls.get(), 2, "nobody woke it since");
    gate.open.set(true);
    gate.wake();
    event_loop.run_until_complete(task).unwrap();
    assert_eq!(gate.polls.get(), 3);
}

#[test]
fn a_task_that_is_never_woken_is_never_polled_again() {
    let event_loop = EventLoop::with_virtual_clock();
    let gate = Gate::default();
    let task = event_loop.create_task(gate.clone().wait());
    for _ in 0..100 {
        turn(&event_loop);
    }
    assert_eq!(gate.polls.get(), 1);
    assert!(!task.done());
}

#[test]
fn a_wake_during_the_poll_is_one_more_poll() {
    let event_loop = EventLoop::with_virtual_clock();
    let polls = Rc::new(Cell::new(0));
    let counted = polls.clone();
    let task = event_loop.create_task(poll_fn(move |cx| {
        counted.set(counted.get() + 1);
        for _ in 0..100 {
            cx.waker().wake_by_ref();
        }
        if counted.get() < 3 {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    }));
    event_loop.run_until_complete(task).unwrap();
    assert_eq!(polls.get(), 3);
}

#[test]
fn a_wake_after_the_end_does_nothing() {
    let event_loop = EventLoop::with_virtual_clock();
    let gate = Gate::default();
    gate.open.set(true);
    event_loop.run_until_complete(gate.clone().wait()).unwrap();
    for _ in 0..1000 {
        gate.wake();
    }
    turn(&event_loop);
    assert_eq!(gate.polls.get(), 1);
    drop(event_loop);
    gate.wake(); // and none after the loop is gone
}

#[test]
fn a_stale_waker_does_not_wake_the_next_tenant_of_its_place() {
    let event_loop = EventLoop::with_virtual_clock();
    let first = Gate::default();
    first.open.set(true);
    event_loop.run_until_complete(first.clone().wait()).unwrap();
    let second = Gate::default();
    let task = event_loop.create_task(second.clone().wait());
    turn(&event_loop);
    first.wake();
    turn(&event_loop);
    assert_eq!(second.polls.get(), 1);
    assert!(!task.done());
}

#[test]
fn a_wake_from_another_thread_comes_by_mail() {
    let event_loop = EventLoop::with_virtual_clock();
    let gate = Gate::default();
    let opened = gate.open.clone();
    let task = event_loop.create_task(gate.clone().wait());
    turn(&event_loop);
    let waker = gate.waker.borrow().clone().unwrap();
    opened.set(true);
    let thread = std::thread::spawn(move || {
        for _ in 0..1000 {
            waker.wake_by_ref();
        }
    });
    event_loop.run_until_complete(task).unwrap();
    thread.join().unwrap();
    assert_eq!(gate.polls.get(), 2);
}

#[test]
fn a_spurious_poll_takes_no_second_place_in_the_line() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<i32>();
    let waiting = fut.clone();
    let gate = Gate::default();
    let wakes = gate.clone();
    let task = event_loop.create_task(async move {
        let mut waiting = pin!(waiting);
        poll_fn(move |cx| {
            *wakes.waker.borrow_mut() = Some(cx.waker().clone());
            waiting.as_mut().poll(cx)
        })
        .await
    });
    for _ in 0..10 {
        turn(&event_loop);
        gate.wake();
    }
    turn(&event_loop);
    assert_eq!(format!("{fut:?}"), "<Future-1 pending, 1 waiting>");
    fut.set_result(1).unwrap();
    assert_eq!(event_loop.run_until_complete(task).unwrap(), 1);
}

#[test]
fn a_handle_that_is_dropped_while_it_waits_gives_its_place_up() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<i32>();
    let waiting = fut.clone();
    event_loop
        .run_until_complete(async move {
            let mut waiting = Some(Box::pin(waiting));
            poll_fn(|cx| {
                let poll = waiting.as_mut().unwrap().as_mut().poll(cx);
                assert!(poll.is_pending());
                waiting = None;
                Poll::Ready(Ok(()))
            })
            .await
        })
        .unwrap();
    assert_eq!(format!("{fut:?}"), "<Future-1 pending, 0 waiting>");
}

/// The record of what a step waits for must forget a branch that lost: else cancelling the task
/// would cancel that branch's future, which somebody else may need.
#[test]
fn cancelling_does_not_reach_a_future_that_the_task_no_longer_waits_for() {
    let event_loop = EventLoop::with_virtual_clock();
    let lost = event_loop.create_future::<i32>();
    let waited_for = event_loop.create_future::<i32>();
    let (loser, winner) = (lost.clone(), waited_for.clone());
    let task = event_loop.create_task(async move {
        let mut loser = Some(Box::pin(loser));
        poll_fn(|cx| {
            assert!(loser.as_mut().unwrap().as_mut().poll(cx).is_pending());
            loser = None;
            Poll::Ready(())
        })
        .await;
        winner.await
    });
    turn(&event_loop);
    assert!(task.cancel());
    assert!(waited_for.cancelled());
    assert!(!lost.done());
}

#[test]
fn a_future_polled_by_one_task_and_then_by_another_wakes_the_other() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<&str>();
    let moved = Rc::new(RefCell::new(Some(Box::pin(fut.clone()))));
    let borrowed = moved.clone();
    let first = event_loop.create_task(poll_fn(move |cx| {
        let mut fut = borrowed.borrow_mut();
        let Some(fut) = fut.as_mut() else {
            return Poll::Ready(Ok("taken away"));
        };
        fut.as_mut().poll(cx)
    }));
    turn(&event_loop);
    let fut_moved = moved.borrow_mut().take().unwrap();
    let second = event_loop.create_task(fut_moved);
    turn(&event_loop);
    fut.set_result("it").unwrap();
    assert_eq!(event_loop.run_until_complete(second).unwrap(), "it");
    assert!(!first.done());
}

#[test]
fn yield_now_wakes_the_waker_that_it_is_given() {
    let woken = std::sync::Arc::new(CountingWake::default());
    let waker = Waker::from(woken.clone());
    let mut coro = send_none::Coroutine::new(yield_now());
    let step = coro.send(Some(&waker));
    assert!(matches!(step, send_none::Step::Suspended(Suspended::Yield)));
    assert_eq!(woken.0.load(std::sync::atomic::Ordering::SeqCst), 1);
}

#[derive(Default)]
struct CountingWake(std::sync::atomic::AtomicU32);

impl std::task::Wake for CountingWake {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

/// The one test on the wall clock: a loop that waits sleeps. One that spins takes a thousand turns.
#[test]
fn a_loop_with_nothing_to_do_sleeps() {
    let event_loop = EventLoop::new();
    let asleep = Rc::new(Cell::new(0));
    let counted = asleep.clone();
    event_loop.observe(move |_: Duration, event: &LoopEvent| {
        if matches!(event, LoopEvent::Asleep { .. }) {
            counted.set(counted.get() + 1);
        }
    });
    event_loop
        .run_until_complete(sleep(Duration::from_millis(50)))
        .unwrap();
    assert_eq!(event_loop.turns(), 4);
    assert!(asleep.get() < 5, "woken {} times for nothing", asleep.get());
}

#[test]
fn a_gather_in_a_foreign_combinator_is_cancelled_with_its_members() {
    let event_loop = EventLoop::with_virtual_clock();
    let members = [
        event_loop.create_future::<i32>(),
        event_loop.create_future::<i32>(),
    ];
    let both = gather(&members);
    let task = event_loop.create_task(async move {
        let mut both = pin!(both);
        poll_fn(move |cx| both.as_mut().poll(cx)).await
    });
    turn(&event_loop);
    assert!(task.cancel());
    assert!(matches!(
        event_loop.run_until_complete(&task),
        Err(Error::Cancelled)
    ));
    assert!(members.iter().all(|member| member.cancelled()));
}
