//! Waiting for several, with a limit, and for each other: what is counted once, what is left behind,
//! and to whom something goes.

use crate::{secs, turn, turns};
use send_none::sync::{Condition, Lock, Queue, Semaphore};
use send_none::{
    AsyncIter, Coroutine, Error, EventLoop, ReturnWhen, Step, as_completed, create_task,
    get_event_loop, set_event_loop, sleep, sleep_with, wait, wait_for, yield_now,
};
use std::cell::Cell;
use std::rc::Rc;

#[test]
fn wait_counts_one_that_is_given_twice_once() {
    let event_loop = EventLoop::with_virtual_clock();
    let (done, pending) = (event_loop.create_future(), event_loop.create_future());
    done.set_result(1).unwrap();
    let given = [&done, &pending, &done, &pending].map(Clone::clone);
    let counted = event_loop.run_until_complete(async move {
        let (done, pending) = wait(given, secs(1), ReturnWhen::AllCompleted).await?;
        Ok((done.len(), pending.len()))
    });
    assert_eq!(counted.unwrap(), (1, 1));
}

#[test]
fn a_wait_for_that_is_dropped_cancels_what_it_waited_for() {
    let event_loop = EventLoop::with_virtual_clock();
    let inner = event_loop.create_task(sleep(secs(9)));
    let limited = event_loop.create_task(wait_for(inner.clone(), secs(5)));
    turn(&event_loop);
    limited.abort();
    turns(&event_loop, 3);
    assert!(limited.cancelled() && inner.cancelled());
    assert!(event_loop.snapshot().timers.is_empty());
}

#[test]
fn as_completed_withdraws_its_limit_when_all_are_done() {
    let event_loop = EventLoop::with_virtual_clock();
    set_event_loop(&event_loop);
    let fut = event_loop.create_future();
    let mut done = as_completed([&fut]).timeout(secs(9));
    let mut first = Coroutine::new(async move { done.anext().await });
    assert!(matches!(first.send(None), Step::Suspended(_)));
    assert_eq!(event_loop.snapshot().timers, [secs(9)]);
    fut.set_result(1).unwrap();
    turn(&event_loop);
    assert!(event_loop.snapshot().timers.is_empty());
}

#[test]
fn as_completed_leaves_no_callbacks_behind_when_it_is_dropped() {
    let event_loop = EventLoop::with_virtual_clock();
    set_event_loop(&event_loop);
    let fut = event_loop.create_future::<i32>();
    let mut done = as_completed([&fut]).timeout(secs(9));
    let mut first = Coroutine::new(async move { done.anext().await });
    assert!(matches!(first.send(None), Step::Suspended(_)));
    assert_eq!(format!("{fut:?}"), "<Future-1 pending, 1 waiting>");
    drop(first);
    assert_eq!(format!("{fut:?}"), "<Future-1 pending, 0 waiting>");
    assert!(event_loop.snapshot().timers.is_empty());
}

#[test]
fn as_completed_starts_nothing_until_it_is_asked_for_the_first() {
    let event_loop = EventLoop::with_virtual_clock();
    let began = Rc::new(Cell::new(0));
    let job = |began: Rc<Cell<i32>>| async move {
        began.set(began.get() + 1);
        Ok(())
    };
    let mut done = as_completed([job(began.clone()), job(began.clone())]).timeout(secs(1));
    let sees = began.clone();
    let program = async move {
        sleep(secs(5)).await?; // its limit does not count yet, either
        assert_eq!(sees.get(), 0);
        while let Some(result) = done.anext().await? {
            result?;
        }
        Ok(())
    };
    event_loop.run_until_complete(program).unwrap();
    assert_eq!(began.get(), 2);
}

#[test]
fn as_completed_of_a_future_of_another_loop_is_an_error() {
    let event_loop = EventLoop::with_virtual_clock();
    let other = EventLoop::with_virtual_clock();
    let mut done = as_completed([other.create_future::<()>()]);
    let program = async move { Ok(done.anext().await.err().map(|error| error.kind())) };
    let kind = event_loop.run_until_complete(program).unwrap();
    assert_eq!(kind, Some("ValueError"));
}

#[test]
fn a_guard_does_not_release_what_is_another_s_by_now() {
    let event_loop = EventLoop::with_virtual_clock();
    let lock = Lock::new();
    let program = async move {
        let guard = lock.lock().await?;
        lock.release()?;
        lock.acquire().await?;
        drop(guard);
        assert!(lock.locked());
        lock.release()
    };
    event_loop.run_until_complete(program).unwrap();
}

