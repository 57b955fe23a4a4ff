//! The lines before locks, permits, queues and conditions, and those who leave them. What each
//! program says is what CPython 3.11 says when it runs the same one.

mod transcript;

use send_none::sync::{
    BoundedSemaphore, Condition, Event, LifoQueue, Lock, PriorityQueue, Queue, Semaphore,
};
use send_none::{
    Coroutine, Error, EventLoop, Step, Suspended, Task, async_with, sleep, wait_for, yield_now,
};
use std::cell::Cell;
use std::rc::Rc;
use transcript::{over, say, says, secs, told};

fn acquires_lock(name: &'static str, lock: &Lock) -> Task<bool> {
    let lock = lock.clone();
    told(name, async move { lock.acquire().await })
}

fn acquires(name: &'static str, semaphore: &Semaphore) -> Task<bool> {
    let semaphore = semaphore.clone();
    told(name, async move { semaphore.acquire().await })
}

fn gets(name: &'static str, queue: &Queue<u32>) -> Task<u32> {
    let queue = queue.clone();
    told(name, async move { queue.get().await })
}

fn puts(name: &'static str, item: u32, queue: &Queue<u32>) -> Task<()> {
    let queue = queue.clone();
    told(name, async move { queue.put(item).await })
}

fn joins(name: &'static str, queue: &Queue<u32>) -> Task<()> {
    let queue = queue.clone();
    told(name, async move { queue.join().await })
}

/// Takes the condition's lock, waits, and gives it back.
fn waits(name: &'static str, condition: &Condition) -> Task<()> {
    let condition = condition.clone();
    told(name, async move {
        async_with(&condition, async |()| condition.wait().await).await?;
        Ok(())
    })
}

#[test]
fn whoever_leaves_the_line_of_a_lock_the_others_keep_their_order() {
    let program = async {
        for gone in 0..3 {
            let lock = Lock::new();
            lock.acquire().await?;
            let users = ["a", "b", "c"].map(|name| {
                let lock = lock.clone();
                told(name, async move {
                    async_with(lock, async |()| yield_now().await).await?;
                    Ok(())
                })
            });
            sleep(secs(1.0)).await?;
            say(format!("without {}", ["a", "b", "c"][gone]));
            users[gone].cancel();
            lock.release()?;
            over(&users).await?;
        }
        Ok(())
    };
    says(
        program,
        &[
            "t=1 turn 4: without a",
            "t=1 turn 5: a: Err(CancelledError)",
            "t=1 turn 7: b: Ok(())",
            "t=1 turn 9: c: Ok(())",
            "t=2 turn 14: without b",
            "t=2 turn 15: b: Err(CancelledError)",
            "t=2 turn 16: a: Ok(())",
            "t=2 turn 18: c: Ok(())",
            "t=3 turn 23: without c",
            "t=3 turn 24: c: Err(CancelledError)",
            "t=3 turn 25: a: Ok(())",
            "t=3 turn 27: b: Ok(())",
        ],
    );
}

#[test]
fn a_lock_goes_past_those_who_were_let_go_or_stood_there_and_were_cancelled() {
    let program = async {
        let lock = Lock::new();
        lock.acquire().await?;
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|name| acquires_lock(name, &lock));
        sleep(secs(1.0)).await?;
        lock.release()?;
        a.cancel();
        b.cancel();
        over([&a, &b, &c]).await?;
        say(format!("locked: {}", lock.locked()));
        lock.release()?;
        over([&d]).await
    };
    says(
        program,
        &[
            "t=1 turn 5: a: Err(CancelledError)",
            "t=1 turn 5: b: Err(CancelledError)",
            "t=1 turn 6: c: Ok(true)",
            "t=1 turn 8: locked: true",
            "t=1 turn 9: d: Ok(true)",
        ],
    );
}

