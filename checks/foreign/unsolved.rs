//! What does not work yet. Each test says what should be; `cargo test -p foreign -- --ignored` shows
//! what is. A step knows only what leaves of this crate have told it (see `step`). What it does not
//! see is the future from elsewhere that waits beside them, or that nobody polls them any more.

use async_channel::{Receiver, unbounded};
use futures::FutureExt;
use futures::future::{Either, join, select};
use send_none::{
    Coroutine, EventLoop, FutureCell, Result, Step, Suspended, Task, sleep, yield_now,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::Notify;

use crate::{Log, on_a_loop, secs, settle, turn};

/// A message, or ours, whatever is first. The message is looked at first.
async fn message_or(
    receiver: Receiver<i32>,
    ours: impl Future<Output = Result<i32>>,
) -> Result<i32> {
    match select(receiver.recv().boxed_local(), ours.boxed_local()).await {
        Either::Left((message, _)) => Ok(message?),
        Either::Right((ours, _)) => ours,
    }
}

async fn a_minute() -> Result<i32> {
    sleep(secs(60)).await?;
    Ok(0)
}

/// To find out that nobody takes the error which is thrown in, the coroutine is polled once more
/// before it is dropped. That poll takes the message, and then the result is thrown away.
#[test]
#[ignore = "cancel polls what it is going to drop"]
fn a_receiver_that_is_cancelled_when_its_message_is_there_leaves_it_to_the_next() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        let receives = receiver.clone();
        let task = event_loop.create_task(async move { Ok(receives.recv().await?) });
        turn(event_loop);
        sender.try_send(7).unwrap();
        assert!(task.cancel());
        settle(event_loop);
        assert!(task.cancelled());
        assert_eq!(receiver.try_recv(), Ok(7));
    });
}

/// The same, seen from inside: what stands behind the `await` is run.
#[test]
#[ignore = "cancel polls what it is going to drop"]
fn a_task_that_is_cancelled_when_it_was_notified_does_not_come_out_of_the_await() {
    on_a_loop(|event_loop| {
        let (notify, log) = (Arc::new(Notify::new()), Log::default());
        let [first, second] = ["first", "second"].map(|name| {
            let (notify, log) = (notify.clone(), log.clone());
            event_loop.create_task(async move {
                notify.notified().await;
                log.add(name);
                Ok(())
            })
        });
        turn(event_loop);
        notify.notify_one();
        assert!(first.cancel());
        settle(event_loop);
        assert!(first.cancelled() && second.done());
        assert_eq!(log.take(), ["second"]);
    });
}

/// The cancellation is passed on to the sleep. The message comes out before, the sleep is dropped,
/// and nobody is told. The task goes on as if nothing had been.
#[test]
#[ignore = "a cancellation that was passed on is taken for delivered"]
fn a_cancellation_is_not_lost_when_the_other_branch_of_a_select_wins_in_the_same_turn() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        let task: Task<()> = event_loop.create_task(async move {
            loop {
                message_or(receiver.clone(), a_minute()).await?;
            }
        });
        turn(event_loop);
        sender.try_send(7).unwrap();
        assert!(task.cancel());
        settle(event_loop);
        assert!(task.cancelled());
    });
}

/// Waits for a message, and keeps a sleep that nobody polls: it lost a `select` in this very step.
async fn message_beside_a_kept_sleep(receiver: Receiver<i32>) -> Result<i32> {
    let both = select(a_minute().boxed_local(), sleep(secs(1)).boxed_local());
    let Either::Right((_over, _kept)) = both.await else {
        unreachable!("a second is over first")
    };
    Ok(receiver.recv().await?)
}

/// The sleep is cancelled, since the step was told of it. But the task waits for the message.
#[test]
#[ignore = "a cancellation that was passed on is taken for delivered"]
fn a_cancellation_is_not_lost_in_a_future_that_is_kept_but_not_polled() {
    on_a_loop(|event_loop| {
        let (_sender, receiver) = unbounded();
        let task = event_loop.create_task(message_beside_a_kept_sleep(receiver));
        event_loop.run_until_complete(sleep(secs(2))).unwrap();
        assert!(task.cancel());
        settle(event_loop);
        assert!(task.cancelled());
    });
}

