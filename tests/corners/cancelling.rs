//! What a cancellation reaches, and what it does not.

use crate::{Later, later, reports, secs, turn, turns};
use send_none::{
    Coroutine, Error, EventLoop, FutureCell, Result, Task, create_task, current_task, gather,
    sleep, yield_now,
};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

#[test]
fn a_sleeper_may_be_cancelled_in_the_batch_in_which_its_timer_is_due() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let sleeper: Later<Task<()>> = Rc::default();
    let victim = sleeper.clone();
    event_loop.call_at(secs(1), move || victim.borrow().as_ref().unwrap().cancel());
    let task = event_loop.create_task(sleep(secs(1)));
    *sleeper.borrow_mut() = Some(task.clone());
    let result = event_loop.run_until_complete(task);
    assert!(matches!(result, Err(Error::Cancelled)));
    assert!(reports.borrow().is_empty(), "{reports:?}");
}

/// Nothing will ever wake it: the future was settled in the step in which it was polled, so the wake
/// that came of it is used up.
#[test]
fn a_task_is_cancelled_though_all_that_it_noted_is_done() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<i32>();
    let task: Task<()> = event_loop.create_task(async move {
        let mut waits = pin!(fut.clone());
        poll_fn(|cx| {
            assert!(waits.as_mut().poll(cx).is_pending());
            Poll::Ready(())
        })
        .await;
        fut.set_result(1)?;
        waits.await?;
        pending().await
    });
    turns(&event_loop, 2);
    assert!(task.cancel());
    turns(&event_loop, 2);
    assert!(task.cancelled(), "{task:?}");
}

#[test]
fn a_task_is_cancelled_though_its_leaf_was_moved_into_another_task() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<i32>();
    let moved = Rc::new(RefCell::new(Some(Box::pin(fut.clone()))));
    let borrowed = moved.clone();
    let robbed: Task<i32> = event_loop.create_task(poll_fn(move |cx| {
        let mut leaf = borrowed.borrow_mut();
        leaf.as_mut()
            .map_or(Poll::Pending, |leaf| leaf.as_mut().poll(cx))
    }));
    turn(&event_loop);
    let leaf = moved.take().unwrap();
    let second = event_loop.create_task(leaf);
    turn(&event_loop);
    fut.set_result(1).unwrap();
    assert_eq!(event_loop.run_until_complete(second).unwrap(), 1);
    assert!(robbed.cancel());
    turns(&event_loop, 2);
    assert!(robbed.cancelled(), "{robbed:?}");
}

#[test]
fn a_cancellation_is_not_lost_though_what_is_foreign_has_become_ready() {
    let event_loop = EventLoop::with_virtual_clock();
    let open = Rc::new(Cell::new(false));
    let is_open = open.clone();
    let task = event_loop.create_task(poll_fn(move |_| match is_open.get() {
        true => Poll::Ready(Ok(1)),
        false => Poll::Pending,
    }));
    turn(&event_loop);
    assert!(task.cancel());
    open.set(true);
    turn(&event_loop);
    assert!(task.cancelled(), "{task:?}");
}

/// Nobody was suspended there, so there is nothing to interrupt.
#[test]
fn a_cancellation_goes_past_a_future_that_was_done_already() {
    let event_loop = EventLoop::with_virtual_clock();
    let (done, pending) = (event_loop.create_future(), event_loop.create_future::<()>());
    done.set_result(7).unwrap();
    let (mut done, mut waits) = (Some(done), pending.clone());
    let mut first = true;
    let task = event_loop.create_task(poll_fn(move |cx| {
        if !std::mem::take(&mut first) {
            let mut done = done.take().unwrap();
            assert!(matches!(Pin::new(&mut done).poll(cx), Poll::Ready(Ok(7))));
        }
        Pin::new(&mut waits).poll(cx)
    }));
    turn(&event_loop);
    assert!(task.cancel());
    turn(&event_loop);
    assert!(task.cancelled() && pending.cancelled());
}