#[test]
fn a_newcomer_gets_a_lock_at_once_if_all_before_him_are_cancelled() {
    let program = async {
        let lock = Lock::new();
        lock.acquire().await?;
        let [a, b] = ["a", "b"].map(|name| acquires_lock(name, &lock));
        sleep(secs(1.0)).await?;
        a.cancel();
        b.cancel();
        lock.release()?;
        say(format!("newcomer: {:?}", lock.acquire().await));
        over([&a, &b]).await
    };
    says(
        program,
        &[
            "t=1 turn 4: newcomer: Ok(true)",
            "t=1 turn 5: a: Err(CancelledError)",
            "t=1 turn 5: b: Err(CancelledError)",
        ],
    );
}

#[test]
fn a_newcomer_waits_for_one_who_was_let_go_even_if_that_one_is_cancelled() {
    let program = async {
        let lock = Lock::new();
        lock.acquire().await?;
        let a = acquires_lock("a", &lock);
        sleep(secs(1.0)).await?;
        lock.release()?;
        a.cancel();
        say(format!("newcomer: {:?}", lock.acquire().await));
        over([&a]).await
    };
    says(
        program,
        &[
            "t=1 turn 5: a: Err(CancelledError)",
            "t=1 turn 6: newcomer: Ok(true)",
        ],
    );
}

#[test]
fn whoever_refuses_a_cancellation_and_asks_again_is_the_last_in_the_line() {
    let program = async {
        let lock = Lock::new();
        lock.acquire().await?;
        let asks = lock.clone();
        let stubborn = told("stubborn", async move {
            if let Err(Error::Cancelled) = asks.acquire().await {
                say("again");
                asks.acquire().await?;
            }
            Ok(())
        });
        let b = acquires_lock("b", &lock);
        sleep(secs(1.0)).await?;
        lock.release()?;
        stubborn.cancel();
        b.await?;
        lock.release()?;
        stubborn.await
    };
    says(
        program,
        &[
            "t=1 turn 5: again",
            "t=1 turn 6: b: Ok(true)",
            "t=1 turn 8: stubborn: Ok(())",
        ],
    );
}

#[test]
fn a_lock_released_in_the_turn_of_the_timeout_goes_to_the_next() {
    let program = async {
        let lock = Lock::new();
        lock.acquire().await?;
        let [a, b] = [("a", 2.0), ("b", 3.0)].map(|(name, limit)| {
            let lock = lock.clone();
            let acquire = async move { lock.acquire().await };
            told(name, wait_for(acquire, secs(limit)))
        });
        sleep(secs(2.0)).await?;
        lock.release()?;
        over([&a, &b]).await
    };
    says(
        program,
        &[
            "t=2 turn 8: a: Err(TimeoutError)",
            "t=2 turn 9: b: Ok(true)",
        ],
    );
}

#[test]
fn the_permit_of_one_who_was_let_go_and_then_cancelled_goes_to_the_next() {
    let program = async {
        let semaphore = Semaphore::new(0);
        let tasks = ["a", "b", "c", "d"].map(|name| acquires(name, &semaphore));
        sleep(secs(1.0)).await?;
        semaphore.release()?;
        semaphore.release()?;
        tasks[0].cancel();
        tasks[2].cancel();
        over(&tasks).await?;
        say(format!("locked: {}", semaphore.locked()));
        Ok(())
    };
    says(
        program,
        &[
            "t=1 turn 5: a: Err(CancelledError)",
            "t=1 turn 5: b: Ok(true)",
            "t=1 turn 5: c: Err(CancelledError)",
            "t=1 turn 6: d: Ok(true)",
            "t=1 turn 8: locked: true",
        ],
    );
}

#[test]
fn a_permit_is_not_given_to_one_who_is_cancelled_already() {
    let program = async {
        let semaphore = Semaphore::new(0);
        let [a, b, c] = ["a", "b", "c"].map(|name| acquires(name, &semaphore));
        sleep(secs(1.0)).await?;
        a.cancel();
        semaphore.release()?;
        over([&a, &b]).await?;
        semaphore.release()?;
        over([&c]).await
    };
    says(
        program,
        &[
            "t=1 turn 5: a: Err(CancelledError)",
            "t=1 turn 5: b: Ok(true)",
            "t=1 turn 8: c: Ok(true)",
        ],
    );
}