/// Waits for a sleep and for a message, for both.
async fn both(receiver: Receiver<i32>) -> Result<i32> {
    let (slept, message) = join(a_minute(), receiver.recv()).await;
    Ok(slept? + message?)
}

/// The sleep is cancelled, and the join waits on for the message. (`try_join` does not.) So a
/// `wait_for` around it does not come back, for it waits for the end of what it has cancelled.
#[test]
#[ignore = "a cancellation reaches only the branches that are ours"]
fn cancelling_a_join_of_ours_and_of_theirs_ends_the_task() {
    on_a_loop(|event_loop| {
        let (_sender, receiver) = unbounded();
        let task = event_loop.create_task(both(receiver));
        turn(event_loop);
        assert!(task.cancel());
        settle(event_loop);
        assert!(task.cancelled());
    });
}

/// The way out, as it is: now nothing of ours is left that could take it.
#[test]
fn a_second_cancel_ends_both_of_these() {
    on_a_loop(|event_loop| {
        let (_sender, receiver) = unbounded();
        let tasks = [
            event_loop.create_task(message_beside_a_kept_sleep(receiver.clone())),
            event_loop.create_task(both(receiver)),
        ];
        event_loop.run_until_complete(sleep(secs(2))).unwrap();
        for _ in 0..2 {
            assert!(tasks.iter().all(|task| task.cancel()));
            settle(event_loop);
        }
        assert!(tasks.iter().all(|task| task.cancelled()));
    });
}

#[test]
#[ignore = "a step that waits for ours and for theirs is said to wait for ours"]
fn a_select_of_ours_and_of_theirs_can_be_driven_by_hand() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut: FutureCell<i32> = event_loop.create_future();
    let (sender, receiver) = unbounded();
    let ours_first = async move {
        match select(fut, receiver.recv().boxed_local()).await {
            Either::Left((ours, _)) => ours,
            Either::Right((message, _)) => Ok(message?),
        }
    };
    let mut coro = Coroutine::new(ours_first);
    let step = coro.send(None);
    assert!(
        matches!(step, Step::Suspended(Suspended::Foreign)),
        "{step:?}"
    );
    sender.try_send(7).unwrap();
    let step = coro.send(None); // refused: "await wasn't used with future"
    assert!(matches!(step, Step::Returned(Ok(7))), "{step:?}");
}

/// The first one awaits the second. The second waits for the first, or for a message: no circle.
#[test]
#[ignore = "a step that waits for ours and for theirs is said to wait for ours"]
fn a_select_of_ours_and_of_theirs_is_no_member_of_a_circle() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        let slot = Rc::new(RefCell::new(None::<Task<i32>>));
        let second = slot.clone();
        let first = event_loop.create_task(async move {
            yield_now().await?;
            let second = second.borrow().clone().unwrap();
            second.await
        });
        let second = event_loop.create_task(message_or(receiver, first.clone()));
        *slot.borrow_mut() = Some(second);
        turn(event_loop);
        sender.try_send(7).unwrap();
        assert_eq!(event_loop.run_until_complete(first).unwrap(), 7);
    });
}

/// What is thrown in is taken by the first leaf that is polled. That need not be the one it is for.
#[test]
#[ignore = "a refusal is thrown at the first leaf"]
fn a_refusal_inside_a_join_comes_out_where_it_belongs() {
    on_a_loop(|event_loop| {
        let elsewhere = EventLoop::with_virtual_clock().create_future::<i32>();
        let ends = join(a_minute(), elsewhere);
        let (slept, refused) = event_loop
            .run_until_complete(async { Ok(ends.await) })
            .unwrap();
        assert!(refused.is_err());
        assert!(slept.is_ok(), "{slept:?}");
    });
}