/// There, nobody could take it. To poll once more would run what stands behind the `await`, and throw
/// away what came of it.
#[test]
fn a_task_that_waits_for_something_foreign_is_not_polled_to_be_cancelled() {
    let event_loop = EventLoop::with_virtual_clock();
    let polls = Rc::new(Cell::new(0));
    let counted = polls.clone();
    let task: Task<()> = event_loop.create_task(poll_fn(move |_| {
        counted.set(counted.get() + 1);
        Poll::Pending
    }));
    turn(&event_loop);
    assert!(task.cancel());
    turn(&event_loop);
    assert!(task.cancelled());
    assert_eq!(polls.get(), 1);
}

/// A cancellation that was passed on to a branch must not go with it. It is passed on to what comes next.
#[test]
fn a_cancellation_is_not_lost_with_the_branch_that_it_was_passed_on_to() {
    let event_loop = EventLoop::with_virtual_clock();
    let (open, waits_again) = (Rc::new(Cell::new(false)), event_loop.create_future::<()>());
    let (is_open, branch, again) = (
        open.clone(),
        event_loop.create_future(),
        waits_again.clone(),
    );
    let task = event_loop.create_task(async move {
        let mut branch = Some(branch);
        poll_fn(|cx| match is_open.get() {
            true => {
                branch = None;
                Poll::Ready(())
            }
            false => Pin::new(branch.as_mut().unwrap())
                .poll(cx)
                .map(|_: Result<()>| unreachable!("the other branch has won")),
        })
        .await;
        again.await
    });
    turn(&event_loop);
    assert!(task.cancel());
    open.set(true);
    turns(&event_loop, 3);
    assert!(task.cancelled() && waits_again.cancelled());
}

/// Many ways lead down to the last one. It takes no longer than there are futures.
#[test]
fn a_tower_of_gathers_that_share_their_members_is_cancelled_at_once() {
    let event_loop = EventLoop::with_virtual_clock();
    let mut top: FutureCell<i32> = event_loop.create_future();
    let bottom = top.clone();
    for _ in 0..60 {
        let below = top.clone();
        let task = event_loop.create_task(async move {
            gather([below.clone(), below]).await?;
            Ok(1)
        });
        top = task.into();
    }
    turns(&event_loop, 2);
    assert!(top.cancel() && bottom.cancelled());
    turns(&event_loop, 200);
    assert!(top.cancelled());
}

#[test]
fn a_leaf_that_is_polled_with_a_clone_of_the_waker_is_still_the_task_s_own() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<i32>();
    let waits = fut.clone();
    let task = event_loop.create_task(async move {
        let mut waits = pin!(waits);
        poll_fn(|cx| {
            let clone = cx.waker().clone();
            waits.as_mut().poll(&mut Context::from_waker(&clone))
        })
        .await
    });
    turn(&event_loop);
    assert!(task.cancel() && fut.cancelled());
}

#[test]
fn a_coroutine_driven_by_hand_does_not_take_the_task_s_note_of_the_same_future_along() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<i32>();
    let waits = fut.clone();
    let task = event_loop.create_task(async move {
        let mut own = pin!(waits.clone());
        poll_fn(move |cx| {
            let poll = own.as_mut().poll(cx);
            let mut by_hand = Coroutine::new(waits.clone());
            let _suspended = by_hand.send(None);
            by_hand.close();
            poll
        })
        .await
    });
    turn(&event_loop);
    assert!(task.cancel() && fut.cancelled());
}

#[test]
fn a_second_handle_that_is_dropped_does_not_take_the_first_one_s_note_along() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<i32>();
    let waits = fut.clone();
    let task = event_loop.create_task(async move {
        let mut own = pin!(waits.clone());
        let mut spare = Some(Box::pin(waits));
        poll_fn(move |cx| {
            let poll = own.as_mut().poll(cx);
            if let Some(mut spare) = spare.take() {
                let mut nobody = Context::from_waker(Waker::noop());
                assert!(spare.as_mut().poll(&mut nobody).is_pending());
            }
            poll
        })
        .await
    });
    turn(&event_loop);
    assert!(task.cancel() && fut.cancelled());
}

