//! Cancelling, in the very turn in which it comes too late, or nearly.

use crate::leaves::leaves;
use crate::{Drops, quiet_loop, run_out, secs, turns, watched};
use send_none::sync::{Condition, Queue};
use send_none::{Error, EventLoop, Result, create_task, set_event_loop, sleep, wait_for};
use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;

/// #31. A result and a cancellation come in the same turn, and what was given is nobody's, or nobody
/// learns of either. Seen in python/cpython#86296. (Where only one of them can be told, `wait_for`
/// does as CPython 3.11 does: a result that is there is given.)
#[test]
fn of_a_result_and_a_cancellation_that_race_one_is_told_and_no_item_is_lost() {
    type Gets = Pin<Box<dyn Future<Output = Result<i32>>>>;
    type Kind = (&'static str, fn(Queue<i32>) -> Gets);
    let kinds: [Kind; 3] = [
        ("no limit", |queue| {
            Box::pin(async move { queue.get().await })
        }),
        ("a limit", |queue| {
            let get = async move { queue.get().await };
            Box::pin(async { wait_for(get, secs(1)).await })
        }),
        ("a limit on a task", |queue| {
            let get = create_task(async move { queue.get().await });
            Box::pin(wait_for(get, secs(1)))
        }),
    ];
    /// Runs it with these things happening before these turns; what came of it.
    fn race(
        gets: fn(Queue<i32>) -> Gets,
        [put, cancel, timeout]: [u32; 3],
        put_first: bool,
    ) -> (Result<i32>, bool, usize) {
        let (event_loop, queue) = (quiet_loop(), Queue::new(0));
        set_event_loop(&event_loop);
        let inside = queue.clone();
        let task = event_loop.create_task(async move { gets(inside).await });
        let asked = Cell::new(false);
        for turn in 0..20 {
            let mut acts: [(u32, &dyn Fn()); 3] = [
                (put, &|| queue.put_nowait(7).unwrap()),
                (cancel, &|| asked.set(task.cancel())),
                (timeout, &|| event_loop.block(secs(1))),
            ];
            if !put_first {
                acts.reverse();
            }
            for (_, act) in acts.into_iter().filter(|(when, _)| *when == turn) {
                act();
            }
            turns(&event_loop, 1);
        }
        assert!(format!("{queue:?}").contains("0 getting"));
        assert!(task.done());
        (task.result(), asked.get(), queue.qsize())
    }
    const MOMENTS: u32 = 9;
    for (name, gets) in kinds {
        for moment in 0..MOMENTS.pow(3) * 2 {
            let (put_first, moment) = (moment % 2 == 0, moment / 2);
            let moments = [moment, moment / MOMENTS, moment / MOMENTS.pow(2)];
            let moments = moments.map(|moment| moment % MOMENTS);
            let (result, cancelled, left) = race(gets, moments, put_first);
            let what = format!("{name}, {moments:?}, put first: {put_first}: {result:?}");
            assert_eq!(
                left == 0,
                result.is_ok(),
                "the item is lost, or there twice: {what}"
            );
            match result {
                Ok(_) => assert!(!cancelled || name != "no limit", "not cancelled: {what}"),
                Err(Error::Cancelled) => assert!(cancelled, "nobody did: {what}"),
                Err(Error::Timeout) => assert!(!cancelled && name != "no limit", "lost: {what}"),
                Err(_) => panic!("{what}"),
            }
        }
    }
}

/// #32. When the time is over the child is cancelled, and the parent goes on while the child still
/// cleans up: it holds a lock that the parent counts on, or is at work on what the parent does next.
/// Seen in python/cpython#7216.
#[test]
fn a_timeout_returns_when_the_clean_up_of_the_child_is_done() {
    type Log = Rc<RefCell<Vec<&'static str>>>;
    async fn cleans_up(log: Log, name: &'static str) -> Result<i32> {
        let result = sleep(secs(99)).await;
        sleep(secs(2)).await?;
        log.borrow_mut().push(name);
        result.map(|()| 7)
    }
    async fn has_a_child(log: Log) -> Result<i32> {
        let child = create_task(cleans_up(log.clone(), "child"));
        let result = child.await;
        sleep(secs(2)).await?;
        log.borrow_mut().push("parent");
        result
    }
    let program = async |log: Log, event_loop: EventLoop| {
        let result = wait_for(cleans_up(log.clone(), "limited"), secs(1)).await;
        assert!(matches!(result, Err(Error::Timeout)));
        log.borrow_mut().push("timeout");
        assert_eq!(event_loop.time(), secs(3));

        let result = wait_for(wait_for(has_a_child(log.clone()), secs(50)), secs(1)).await;
        assert!(matches!(result, Err(Error::Timeout)));
        log.borrow_mut().push("both limits");
        assert_eq!(event_loop.time(), secs(3 + 1 + 2 + 2));

        let waits = create_task(wait_for(
            cleans_up(log.clone(), "of a cancelled one"),
            secs(50),
        ));
        sleep(secs(1)).await?;
        waits.cancel();
        assert!(matches!(waits.await, Err(Error::Cancelled)));
        log.borrow_mut().push("cancelled");
        assert_eq!(event_loop.time(), secs(8 + 1 + 2));

        let condition = Condition::new();
        let _guard = condition.lock().await?;
        let waits = condition.clone();
        let result = wait_for(async move { waits.wait().await }, secs(1)).await;
        assert!(matches!(result, Err(Error::Timeout)));
        assert!(
            condition.locked(),
            "it is taken again before the wait is over"
        );
        condition.notify_all()
    };
    watched(move || {
        let (event_loop, log) = (quiet_loop(), Log::default());
        let inside = event_loop.clone();
        event_loop
            .run_until_complete(program(log.clone(), inside))
            .unwrap();
        let in_order = ["limited", "timeout", "child", "parent", "both limits"];
        assert_eq!(log.borrow()[..5], in_order);
        assert_eq!(log.borrow()[5..], ["of a cancelled one", "cancelled"]);
    });
}

/// #34. A task is aborted, and in the same turn what it waited for is there. Its body goes on after
/// all, or is dropped by both of them; and what it was given is nobody's. Seen in awslabs/shuttle#91.
#[test]
fn an_aborted_task_never_goes_on_and_what_it_was_given_goes_to_the_next() {
    const ORDERS: [[&str; 3]; 3] = [
        ["abort", "let go", "turn"],
        ["let go", "abort", "turn"],
        ["abort", "turn", "let go"],
    ];
    watched(|| {
        for which in 0..leaves(&quiet_loop()).len() {
            for acts in ORDERS {
                let event_loop = quiet_loop();
                let leaf = leaves(&event_loop).remove(which);
                let what = format!("{}, {acts:?}", leaf.name);
                let (drops, resumed) = (Drops::default(), Rc::new(Cell::new(false)));
                let (kept, resumes, wait) = (drops.counted(), resumed.clone(), (leaf.make)());
                let task = event_loop.create_task(async move {
                    let _kept = kept;
                    let _result = wait.await;
                    resumes.set(true);
                    Ok(())
                });
                let next = event_loop.create_task((leaf.make)());
                turns(&event_loop, 3);
                for act in acts {
                    match act {
                        "abort" => task.abort(),
                        "let go" => (leaf.let_go)(),
                        _ => turns(&event_loop, 1),
                    }
                }
                run_out(&event_loop);
                assert!(task.cancelled() && !resumed.get(), "{what}");
                assert!(next.done(), "{what}: {}", (leaf.line)());
                assert_eq!(drops.count(), 1, "{what}");
            }
        }
    });
}
