//! A cancellation, a refusal or a circle, and a future from elsewhere beside one of ours. A step knows
//! only what leaves of this crate have told it (see `step`). What it cannot see shows in the last
//! tests.

use async_channel::{Receiver, unbounded};
use futures::FutureExt;
use futures::future::{Either, join, select};
use send_none::{
    Coroutine, EventLoop, FutureCell, Result, Step, Suspended, Task, sleep, yield_now,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
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

/// Nobody could take the error which is thrown in, so the coroutine is dropped. To poll it once more
/// would take the message, and throw it away.
#[test]
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

/// The same, seen from inside: what stands behind the `await` is not run.
#[test]
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

/// The cancellation is passed on to the sleep. The message comes out before, and the sleep is dropped.
/// Then it is thrown in at the next `await`.
#[test]
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

/// The sleep is cancelled, since the step was told of it. But the task waits for the message, so it is
/// told in its next step.
#[test]
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

/// The sleep is cancelled, and the join waits on for the message: the cancellation was delivered, and
/// only the join knows what it does with it. (`try_join` ends.) Now that nothing of ours is left, a
/// second one drops the coroutine. Until then a `wait_for` around it does not come back.
#[test]
fn a_join_of_ours_and_of_theirs_must_be_cancelled_twice() {
    on_a_loop(|event_loop| {
        let (_sender, receiver) = unbounded();
        let task = event_loop.create_task(both(receiver));
        turn(event_loop);
        assert!(task.cancel());
        settle(event_loop);
        assert!(!task.done());
        assert!(task.cancel());
        settle(event_loop);
        assert!(task.cancelled());
    });
}

/// By hand there is no waker of our own whose clones could be counted. The step is said to wait for
/// ours, and to send `None` again before that is done is refused. With a waker it is not.
#[test]
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
    let step = coro.send(Some(Waker::noop()));
    assert!(
        matches!(step, Step::Suspended(Suspended::On(_))),
        "{step:?}"
    );
    sender.try_send(7).unwrap();
    let step = coro.send(Some(Waker::noop()));
    assert!(matches!(step, Step::Returned(Ok(7))), "{step:?}");
}

/// The first one awaits the second. The second waits for the first, or for a message: no circle.
#[test]
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

/// A future of another loop is refused if a task waits for nothing else. In a join it is one of two,
/// so nobody is refused, and its waker works across the loops.
#[test]
fn a_future_of_another_loop_can_be_one_of_two_that_are_joined() {
    on_a_loop(|event_loop| {
        let other_loop = EventLoop::with_virtual_clock();
        let elsewhere = other_loop.create_future::<i32>();
        event_loop.call_later(secs(1), {
            let elsewhere = elsewhere.clone();
            move || elsewhere.set_result(7)
        });
        let ends = join(a_minute(), elsewhere);
        let ends = event_loop
            .run_until_complete(async { Ok(ends.await) })
            .unwrap();
        assert!(matches!(ends, (Ok(0), Ok(7))));
    });
}