#[test]
fn a_branch_that_was_polled_twice_and_lost_is_forgotten() {
    let event_loop = EventLoop::with_virtual_clock();
    let (lost, won) = (
        event_loop.create_future::<i32>(),
        event_loop.create_future::<i32>(),
    );
    let (loser, winner) = (lost.clone(), won.clone());
    let task = event_loop.create_task(async move {
        let mut loser = Some(Box::pin(loser));
        poll_fn(|cx| {
            for _ in 0..2 {
                assert!(loser.as_mut().unwrap().as_mut().poll(cx).is_pending());
            }
            loser = None;
            Poll::Ready(())
        })
        .await;
        winner.await
    });
    turn(&event_loop);
    assert!(task.cancel());
    assert!(won.cancelled() && !lost.done());
}

#[test]
fn of_two_sleeps_side_by_side_the_one_that_lost_is_not_in_the_way_later() {
    let event_loop = EventLoop::with_virtual_clock();
    let task: Task<()> = event_loop.create_task(async {
        let (mut short, mut long) = (Box::pin(sleep(secs(1))), Box::pin(sleep(secs(2))));
        poll_fn(
            |cx| match (short.as_mut().poll(cx), long.as_mut().poll(cx)) {
                (Poll::Pending, Poll::Pending) => Poll::Pending,
                _ => Poll::Ready(()),
            },
        )
        .await;
        drop(long);
        sleep(secs(5)).await
    });
    event_loop.run_until_complete(sleep(secs(1))).unwrap();
    assert!(event_loop.snapshot().timers.len() == 1, "the other is gone");
    assert!(task.cancel());
    let result = event_loop.run_until_complete(task);
    assert!(matches!(result, Err(Error::Cancelled)));
    assert_eq!(event_loop.time(), secs(1));
}

#[test]
fn a_step_that_yields_and_waits_is_cancelled_where_it_waits() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<i32>();
    let waits = fut.clone();
    let task = event_loop.create_task(async move {
        let (mut waits, mut yields) = (pin!(waits), pin!(yield_now()));
        poll_fn(move |cx| {
            let _first_pending_then_done = yields.as_mut().poll(cx);
            waits.as_mut().poll(cx)
        })
        .await
    });
    turn(&event_loop);
    assert!(task.cancel() && fut.cancelled());
    turns(&event_loop, 2);
    assert!(task.cancelled());
}

#[test]
fn whoever_cancels_himself_and_then_waits_for_a_gather_cancels_that() {
    let event_loop = EventLoop::with_virtual_clock();
    let task = event_loop.create_task(async {
        let member = create_task(sleep(secs(1)));
        current_task().unwrap().cancel();
        let result = gather([&member]).await;
        assert!(member.cancelled());
        result
    });
    assert!(matches!(
        event_loop.run_until_complete(task),
        Err(Error::Cancelled)
    ));
}

/// It was passed on when he parked. That it was refused there is the end of it.
#[test]
fn whoever_cancels_himself_and_waits_for_one_who_refuses_goes_on() {
    let event_loop = EventLoop::with_virtual_clock();
    let task = event_loop.create_task(async {
        let refuses = create_task(async {
            assert!(matches!(sleep(secs(9)).await, Err(Error::Cancelled)));
            Ok(5)
        });
        yield_now().await?;
        current_task().unwrap().cancel();
        refuses.await
    });
    assert_eq!(event_loop.run_until_complete(task).unwrap(), 5);
}

#[test]
fn whoever_cancels_himself_and_waits_for_something_foreign_is_told_at_once() {
    let event_loop = EventLoop::with_virtual_clock();
    let task: Task<()> = event_loop.create_task(async {
        current_task().unwrap().cancel();
        pending().await
    });
    turns(&event_loop, 2);
    assert!(task.cancelled());
}

#[test]
fn a_future_that_was_refused_can_be_awaited_again_and_is_refused_again() {
    let (event_loop, other) = (
        EventLoop::with_virtual_clock(),
        EventLoop::with_virtual_clock(),
    );
    let theirs = other.create_future::<i32>();
    let program = async move {
        for _ in 0..2 {
            let refusal = (&theirs).await.unwrap_err();
            assert!(
                refusal
                    .to_string()
                    .ends_with("attached to a different loop")
            );
        }
        sleep(secs(1)).await
    };
    event_loop.run_until_complete(program).unwrap();
}