#[test]
fn nobody_snatches_a_second_permit_while_the_first_is_on_its_way() {
    let program = async {
        let semaphore = Semaphore::new(0);
        let a = acquires("a", &semaphore);
        sleep(secs(1.0)).await?;
        semaphore.release()?;
        semaphore.release()?;
        say(format!("locked: {}", semaphore.locked()));
        say(format!("newcomer: {:?}", semaphore.acquire().await));
        over([&a]).await
    };
    says(
        program,
        &[
            "t=1 turn 4: locked: true",
            "t=1 turn 5: a: Ok(true)",
            "t=1 turn 6: newcomer: Ok(true)",
        ],
    );
}

#[test]
fn a_permit_that_is_on_its_way_does_not_count_for_the_bound() {
    let program = async {
        let semaphore = BoundedSemaphore::new(1);
        semaphore.acquire().await?;
        let a = acquires("a", &semaphore);
        sleep(secs(1.0)).await?;
        semaphore.release()?;
        semaphore.release()?;
        say(format!("{:?}", semaphore.release()));
        a.await?;
        say(format!("locked: {}", semaphore.locked()));
        Ok(())
    };
    says(
        program,
        &[
            "t=1 turn 4: Err(ValueError: BoundedSemaphore released too many times)",
            "t=1 turn 5: a: Ok(true)",
            "t=1 turn 6: locked: false",
        ],
    );
}

#[test]
fn the_item_of_a_getter_who_was_let_go_and_then_cancelled_goes_to_the_next() {
    let program = async {
        let queue = Queue::new(0);
        let tasks = ["a", "b", "c"].map(|name| gets(name, &queue));
        sleep(secs(1.0)).await?;
        queue.put_nowait(1)?;
        queue.put_nowait(2)?;
        tasks[0].cancel();
        over(&tasks).await
    };
    says(
        program,
        &[
            "t=1 turn 5: a: Err(CancelledError)",
            "t=1 turn 5: b: Ok(1)",
            "t=1 turn 6: c: Ok(2)",
        ],
    );
}

#[test]
fn a_getter_whose_item_was_snatched_goes_to_the_end_of_the_line() {
    let program = async {
        let queue = Queue::new(0);
        let tasks = ["a", "b"].map(|name| gets(name, &queue));
        sleep(secs(1.0)).await?;
        queue.put_nowait(1)?;
        say(format!("snatched {}", queue.get_nowait()?));
        sleep(secs(1.0)).await?;
        queue.put_nowait(2)?;
        queue.put_nowait(3)?;
        over(&tasks).await
    };
    says(
        program,
        &[
            "t=1 turn 4: snatched 1",
            "t=2 turn 8: b: Ok(2)",
            "t=2 turn 8: a: Ok(3)",
        ],
    );
}

#[test]
fn the_room_of_a_putter_who_was_let_go_and_then_cancelled_goes_to_the_next() {
    let program = async {
        let queue = Queue::new(1);
        queue.put_nowait(0)?;
        let [a, _b, c, d] =
            [("a", 1), ("b", 2), ("c", 3), ("d", 4)].map(|(name, item)| puts(name, item, &queue));
        sleep(secs(1.0)).await?;
        say(format!("got {}", queue.get_nowait()?));
        a.cancel();
        c.cancel();
        sleep(secs(1.0)).await?;
        say(format!("got {}", queue.get_nowait()?));
        d.await?;
        say(format!("got {}", queue.get_nowait()?));
        Ok(())
    };
    says(
        program,
        &[
            "t=1 turn 4: got 0",
            "t=1 turn 5: a: Err(CancelledError)",
            "t=1 turn 5: c: Err(CancelledError)",
            "t=1 turn 6: b: Ok(())",
            "t=2 turn 8: got 2",
            "t=2 turn 9: d: Ok(())",
            "t=2 turn 10: got 4",
        ],
    );
}

