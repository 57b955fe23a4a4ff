//! async-lock: locks that are held across an `await`, and from other threads, too.

use async_lock::{Barrier, Mutex, RwLock, Semaphore};
use futures::FutureExt;
use futures::future::{Either, select};
use send_none::{Error, Result, gather, sleep, wait_for};
use std::sync::Arc;
use std::thread::spawn;

use crate::{
    Log, assert_panicked, cancel_one_and_abort_one, now, on_a_loop, planned, secs, turn,
    when_asleep,
};

/// Takes the lock and lets it go.
fn pass(lock: &Arc<Mutex<i32>>) -> impl Future<Output = Result<i32>> + 'static {
    let lock = lock.clone();
    async move { Ok(*lock.lock().await) }
}

/// Takes the lock and holds it for so long.
async fn hold(lock: Arc<Mutex<i32>>, seconds: u64) -> Result<()> {
    let mut guard = lock.lock().await;
    sleep(secs(seconds)).await?;
    *guard += 1;
    Ok(())
}

#[test]
fn a_mutex_goes_from_one_to_the_next_in_the_order_in_which_they_came() {
    on_a_loop(|event_loop| {
        let (lock, log) = (Arc::new(Mutex::new(0)), Log::default());
        let tasks = ["one", "two", "three"].map(|name| {
            let (lock, log) = (lock.clone(), log.clone());
            event_loop.create_task(async move {
                hold(lock, 1).await?;
                log.add(format!("{name} at {}", now()));
                Ok(())
            })
        });
        event_loop.run_until_complete(gather(tasks)).unwrap();
        assert_eq!(log.take(), ["one at 1", "two at 2", "three at 3"]);
    });
}

#[test]
fn readers_share_a_lock_and_the_writer_waits_for_all_of_them() {
    on_a_loop(|event_loop| {
        let lock = Arc::new(RwLock::new(0));
        for seconds in 1..=3 {
            let lock = lock.clone();
            event_loop.create_task(async move {
                let read = lock.read().await;
                sleep(secs(seconds)).await?;
                assert_eq!(*read, 0);
                Ok(())
            });
        }
        turn(event_loop);
        let writes = async move {
            *lock.write().await = 1;
            Ok(())
        };
        event_loop.run_until_complete(writes).unwrap();
        assert_eq!(event_loop.time(), secs(3));
    });
}

#[test]
fn a_semaphore_lets_two_in_and_a_barrier_lets_all_go_at_once() {
    on_a_loop(|event_loop| {
        let semaphore = Arc::new(Semaphore::new(2));
        let barrier = Arc::new(Barrier::new(4));
        let log = Log::default();
        let tasks = [1, 2, 3, 4].map(|number| {
            let (semaphore, barrier, log) = (semaphore.clone(), barrier.clone(), log.clone());
            event_loop.create_task(async move {
                let permit = semaphore.acquire().await;
                sleep(secs(1)).await?;
                drop(permit);
                log.add(format!("{number} at {}", now()));
                barrier.wait().await;
                log.add(format!("on at {}", now()));
                Ok(())
            })
        });
        event_loop.run_until_complete(gather(tasks)).unwrap();
        let came = ["1 at 1", "2 at 1", "3 at 2", "4 at 2"];
        let log = log.take();
        assert_eq!(log[..4], came);
        assert_eq!(log[4..], ["on at 2"; 4]);
    });
}

#[test]
fn a_thread_that_lets_a_lock_go_wakes_the_task_that_waits() {
    on_a_loop(|event_loop| {
        let lock = Arc::new(Mutex::new(7));
        let guard = lock.try_lock_arc().unwrap();
        let thread = when_asleep(event_loop, move || drop(guard));
        assert_eq!(event_loop.run_until_complete(pass(&lock)).unwrap(), 7);
        thread.join().unwrap();
    });
}

#[test]
fn a_thread_and_the_loop_can_fight_for_a_lock_a_thousand_times() {
    on_a_loop(|event_loop| {
        let lock = Arc::new(Mutex::new(0));
        let others = lock.clone();
        let thread = spawn(move || (0..1000).for_each(|_| *others.lock_blocking() += 1));
        let ours = lock.clone();
        let fights = async move {
            for _ in 0..1000 {
                *ours.lock().await += 1;
            }
            Ok(())
        };
        event_loop.run_until_complete(fights).unwrap();
        thread.join().unwrap();
        assert_eq!(*lock.try_lock().unwrap(), 2000);
    });
}

#[test]
fn tasks_that_are_cancelled_or_aborted_in_the_line_leave_it() {
    on_a_loop(|event_loop| {
        let lock = Arc::new(Mutex::new(7));
        let guard = lock.try_lock_arc().unwrap();
        cancel_one_and_abort_one(event_loop, || pass(&lock));
        let last = event_loop.create_task(pass(&lock));
        turn(event_loop);
        drop(guard);
        assert_eq!(event_loop.run_until_complete(last).unwrap(), 7);
    });
}

/// The lock was let go, and the first in the line was told; but he does not live to take it.
#[test]
fn tasks_that_are_cancelled_or_aborted_when_it_is_their_turn_pass_it_on() {
    on_a_loop(|event_loop| {
        for abort in [false, true] {
            let lock = Arc::new(Mutex::new(7));
            let guard = lock.try_lock_arc().unwrap();
            let first = event_loop.create_task(hold(lock.clone(), 100));
            let second = event_loop.create_task(pass(&lock));
            turn(event_loop);
            drop(guard);
            match abort {
                true => first.abort(),
                false => assert!(first.cancel()),
            }
            assert_eq!(event_loop.run_until_complete(second).unwrap(), 7);
            assert!(first.cancelled());
        }
        assert_eq!(event_loop.time(), secs(0));
    });
}