/// Whoever closes the circle is told so.
#[test]
fn tasks_that_wait_for_each_other_in_a_circle_are_not_left_waiting() {
    let event_loop = EventLoop::with_virtual_clock();
    let second: Later<Task<()>> = Rc::default();
    let waits = second.clone();
    let first = event_loop.create_task(async move {
        let second = waits.borrow().clone().unwrap();
        gather([second]).await.map(drop)
    });
    let closes_it = event_loop.create_task(first.clone());
    *second.borrow_mut() = Some(closes_it.clone());
    let told: Result<()> = event_loop.run_until_complete(first.clone());
    assert_eq!(
        told.unwrap_err().to_string(),
        "Tasks wait for each other in a circle: Task-2 -> Task-1 -> Gather-3 -> Task-2"
    );
    assert!(closes_it.done() && !first.cancel());
    drop(second.take());
}

#[test]
fn a_task_that_awaits_a_gather_of_itself_is_refused() {
    let event_loop = EventLoop::with_virtual_clock();
    let myself: Later<Task<()>> = Rc::default();
    let me = myself.clone();
    let task = event_loop.create_task(async move {
        let me = me.borrow().clone().unwrap();
        gather([me]).await.map(drop)
    });
    *myself.borrow_mut() = Some(task.clone());
    let refusal = event_loop.run_until_complete(task).unwrap_err();
    assert!(refusal.to_string().contains("in a circle"), "{refusal}");
    drop(myself.take());
}

/// A leaf that is dropped inside a step that is taken by hand is gone for the task as well.
#[test]
fn a_cancellation_does_not_go_to_a_leaf_that_was_dropped_in_an_inner_step() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<()>();
    let mut leaf = Some(fut.clone());
    let task: Task<()> = event_loop.create_task(poll_fn(move |cx| {
        if let Some(mut leaf) = leaf.take() {
            assert!(Pin::new(&mut leaf).poll(cx).is_pending());
            let _step = Coroutine::new(async move {
                drop(leaf);
                Ok(())
            })
            .send(None);
        }
        Poll::Pending
    }));
    turn(&event_loop);
    assert!(task.cancel());
    turn(&event_loop);
    assert!(task.cancelled() && !fut.done());
}

/// Whoever cancels what has failed already knows that it is over, and is not told of the error again.
#[test]
fn cancelling_what_has_failed_is_to_have_looked_at_it() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let fut = event_loop.create_future::<()>();
    let task = event_loop.create_task(async { Err::<(), _>(Error::msg("boom")) });
    fut.set_exception(Error::msg("boom")).unwrap();
    turn(&event_loop);
    assert!(!fut.cancel() && !task.cancel());
    drop((fut, task));
    assert!(reports.borrow().is_empty());
}

#[test]
fn the_error_of_a_future_is_not_reported_if_its_waiter_was_cancelled_before_it_was_told() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let fut = event_loop.create_future::<()>();
    let waits = event_loop.create_task(fut.clone());
    turn(&event_loop);
    fut.set_exception(Error::msg("boom")).unwrap();
    assert!(waits.cancel());
    drop(fut);
    turns(&event_loop, 2);
    assert!(waits.cancelled());
    drop(waits);
    assert!(reports.borrow().is_empty());
}

#[test]
fn a_task_that_cancels_itself_leaves_a_future_of_another_loop_alone() {
    let (event_loop, other) = (
        EventLoop::with_virtual_clock(),
        EventLoop::with_virtual_clock(),
    );
    let fut = other.create_future::<()>();
    for twice in [false, true] {
        let waits = fut.clone();
        let task = event_loop.create_task(async move {
            current_task().unwrap().cancel();
            waits.await
        });
        turns(&event_loop, 1);
        assert!(!twice || task.cancel());
        turns(&event_loop, 1);
        assert!(task.cancelled() && !fut.done());
    }
}

/// Nothing else can wake a task that waits, through a gather, for itself.
#[test]
fn a_task_in_a_gather_that_it_waits_for_can_be_cancelled() {
    let event_loop = EventLoop::with_virtual_clock();
    let other = event_loop.create_future::<()>();
    let task: Later<Task<()>> = Rc::default();
    let (me, waits) = (task.clone(), other.clone());
    *task.borrow_mut() = Some(event_loop.create_task(async move {
        let me = me.borrow().clone().unwrap();
        gather([FutureCell::from(me), waits]).await?;
        Ok(())
    }));
    turn(&event_loop);
    other.set_result(()).unwrap();
    turns(&event_loop, 3);
    let task = task.take().unwrap();
    assert!(!task.done() && task.cancel());
    turns(&event_loop, 4);
    assert!(task.cancelled());
}

