//! What is a circle and what is not, and where a refusal comes out.

use crate::{Later, secs, turn};
use send_none::{
    Error, EventLoop, FutureCell, Result, Task, gather, gather_results, sleep, yield_now,
};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::thread;

/// Waits for the task in the slot, or for five seconds, with the task's own waker in both.
async fn either(other: Later<Task<&'static str>>) -> Result<&'static str> {
    let mut other = other.borrow().clone().unwrap();
    let mut limit = Box::pin(sleep(secs(5)));
    poll_fn(|cx| {
        if let Poll::Ready(result) = Pin::new(&mut other).poll(cx) {
            return Poll::Ready(result);
        }
        limit
            .as_mut()
            .poll(cx)
            .map(|over| over.map(|()| "the limit"))
    })
    .await
}

/// They wait for each other, but the first one waits for something else, too.
#[test]
fn two_that_wait_for_each_other_are_no_circle_if_one_has_another_way_out() {
    let event_loop = EventLoop::with_virtual_clock();
    let slot = Later::default();
    let first = event_loop.create_task(either(slot.clone()));
    let second = event_loop.create_task(first.clone());
    *slot.borrow_mut() = Some(second.clone());
    let ends = gather_results_of(&event_loop, [first, second]);
    assert_eq!(ends, ["the limit", "the limit"]);
    assert_eq!(event_loop.time(), secs(5));
    drop(slot.take());
}

fn gather_results_of(event_loop: &EventLoop, tasks: [Task<&'static str>; 2]) -> Vec<&'static str> {
    let all = event_loop.run_until_complete(async { gather_results(tasks).await });
    all.unwrap().into_iter().map(Result::unwrap).collect()
}

/// It waits for the task in the slot, or for something of another crate, which has called its waker already: at
/// once, or on another thread. No clone of the waker is left then.
async fn woken_already(other: Later<Task<&'static str>>, by_thread: bool) -> Result<&'static str> {
    let mut other = other.borrow().clone().unwrap();
    let mut called = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut called, true) {
            return Poll::Ready(Ok("woken"));
        }
        let waker = cx.waker().clone();
        match by_thread {
            true => thread::spawn(move || waker.wake()).join().unwrap(),
            false => waker.wake(),
        }
        Pin::new(&mut other).poll(cx)
    })
    .await
}

#[test]
fn who_is_woken_already_is_in_no_circle() {
    for by_thread in [false, true] {
        for comes_first in [false, true] {
            let event_loop = EventLoop::new();
            let slot = Later::default();
            let waits = woken_already(slot.clone(), by_thread);
            let first = event_loop.create_task(async move {
                if !comes_first {
                    yield_now().await?; // then the other one waits already
                }
                waits.await
            });
            let second = event_loop.create_task(first.clone());
            *slot.borrow_mut() = Some(second.clone());
            let ends = gather_results_of(&event_loop, [first, second]);
            assert_eq!(ends, ["woken", "woken"]);
            drop(slot.take());
        }
    }
}

/// A task that was refused is told at its next step. Who cancels it before that is not to be forgotten, and what it
/// may not wait for is not to be cancelled for it. Python: it waits for nothing then.
#[test]
fn a_cancellation_between_a_refusal_and_its_step_takes_its_place() {
    let (event_loop, other) = (EventLoop::with_virtual_clock(), EventLoop::new());
    let slot: Later<Task<()>> = Later::default();
    let closes = slot.clone();
    let first = event_loop.create_task(async move {
        let second = closes.borrow().clone().unwrap();
        second.await
    });
    let waits = first.clone();
    let second = event_loop.create_task(async move {
        let cancelled = matches!(waits.await, Err(Error::Cancelled));
        assert!(cancelled);
        Ok(())
    });
    *slot.borrow_mut() = Some(second.clone());
    let foreign = other.create_future::<()>();
    let third = event_loop.create_task(foreign.clone());
    turn(&event_loop);
    assert!(second.cancel() && third.cancel());
    assert!(event_loop.snapshot().tasks[1].waits_for.is_empty());
    event_loop.run_until_complete(&first).unwrap();
    second.result().unwrap();
    assert!(third.cancelled() && !foreign.done());
    drop(slot.take());
}

/// A task may look at itself. It is refused only if it waits for itself.
#[test]
fn a_refusal_does_not_come_out_of_an_await_that_has_nothing_to_do_with_it() {
    let event_loop = EventLoop::with_virtual_clock();
    let slot: Later<Task<()>> = Later::default();
    let myself = slot.clone();
    let task: Task<()> = event_loop.create_task(async move {
        let mut myself = myself.take().unwrap();
        let done = poll_fn(|cx| Poll::Ready(Pin::new(&mut myself).poll(cx).is_ready())).await;
        assert!(!done);
        drop(myself);
        sleep(secs(1)).await
    });
    *slot.borrow_mut() = Some(task.clone());
    event_loop.run_until_complete(task).unwrap();
}

/// A chain of ten thousand tasks that nobody can wake: its report is long, but not beyond measure.
#[test]
fn the_report_of_a_long_chain_does_not_fill_the_memory() {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ());
    let bottom = event_loop.create_future::<()>();
    let mut top = event_loop.create_task(bottom.clone());
    for _ in 0..10_000 {
        top = event_loop.create_task(top.clone());
    }
    let error = event_loop.run_until_complete(&top).unwrap_err().to_string();
    assert!(error.lines().count() > 10_000 && error.len() < 3_000_000);
    bottom.set_result(()).unwrap();
    event_loop.run_until_complete(top).unwrap();
}