#[test]
fn a_task_that_is_cancelled_or_aborted_while_it_holds_a_lock_lets_it_go() {
    on_a_loop(|event_loop| {
        for abort in [false, true] {
            let lock = Arc::new(Mutex::new(7));
            let holds = event_loop.create_task(hold(lock.clone(), 100));
            let waits = event_loop.create_task(pass(&lock));
            turn(event_loop);
            match abort {
                true => holds.abort(),
                false => assert!(holds.cancel()),
            }
            assert_eq!(event_loop.run_until_complete(waits).unwrap(), 7);
        }
        assert_eq!(event_loop.time(), secs(0));
    });
}

#[test]
fn a_task_that_panics_with_the_lock_in_its_hand_lets_it_go_and_does_not_poison_it() {
    on_a_loop(|event_loop| {
        let lock = Arc::new(Mutex::new(0));
        let panics = lock.clone();
        let panics = event_loop.create_task(async move {
            let mut guard = panics.lock().await;
            *guard = 7;
            sleep(secs(1)).await?;
            planned()
        });
        let next = event_loop.create_task(pass(&lock));
        assert_eq!(event_loop.run_until_complete(next).unwrap(), 7);
        assert_panicked(&panics, "planned");
    });
}

#[test]
fn a_task_that_panics_in_the_line_leaves_it() {
    on_a_loop(|event_loop| {
        let lock = Arc::new(Mutex::new(7));
        let guard = lock.try_lock_arc().unwrap();
        let waits = pass(&lock);
        let panics = event_loop.create_task(async move {
            let panics = async {
                sleep(secs(1)).await?;
                planned()
            };
            futures::try_join!(waits, panics)
        });
        let last = event_loop.create_task(pass(&lock));
        event_loop.call_later(secs(2), move || drop(guard));
        assert_eq!(event_loop.run_until_complete(last).unwrap(), 7);
        assert_panicked(&panics, "planned");
    });
}

#[test]
fn closing_the_loop_with_a_task_that_holds_and_tasks_that_wait_lets_the_lock_go() {
    on_a_loop(|event_loop| {
        let lock = Arc::new(Mutex::new(7));
        for _ in 0..3 {
            event_loop.create_task(hold(lock.clone(), 100));
        }
        turn(event_loop);
        assert!(lock.try_lock().is_none());
        event_loop.close().unwrap();
        assert_eq!(*lock.try_lock().unwrap(), 7);
        assert_eq!(Arc::strong_count(&lock), 1);
    });
}

/// A `select` whose first branch takes the lock for one second, and loses against the clock. That
/// branch is given back: alive, and polled by nobody.
async fn hold_but_lose(lock: Arc<Mutex<i32>>) -> impl Future<Output = Result<()>> {
    let holds = hold(lock, 1).boxed_local();
    let half_a_second = sleep(secs(1) / 2).boxed_local();
    match select(holds, half_a_second).await {
        Either::Right((_over, holds)) => holds,
        Either::Left(_) => unreachable!("it holds the lock for longer"),
    }
}

/// Whether the lock can be had within ten seconds.
async fn can_be_had(lock: &Arc<Mutex<i32>>) -> bool {
    match wait_for(pass(lock), secs(10)).await {
        Err(Error::Timeout) => false,
        result => result.is_ok(),
    }
}

/// The timer of its sleep has fired, and its task was woken. But the task polls something else now.
#[test]
fn a_lock_held_by_a_future_that_is_kept_but_not_polled_is_never_let_go() {
    on_a_loop(|event_loop| {
        let lock = Arc::new(Mutex::new(0));
        let result = event_loop.run_until_complete(async move {
            let kept = hold_but_lose(lock.clone()).await;
            assert!(!can_be_had(&lock).await);
            drop(kept);
            Ok(can_be_had(&lock).await)
        });
        assert!(result.unwrap(), "dropping it has let it go");
        assert_eq!(event_loop.time(), secs(21) / 2);
    });
}

#[test]
fn a_lock_held_by_a_future_that_is_polled_again_is_let_go() {
    on_a_loop(|event_loop| {
        let lock = Arc::new(Mutex::new(0));
        let result = event_loop.run_until_complete(async move {
            let kept = hold_but_lose(lock.clone()).await;
            let (held, had) = futures::join!(kept, can_be_had(&lock));
            Ok(held.is_ok() && had)
        });
        assert!(result.unwrap());
        assert_eq!(event_loop.time(), secs(1));
    });
}

/// The loop polls a task whether anybody waits for it or not.
#[test]
fn a_lock_held_by_a_task_that_nobody_waits_for_any_more_is_let_go() {
    on_a_loop(|event_loop| {
        let lock = Arc::new(Mutex::new(0));
        let task = event_loop.create_task(hold(lock.clone(), 1));
        let result = event_loop.run_until_complete(async move {
            let half_a_second = sleep(secs(1) / 2).boxed_local();
            let Either::Right((_over, task)) = select(task, half_a_second).await else {
                unreachable!("it holds the lock for longer")
            };
            Ok((can_be_had(&lock).await, task.done()))
        });
        assert_eq!(result.unwrap(), (true, true));
        assert_eq!(event_loop.time(), secs(1));
    });
}