/// The members of the gather are done, and only it does not know yet. So it says no, and the task is told
/// when it is woken, and not before.
#[test]
fn who_waits_for_a_gather_that_is_as_good_as_done_is_told_in_his_turn() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<()>();
    let member = fut.clone();
    let task = event_loop.create_task(async move { gather([member]).await });
    turn(&event_loop);
    fut.set_result(()).unwrap(); // queues the callback of the gather
    assert!(task.cancel());
    turn(&event_loop); // which settles it, and so wakes the task
    assert!(!task.done());
    turn(&event_loop);
    assert!(task.cancelled());
}

/// One member says yes, and the other one is the very task that waits. What the first one said counts.
#[test]
fn a_yes_beats_a_circle() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<()>();
    let never = event_loop.create_future::<()>();
    let (slot, member): (Later<Task<()>>, _) = (Later::default(), fut.clone());
    let me = slot.clone();
    let task = event_loop.create_task(async move {
        let me = FutureCell::from(me.borrow().clone().unwrap());
        gather([member, never, me]).await?;
        Ok(())
    });
    *slot.borrow_mut() = Some(task.clone());
    turn(&event_loop);
    assert!(task.cancel() && fut.cancelled());
    turn(&event_loop); // the callback of the gather
    assert!(!task.done());
    turn(&event_loop);
    assert!(task.cancelled());
    drop(slot.take());
}

/// Two ways lead to the one that is cancelled. On the first it could pass the cancellation on; when it is
/// asked again nothing is left below that it could pass it on to, and so it is cancelled itself.
#[test]
fn who_is_asked_twice_is_cancelled_himself_if_all_below_is_done_by_then() {
    let event_loop = EventLoop::with_virtual_clock();
    let pending = event_loop.create_future::<()>();
    let fails = event_loop.create_future::<()>();
    let both = gather([&pending, &fails]);
    let below: Task<()> = event_loop.create_task(async move {
        match both.await {
            Err(Error::Cancelled) => Err(Error::Cancelled),
            other => panic!("{other:?}"),
        }
    });
    let a = event_loop.create_task(below.clone());
    let b = event_loop.create_task(below.clone());
    let above = gather([&a, &b]);
    event_loop.run_until_complete(sleep(secs(0))).unwrap();
    event_loop.run_until_complete(sleep(secs(0))).unwrap();
    let also = above.clone();
    event_loop.call_soon(move || {
        fails.set_exception(Error::msg("failed")).unwrap();
        assert!(also.cancel());
    });
    assert!(matches!(
        event_loop.run_until_complete(&above),
        Err(Error::Cancelled)
    ));
    assert!(below.cancelled());
}

/// Waits for a future; but a flag that somebody raises beside it wins.
async fn flag_or(flag: Rc<RefCell<Option<Waker>>>, mut branch: FutureCell<()>) -> Result<()> {
    let first_poll = Cell::new(true);
    poll_fn(move |cx| {
        if !first_poll.replace(false) && flag.borrow().is_none() {
            return Poll::Ready(Ok(()));
        }
        *flag.borrow_mut() = Some(cx.waker().clone());
        Pin::new(&mut branch).poll(cx)
    })
    .await
}

/// Sleeps long. If it is cancelled, cleans up for five seconds.
fn cleans_up(event_loop: &EventLoop) -> Task<()> {
    event_loop.create_task(async {
        let cancelled = sleep(secs(100)).await;
        sleep(secs(5)).await?;
        cancelled
    })
}

/// It was passed on to a task that takes its time, and then the other branch wins.
#[test]
fn a_cancellation_is_not_lost_with_a_branch_that_is_still_cleaning_up() {
    let event_loop = EventLoop::with_virtual_clock();
    for returns in [false, true] {
        let (flag, branch) = (Rc::default(), cleans_up(&event_loop));
        let first = flag_or(Rc::clone(&flag), branch.clone().into());
        let task = event_loop.create_task(async move {
            first.await?;
            if returns {
                Ok(())
            } else {
                sleep(secs(50)).await
            }
        });
        turns(&event_loop, 2);
        let began = event_loop.time();
        assert!(task.cancel());
        let raise = move || flag.take().map(Waker::wake);
        event_loop.call_later(secs(1), raise);
        assert!(event_loop.run_until_complete(&task).is_err());
        assert!(task.cancelled());
        assert_eq!(event_loop.time() - began, secs(1));
        assert!(event_loop.run_until_complete(&branch).is_err());
        assert_eq!(event_loop.time() - began, secs(5));
    }
}