#[test]
fn a_putter_who_is_cancelled_before_there_is_room_lets_nobody_go() {
    let program = async {
        let queue = Queue::new(1);
        queue.put_nowait(0)?;
        let [_a, b, _c, d] =
            [("a", 1), ("b", 2), ("c", 3), ("d", 4)].map(|(name, item)| puts(name, item, &queue));
        sleep(secs(1.0)).await?;
        b.cancel();
        for _ in 0..3 {
            say(format!("got {}", queue.get_nowait()?));
            sleep(secs(1.0)).await?;
        }
        d.await
    };
    says(
        program,
        &[
            "t=1 turn 4: got 0",
            "t=1 turn 5: b: Err(CancelledError)",
            "t=1 turn 5: a: Ok(())",
            "t=2 turn 7: got 1",
            "t=2 turn 8: c: Ok(())",
            "t=3 turn 10: got 3",
            "t=3 turn 11: d: Ok(())",
        ],
    );
}

#[test]
fn what_a_cancelled_putter_wanted_to_put_is_not_put() {
    let program = async {
        let queue = Queue::new(1);
        queue.put_nowait(0)?;
        let [a, b] = [("a", 1), ("b", 2)].map(|(name, item)| puts(name, item, &queue));
        sleep(secs(1.0)).await?;
        queue.get_nowait()?;
        a.cancel();
        b.cancel();
        queue.put_nowait(3)?;
        over([&a, &b]).await?;
        say(format!("got {}", queue.get_nowait()?));
        say(format!("empty: {}", queue.empty()));
        Ok(())
    };
    says(
        program,
        &[
            "t=1 turn 5: a: Err(CancelledError)",
            "t=1 turn 5: b: Err(CancelledError)",
            "t=1 turn 7: got 3",
            "t=1 turn 7: empty: true",
        ],
    );
}

#[test]
fn a_join_that_is_over_does_not_begin_again_with_the_next_item() {
    let program = async {
        let queue = Queue::new(0);
        let empty = joins("empty", &queue);
        queue.put_nowait(1)?;
        let (b, c) = (joins("b", &queue), joins("c", &queue));
        sleep(secs(1.0)).await?;
        b.cancel();
        queue.get_nowait()?;
        queue.task_done()?;
        queue.put_nowait(2)?;
        over([&empty, &b, &c]).await?;
        let d = joins("d", &queue);
        sleep(secs(1.0)).await?;
        queue.task_done()?;
        d.await?;
        say(format!("{:?}", queue.task_done()));
        Ok(())
    };
    says(
        program,
        &[
            "t=1 turn 5: b: Err(CancelledError)",
            "t=1 turn 5: empty: Ok(())",
            "t=1 turn 5: c: Ok(())",
            "t=2 turn 11: d: Ok(())",
            "t=2 turn 12: Err(ValueError: task_done() called too many times)",
        ],
    );
}

#[test]
fn a_priority_queue_gives_the_smallest_and_a_lifo_queue_the_last() {
    let program = async {
        let (smallest, last) = (PriorityQueue::new(0), LifoQueue::new(0));
        for item in [(2, 3), (1, 4), (2, 1), (1, 2)] {
            smallest.put_nowait(item)?;
            last.put_nowait(item)?;
        }
        say(format!(
            "{:?}",
            [(); 4].map(|()| smallest.get_nowait().unwrap())
        ));
        say(format!(
            "{:?}",
            [(); 4].map(|()| last.get_nowait().unwrap())
        ));
        let tasks = ["a", "b"].map(|name| {
            let smallest = smallest.clone();
            told(name, async move { smallest.get().await })
        });
        sleep(secs(1.0)).await?;
        smallest.put_nowait((2, 0))?;
        smallest.put_nowait((1, 0))?;
        over(&tasks).await
    };
    says(
        program,
        &[
            "t=0 turn 1: [(1, 2), (1, 4), (2, 1), (2, 3)]",
            "t=0 turn 1: [(1, 2), (2, 1), (1, 4), (2, 3)]",
            "t=1 turn 5: a: Ok((1, 0))",
            "t=1 turn 5: b: Ok((2, 0))",
        ],
    );
}