/// A timer that never fires is none that one waits for.
#[test]
fn the_report_of_a_sleep_without_end_counts_no_timer() {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ());
    let error = event_loop.run_until_complete(sleep(std::time::Duration::MAX));
    let error = error.unwrap_err().to_string();
    assert!(error.contains("0 ready, 0 timers"), "{error}");
}

/// One of its members is in a circle with the task that waits for it, but another one can still end it.
#[test]
fn a_gather_that_another_member_may_end_is_no_circle() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<()>();
    let slot: Later<Task<()>> = Later::default();
    let me = slot.clone();
    let other = event_loop.create_task(async move {
        let me = me.borrow().clone().unwrap();
        me.await
    });
    let waits = fut.clone();
    let task = event_loop.create_task(async move {
        gather([FutureCell::from(other), waits]).await?;
        Ok(())
    });
    *slot.borrow_mut() = Some(task.clone());
    event_loop.call_later(secs(1), move || {
        fut.set_exception(Error::msg("the other one"))
    });
    let error = event_loop.run_until_complete(task).unwrap_err();
    assert_eq!(error.to_string(), "the other one");
}

/// The same, but the other member is done already, and so nothing is left that could end it.
#[test]
fn a_gather_whose_other_members_are_done_can_be_in_a_circle() {
    let event_loop = EventLoop::with_virtual_clock();
    let slot: Later<Task<()>> = Later::default();
    let me = slot.clone();
    let other = event_loop.create_task(async move {
        sleep(secs(1)).await?; // by then the first member is done
        let me = me.borrow().clone().unwrap();
        me.await
    });
    let done = event_loop.create_future();
    done.set_result(()).unwrap();
    let task = event_loop.create_task(async move {
        gather([FutureCell::from(other), done]).await?;
        Ok(())
    });
    *slot.borrow_mut() = Some(task.clone());
    let error = event_loop.run_until_complete(task).unwrap_err().to_string();
    assert!(error.contains("wait for each other in a circle"), "{error}");
}

/// One member has failed, and the gather has not been told yet. So it waits for nobody any more.
#[test]
fn a_gather_that_is_about_to_fail_is_in_no_circle() {
    let event_loop = EventLoop::with_virtual_clock();
    let slot: Later<FutureCell<Vec<i32>>> = Later::default();
    let all = slot.clone();
    let fails = async {
        yield_now().await?;
        Err(Error::msg("failed"))
    };
    let waits = async move {
        yield_now().await?;
        let all = all.borrow().clone().unwrap();
        let error = all.await.unwrap_err();
        assert_eq!(error.to_string(), "failed");
        Ok(7)
    };
    let tasks = [event_loop.create_task(fails), event_loop.create_task(waits)];
    *slot.borrow_mut() = Some(gather(&tasks));
    assert_eq!(event_loop.run_until_complete(&tasks[1]).unwrap(), 7);
    drop(slot.take());
}