/// A wake that means nothing is no reason to ask again: that would interrupt what was asked.
#[test]
fn who_was_passed_a_cancellation_is_not_asked_again_because_of_a_spurious_wake() {
    let event_loop = EventLoop::with_virtual_clock();
    let branch = cleans_up(&event_loop);
    let waker: Later<Waker> = Rc::default();
    let (keeps, mut waits) = (waker.clone(), branch.clone());
    let task = event_loop.create_task(poll_fn(move |cx| {
        *keeps.borrow_mut() = Some(cx.waker().clone());
        Pin::new(&mut waits).poll(cx)
    }));
    turns(&event_loop, 2);
    assert!(task.cancel());
    for at in [1, 2] {
        let waker = waker.clone();
        event_loop.call_later(secs(at), move || {
            waker.borrow().as_ref().map(Waker::wake_by_ref)
        });
    }
    assert!(event_loop.run_until_complete(&task).is_err());
    assert_eq!(event_loop.time(), secs(5));
    assert!(branch.cancelled() && task.cancelled());
}

/// The question goes round, and comes back to him.
#[test]
fn whoever_cancels_himself_and_waits_for_those_who_wait_for_him_is_told() {
    let event_loop = EventLoop::with_virtual_clock();
    let me: Later<Task<()>> = Rc::default();
    let later = me.clone();
    let task = event_loop.create_task(async move {
        let me = later.take().unwrap();
        let they = [0, 1].map(|_| create_task(me.clone()));
        yield_now().await?;
        assert!(me.cancel());
        gather(they).await.map(drop)
    });
    *me.borrow_mut() = Some(task.clone());
    let result = event_loop.run_until_complete(task);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
}

/// A branch of a select by hand, which may be taken away.
type Branch = Rc<RefCell<Option<FutureCell<()>>>>;

/// Waits for the first of the branches that are there; with none it is over.
async fn first_of(branches: [Branch; 2], waker: Later<Waker>) -> Result<()> {
    poll_fn(move |cx| {
        *waker.borrow_mut() = Some(cx.waker().clone());
        let mut is_there = false;
        for branch in &branches {
            let mut branch = branch.borrow_mut();
            is_there |= branch.is_some();
            let poll = branch.as_mut().map(|branch| Pin::new(branch).poll(cx));
            if let Some(Poll::Ready(result)) = poll {
                *branch = None;
                return Poll::Ready(result);
            }
        }
        if is_there {
            Poll::Pending
        } else {
            Poll::Ready(Ok(()))
        }
    })
    .await
}

fn refuses(event_loop: &EventLoop) -> Task<()> {
    event_loop.create_task(async {
        let _cancelled = sleep(secs(100)).await;
        sleep(secs(5)).await
    })
}

/// Nobody has asked the branch that comes later. So that it is pending is no reason to wait for an answer.
#[test]
fn a_cancellation_that_was_refused_does_not_come_again() {
    let event_loop = EventLoop::with_virtual_clock();
    let (stage, waker) = (Rc::new(Cell::new(0)), Later::default());
    let (at_stage, keeps) = (stage.clone(), waker.clone());
    let mut asked = Some(refuses(&event_loop));
    let mut comes_later = Some(event_loop.create_future::<()>());
    let task = event_loop.create_task(async move {
        poll_fn(|cx: &mut Context<'_>| {
            *keeps.borrow_mut() = Some(cx.waker().clone());
            if asked
                .as_mut()
                .is_some_and(|it| Pin::new(it).poll(cx).is_ready())
            {
                asked = None;
            }
            match at_stage.get() {
                0 => Poll::Pending,
                1 => Pin::new(comes_later.as_mut().unwrap()).poll(cx),
                _ => {
                    comes_later = None;
                    Poll::Ready(Ok(()))
                }
            }
        })
        .await?;
        sleep(secs(10)).await
    });
    turns(&event_loop, 2);
    assert!(task.cancel());
    for (seconds, to) in [(1, 1), (50, 2)] {
        let stage = stage.clone();
        later(&event_loop, seconds, &waker, move || stage.set(to));
    }
    event_loop.run_until_complete(task).unwrap();
    assert_eq!(event_loop.time(), secs(60));
}