#[test]
fn the_notification_of_one_who_is_cancelled_before_his_turn_goes_to_the_next() {
    let event_loop = EventLoop::with_virtual_clock();
    let condition = Condition::new();
    let [a, b] = [(); 2].map(|()| {
        let condition = condition.clone();
        event_loop.create_task(async move {
            let _guard = condition.lock().await?;
            condition.wait().await
        })
    });
    let program = async move {
        yield_now().await?;
        condition.acquire().await?;
        condition.notify(1)?;
        a.cancel();
        condition.release()?;
        assert!(b.await?);
        assert!(a.cancelled() && !condition.locked());
        Ok(())
    };
    event_loop.run_until_complete(program).unwrap();
}

/// The lock was another's in between, but it is the same guard that gives it back.
#[test]
fn a_guard_still_holds_the_lock_after_a_wait_on_the_condition() {
    let event_loop = EventLoop::with_virtual_clock();
    let condition = Condition::new();
    let notifies = condition.clone();
    let program = async move {
        let guard = condition.lock().await?;
        let notifier = create_task(async move {
            let _guard = notifies.lock().await?;
            notifies.notify_all()
        });
        condition.wait().await?;
        notifier.await?;
        assert!(condition.locked());
        drop(guard);
        assert!(!condition.locked());
        Ok(())
    };
    event_loop.run_until_complete(program).unwrap();
}

#[test]
fn a_permit_is_given_back_when_it_is_dropped() {
    let event_loop = EventLoop::with_virtual_clock();
    let semaphore = Semaphore::new(1);
    let program = async move {
        let permit = semaphore.permit().await?;
        assert!(semaphore.locked());
        drop(permit);
        assert!(!semaphore.locked());
        Ok(())
    };
    event_loop.run_until_complete(program).unwrap();
}

#[test]
fn a_putter_whose_room_was_snatched_waits_again() {
    let event_loop = EventLoop::with_virtual_clock();
    let queue = Queue::new(1);
    queue.put_nowait(1).unwrap();
    let puts = queue.clone();
    let putter = event_loop.create_task(async move { puts.put(3).await });
    let program = async move {
        assert_eq!(queue.get_nowait()?, 1);
        queue.put_nowait(2)?;
        sleep(secs(1)).await?;
        assert!(!putter.done() && queue.qsize() == 1);
        assert_eq!(queue.get_nowait()?, 2);
        assert_eq!(queue.get().await?, 3);
        Ok(())
    };
    event_loop.run_until_complete(program).unwrap();
}

/// Each of them would wait for ever, and with a time limit, too: that is on another loop.
#[test]
fn what_belongs_to_another_loop_cannot_be_waited_for() {
    let text = "The future belongs to a different loop than the one specified as the loop argument";
    let elsewhere = EventLoop::with_virtual_clock();
    let foreign = elsewhere.create_future::<()>();
    let event_loop = EventLoop::with_virtual_clock();
    let refused = event_loop.run_until_complete(wait_for(foreign.clone(), secs(5)));
    assert_eq!(refused.unwrap_err().to_string(), text);
    let waits = wait([foreign.clone()], secs(5), ReturnWhen::AllCompleted);
    assert_eq!(
        event_loop
            .run_until_complete(waits)
            .unwrap_err()
            .to_string(),
        text
    );
    let refused = event_loop.run_until_complete(&foreign);
    assert_eq!(refused.unwrap_err().to_string(), text);
}

/// An error that happens to say "cancelled" is an error: nobody has cancelled that future.
#[test]
fn the_first_exception_may_be_a_stored_cancellation() {
    let event_loop = EventLoop::with_virtual_clock();
    let (failed, pending) = (event_loop.create_future::<()>(), event_loop.create_future());
    failed.set_exception(Error::Cancelled).unwrap();
    let waits = wait([failed, pending], None, ReturnWhen::FirstException);
    let (done, pending) = event_loop.run_until_complete(waits).unwrap();
    assert_eq!((done.len(), pending.len()), (1, 1));
}

#[test]
fn whoever_is_interrupted_gets_all_items_of_as_completed() {
    let event_loop = EventLoop::with_virtual_clock();
    let members = [2, 3].map(|seconds| event_loop.create_task(sleep_with(secs(seconds), seconds)));
    let task = event_loop.create_task(async move {
        let mut items = as_completed(members);
        assert!(matches!(items.anext().await, Err(Error::Cancelled)));
        let mut got = Vec::new();
        while let Some(item) = items.anext().await? {
            got.push(item?);
        }
        Ok(got)
    });
    let victim = task.clone();
    event_loop.call_later(secs(1), move || victim.cancel());
    assert_eq!(event_loop.run_until_complete(task).unwrap(), [2, 3]);
}

#[test]
fn a_program_leaves_the_default_loop_of_its_thread_alone() {
    let event_loop = EventLoop::with_virtual_clock();
    set_event_loop(&event_loop);
    send_none::run(async { Ok(()) }).unwrap();
    assert!(get_event_loop().unwrap() == event_loop);
}