#[test]
fn whoever_was_let_go_by_an_event_goes_on_though_it_is_cleared_unless_he_is_cancelled() {
    let program = async {
        let event = Event::new();
        let tasks = ["a", "b", "c"].map(|name| {
            let event = event.clone();
            told(name, async move { event.wait().await })
        });
        sleep(secs(1.0)).await?;
        tasks[0].cancel();
        event.set();
        event.clear();
        tasks[1].cancel();
        over(&tasks).await
    };
    says(
        program,
        &[
            "t=1 turn 5: a: Err(CancelledError)",
            "t=1 turn 5: b: Err(CancelledError)",
            "t=1 turn 5: c: Ok(true)",
        ],
    );
}

#[test]
fn notify_does_not_count_those_who_are_cancelled_already() {
    let program = async {
        let condition = Condition::new();
        let tasks = ["w", "x", "y", "z"].map(|name| waits(name, &condition));
        sleep(secs(1.0)).await?;
        condition.acquire().await?;
        tasks[0].cancel();
        tasks[2].cancel();
        condition.notify(2)?;
        condition.release()?;
        over(&tasks).await
    };
    says(
        program,
        &[
            "t=1 turn 5: w: Err(CancelledError)",
            "t=1 turn 5: y: Err(CancelledError)",
            "t=1 turn 5: x: Ok(())",
            "t=1 turn 5: z: Ok(())",
        ],
    );
}

#[test]
fn whoever_is_cancelled_on_a_condition_has_its_lock_again_before_he_is_told() {
    let program = async {
        let condition = Condition::new();
        let waits = condition.clone();
        let a = told("a", async move {
            async_with(&waits, async |()| {
                let result = waits.wait().await;
                say(format!("told, locked: {}", waits.locked()));
                result
            })
            .await?;
            Ok(())
        });
        sleep(secs(1.0)).await?;
        condition.acquire().await?;
        a.cancel();
        sleep(secs(1.0)).await?;
        say("again");
        a.cancel();
        sleep(secs(1.0)).await?;
        say("released");
        condition.release()?;
        over([&a]).await?;
        say(format!("locked: {}", condition.locked()));
        Ok(())
    };
    says(
        program,
        &[
            "t=2 turn 7: again",
            "t=3 turn 10: released",
            "t=3 turn 11: told, locked: true",
            "t=3 turn 11: a: Err(CancelledError)",
            "t=3 turn 13: locked: false",
        ],
    );
}

#[test]
fn two_conditions_may_share_a_lock() {
    let program = async {
        let lock = Lock::new();
        let (x, y) = (
            Condition::with_lock(lock.clone()),
            Condition::with_lock(lock.clone()),
        );
        let (a, b) = (waits("a", &x), waits("b", &y));
        sleep(secs(1.0)).await?;
        async_with(&x, async |()| y.notify_all()).await?;
        b.await?;
        async_with(&lock, async |()| x.notify_all()).await?;
        a.await
    };
    says(program, &["t=1 turn 5: b: Ok(())", "t=1 turn 7: a: Ok(())"]);
}

#[test]
fn whoever_waits_for_a_predicate_asks_again_at_each_notification() {
    let program = async {
        let (condition, count) = (Condition::new(), Rc::new(Cell::new(0)));
        let tasks = [("two", 2), ("one", 1), ("none", 0)].map(|(name, least)| {
            let (condition, count) = (condition.clone(), count.clone());
            told(name, async move {
                let wait = async |()| condition.wait_for(|| count.get() >= least).await;
                async_with(&condition, wait).await?;
                Ok(())
            })
        });
        for now in [1, 2] {
            sleep(secs(1.0)).await?;
            condition.acquire().await?;
            count.set(now);
            condition.notify_all()?;
            condition.release()?;
        }
        over(&tasks).await
    };
    says(
        program,
        &[
            "t=0 turn 2: none: Ok(())",
            "t=1 turn 5: one: Ok(())",
            "t=2 turn 8: two: Ok(())",
        ],
    );
}