#[test]
fn a_cancellation_is_not_lost_with_a_branch_that_somebody_takes_away() {
    let event_loop = EventLoop::with_virtual_clock();
    let (branch, waker) = (Branch::default(), Later::default());
    *branch.borrow_mut() = Some(cleans_up(&event_loop).into());
    let (branches, keeps) = ([branch.clone(), Branch::default()], waker.clone());
    let task = event_loop.create_task(async move {
        first_of(branches, keeps).await?;
        sleep(secs(50)).await
    });
    turns(&event_loop, 2);
    assert!(task.cancel());
    later(&event_loop, 1, &waker, move || drop(branch.take()));
    let result = event_loop.run_until_complete(task);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert_eq!(event_loop.time(), secs(1));
}

/// Two were asked, and one refuses. The other one has not answered: then it counts whether he is waited for.
#[test]
fn a_cancellation_is_owed_until_all_that_were_asked_have_refused() {
    for waits_for_both in [false, true] {
        let event_loop = EventLoop::with_virtual_clock();
        let other = event_loop.create_task(async {
            let _cancelled = sleep(secs(100)).await;
            sleep(secs(9)).await
        });
        let asked = [refuses(&event_loop), other];
        let branches = asked.map(|it| Branch::new(RefCell::new(Some(it.into()))));
        let task = event_loop.create_task(async move {
            first_of(branches.clone(), Later::default()).await?;
            match waits_for_both {
                true => first_of(branches, Later::default()).await,
                false => Ok(()),
            }
        });
        turns(&event_loop, 2);
        assert!(task.cancel());
        let result = event_loop.run_until_complete(task);
        assert_eq!(result.is_ok(), waits_for_both, "{result:?}");
    }
}

/// It returns, and what it has polled lives on, in the line of who was asked. It hears no answer any more.
#[test]
fn a_cancellation_is_not_lost_with_a_leaf_that_outlives_the_coroutine() {
    let event_loop = EventLoop::with_virtual_clock();
    let (branch, waker) = (Branch::default(), Later::<Waker>::default());
    *branch.borrow_mut() = Some(cleans_up(&event_loop).into());
    let (polled, keeps, over) = (branch.clone(), waker.clone(), Rc::new(Cell::new(false)));
    let is_over = over.clone();
    let task = event_loop.create_task(poll_fn(move |cx| {
        *keeps.borrow_mut() = Some(cx.waker().clone());
        match is_over.get() {
            true => Poll::Ready(Ok(())),
            false => Pin::new(polled.borrow_mut().as_mut().unwrap()).poll(cx),
        }
    }));
    turns(&event_loop, 2);
    assert!(task.cancel());
    later(&event_loop, 1, &waker, move || over.set(true));
    let result = event_loop.run_until_complete(task);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert_eq!(event_loop.time(), secs(1));
}

/// It was asked, and its leaf taken away before the answer: nobody wakes the task then, so it must be told itself.
#[test]
fn a_task_is_cancelled_though_the_leaf_that_was_asked_is_gone_and_the_answer_is_there() {
    let event_loop = EventLoop::with_virtual_clock();
    let asked = cleans_up(&event_loop);
    let leaf = Rc::new(RefCell::new(Some(asked.clone())));
    let polled = leaf.clone();
    let task: Task<()> = event_loop.create_task(poll_fn(move |cx| {
        let mut leaf = polled.borrow_mut();
        let poll = leaf.as_mut().map(|leaf| Pin::new(leaf).poll(cx));
        poll.unwrap_or(Poll::Pending)
    }));
    turns(&event_loop, 2);
    assert!(task.cancel());
    drop(leaf.take());
    assert!(event_loop.run_until_complete(&asked).is_err());
    assert!(!task.done() && task.cancel());
    turns(&event_loop, 2);
    assert!(task.cancelled(), "{task:?}");
}
