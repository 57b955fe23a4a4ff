//! What never ends.

use std::panic::panic_any;
use std::time::Duration;

use send_none::sync::{Condition, Lock};
use send_none::{
    Coroutine, EventLoop, LoopEvent, Task, ThreadPool, gather, get_event_loop,
    run_coroutine_threadsafe,
};

use super::{Bomb, ends, turn, virtual_loop};

/// `collect` in turn.rs tells the observer that it will sleep, and then does so, without another look
/// at the run queue and at `stopping`.
#[test]
fn an_observer_stops_the_loop_that_is_about_to_sleep() {
    assert!(ends(|| {
        let event_loop = EventLoop::new();
        let _handle = event_loop.threadsafe();
        event_loop.observe(|_: Duration, event: &LoopEvent| {
            if matches!(event, LoopEvent::Asleep { .. }) {
                get_event_loop().unwrap().stop();
            }
        });
        event_loop.run_forever().unwrap();
    }));
}

/// Its `wait` takes the lock again, whatever happens. But without a loop it can never stand in line,
/// and is told so at once, again and again.
#[test]
fn a_condition_is_waited_for_without_a_loop_and_somebody_else_is_next() {
    assert!(ends(|| {
        let (event_loop, lock) = (virtual_loop(), Lock::new());
        let (mine, wants) = (lock.clone(), lock.clone());
        drop(Coroutine::new(async move { mine.acquire().await }).send(None));
        let _next = event_loop.create_task(async move { wants.acquire().await });
        turn(&event_loop);
        let condition = Condition::with_lock(lock);
        drop(Coroutine::new(async move { condition.wait().await }).send(None));
    }));
}

/// The job's panic is caught and told; but what it carries is dropped behind that, and panics. The
/// thread is gone, and its pool does not know.
#[test]
fn a_job_panics_with_something_that_panics_when_it_is_dropped() {
    assert!(ends(|| {
        let event_loop = EventLoop::new();
        event_loop.set_default_executor(ThreadPool::new(1)).unwrap();
        drop(event_loop.run_in_executor(|| -> () { panic_any(Bomb) }));
        let next = event_loop.run_in_executor(|| 7);
        assert_eq!(event_loop.run_until_complete(next).unwrap(), 7);
    }));
}

/// Nobody else can run it. Python hangs here, too; but the handle knows its thread and could refuse.
#[test]
#[ignore = "known: waits for itself"]
fn a_loop_waits_for_what_it_was_given_by_itself() {
    assert!(ends(|| {
        let event_loop = EventLoop::new();
        let handle = event_loop.threadsafe();
        let submitted = run_coroutine_threadsafe(|| async { Ok(1) }, &handle).unwrap();
        drop(submitted.result(None));
    }));
}

/// `AnyFuture::cancel` goes down every way, and there are 2^30 here.
#[test]
fn a_tower_of_gathers_is_cancelled() {
    assert!(ends(|| {
        let event_loop = virtual_loop();
        let fut = event_loop.create_future::<()>();
        let mut top: Task<()> = event_loop.create_task(fut);
        for _ in 0..30 {
            let below = top;
            top = event_loop.create_task(async move { gather([&below, &below]).await.map(drop) });
        }
        (0..100).for_each(|_| turn(&event_loop));
        top.cancel();
    }));
}