/// CPython does so since 3.13.
#[test]
fn a_notification_is_passed_on_by_one_who_is_cancelled_before_he_has_the_lock_again() {
    let program = async {
        let condition = Condition::new();
        let [a, b] = ["A", "B"].map(|name| waits(name, &condition));
        sleep(secs(1.0)).await?;
        let held = condition.lock().await?;
        condition.notify(1)?;
        sleep(secs(1.0)).await?;
        a.cancel();
        sleep(secs(1.0)).await?;
        drop(held);
        over([&a, &b]).await?;
        say(format!(
            "A cancelled: {}, B cancelled: {}",
            a.cancelled(),
            b.cancelled()
        ));
        Ok(())
    };
    let event_loop = send_none::EventLoop::with_virtual_clock();
    event_loop.run_until_complete(program).unwrap();
}

#[test]
fn a_bounded_semaphore_stays_in_its_bounds_whatever_gives_a_permit_back() {
    let event_loop = send_none::EventLoop::with_virtual_clock();
    let semaphore = BoundedSemaphore::new(1);
    let of_permits = semaphore.clone();
    let program = async move {
        let permit = of_permits.permit().await?;
        of_permits.release()?;
        drop(permit);
        of_permits.acquire().await?;
        Ok(of_permits.locked())
    };
    assert!(event_loop.run_until_complete(program).unwrap());
    semaphore.release().unwrap();
    assert!(semaphore.release().is_err());
}

/// In asyncio, too: who is let go for an item looks again, and finds it gone.
#[test]
fn a_newcomer_may_take_an_item_that_lies_in_the_queue() {
    let event_loop = send_none::EventLoop::with_virtual_clock();
    let program = async {
        let queue = Queue::new(0);
        let waiting = queue.clone();
        let waits = send_none::create_task(async move { waiting.get().await });
        yield_now().await?;
        queue.put(1).await?;
        let newcomer = queue.get().await?;
        queue.put(2).await?;
        Ok((newcomer, waits.await?))
    };
    assert_eq!(event_loop.run_until_complete(program).unwrap(), (1, 2));
}

/// One was let go, released once more than there are permits, and cancelled: the permit is there.
#[test]
fn a_permit_that_cannot_be_given_back_does_not_keep_the_next_one_waiting() {
    send_none::run(async {
        let semaphore = BoundedSemaphore::new(1);
        semaphore.acquire().await?;
        let waits = acquires("B", &semaphore);
        yield_now().await?;
        semaphore.release()?;
        semaphore.release()?;
        waits.cancel();
        semaphore.acquire().await?;
        assert!(semaphore.locked(), "there is no other");
        Ok(())
    })
    .unwrap();
}

/// To wait for the lock needs a loop. Without one that is an error, and no reason to try for ever.
#[test]
fn a_condition_without_a_loop_is_an_error() {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ());
    let condition = Condition::new();
    let waits = condition.clone();
    let mut by_hand = Coroutine::new(async move {
        waits.acquire().await?;
        yield_now().await?;
        waits.wait().await
    });
    assert!(matches!(
        by_hand.send(None),
        Step::Suspended(Suspended::Yield)
    ));
    let takes = condition.clone();
    let _task = event_loop.create_task(async move { takes.acquire().await });
    event_loop.stop();
    event_loop.run_forever().unwrap();
    let Step::Returned(Err(error)) = by_hand.send(None) else {
        panic!("it waits for what never comes")
    };
    assert_eq!(error.to_string(), "There is no current event loop");
}

#[test]
fn a_semaphore_can_be_released_only_so_often() {
    let semaphore = Semaphore::new(usize::MAX);
    assert!(semaphore.release().is_err());
    assert!(!semaphore.locked());
}
