//! futures: what waits for several things at once. Some of these give the task's own waker to all of
//! them; `FuturesUnordered`, `Shared` and a `join_all` of more than thirty have wakers of their own,
//! so as to know who was woken.

use futures::future::{AbortHandle, Abortable, Either, LocalBoxFuture, join_all, select, try_join};
use futures::stream::FuturesUnordered;
use futures::{FutureExt, StreamExt, TryStreamExt, select_biased};
use send_none::{Error, FutureCell, Result, Task, gather, sleep, yield_now};
use std::panic::AssertUnwindSafe;

use crate::{
    Log, assert_panicked, cancel_one_and_abort_one, now, on_a_loop, planned, secs, settle, turn,
    when_asleep,
};

/// Sleeps for so long, then tells when it is.
async fn asleep(seconds: u64) -> Result<u64> {
    sleep(secs(seconds)).await?;
    Ok(now())
}

#[test]
fn join_all_waits_for_all_and_gives_the_results_in_the_order_of_the_arguments() {
    on_a_loop(|event_loop| {
        for count in [3, 100] {
            let start = event_loop.time().as_secs();
            let all = join_all((1..=count).rev().map(asleep));
            let results = event_loop.run_until_complete(async { Ok(all.await) });
            let results = results
                .unwrap()
                .into_iter()
                .map(|time| time.unwrap() - start);
            assert!(results.eq((1..=count).rev()), "of {count}");
        }
        assert_eq!(event_loop.time(), secs(103));
    });
}

#[test]
fn try_join_ends_with_the_first_error() {
    on_a_loop(|event_loop| {
        let fails = async {
            sleep(secs(1)).await?;
            Err::<(), _>(Error::msg("one of two"))
        };
        let both = try_join(asleep(5), fails);
        let error = event_loop.run_until_complete(both).unwrap_err();
        assert_eq!(error.to_string(), "one of two");
        assert_eq!(event_loop.time(), secs(1));
    });
}

#[test]
fn select_gives_the_first_and_the_rest_can_be_awaited_later() {
    on_a_loop(|event_loop| {
        let both = select(asleep(1).boxed_local(), asleep(3).boxed_local());
        let times = event_loop.run_until_complete(async {
            let Either::Left((first, rest)) = both.await else {
                panic!("the second one was first")
            };
            Ok((first?, rest.await?))
        });
        assert_eq!(times.unwrap(), (1, 3));
    });
}

#[test]
fn select_in_a_loop_takes_whatever_comes_next() {
    on_a_loop(|event_loop| {
        let (sender, mut receiver) = futures::channel::mpsc::unbounded();
        for seconds in [2, 3, 5] {
            let sender = sender.clone();
            event_loop.call_later(secs(seconds), move || {
                sender.unbounded_send(seconds).unwrap()
            });
        }
        drop(sender);
        let log = Log::default();
        let told = log.clone();
        let selects = async move {
            let mut over = asleep(4).boxed_local().fuse();
            loop {
                select_biased! {
                    message = receiver.next() => match message {
                        Some(number) => told.add(format!("message {number}")),
                        None => return Ok(()),
                    },
                    time = over => told.add(format!("over at {}", time?)),
                }
            }
        };
        event_loop.run_until_complete(selects).unwrap();
        let expected = ["message 2", "message 3", "over at 4", "message 5"];
        assert_eq!(log.take(), expected);
    });
}

#[test]
fn futures_unordered_gives_what_is_ready_first() {
    on_a_loop(|event_loop| {
        let all: FuturesUnordered<_> = [3, 1, 2].map(asleep).into_iter().collect();
        let times = event_loop.run_until_complete(all.try_collect::<Vec<_>>());
        assert_eq!(times.unwrap(), [1, 2, 3]);
    });
}

#[test]
fn a_shared_future_runs_once_and_gives_its_result_to_all() {
    on_a_loop(|event_loop| {
        let log = Log::default();
        let told = log.clone();
        let shared = async move {
            told.add("runs");
            asleep(3).await
        };
        let shared = shared.boxed_local().shared();
        let tasks = [(); 3].map(|()| event_loop.create_task(shared.clone()));
        let times = event_loop.run_until_complete(gather(tasks));
        assert_eq!(times.unwrap(), [3, 3, 3]);
        assert_eq!(log.take(), ["runs"]);
    });
}

/// One thing that waits in each of them, and nothing else that could wake the task.
fn combinators(fut: &FutureCell<u64>) -> Vec<(&'static str, LocalBoxFuture<'static, Result<u64>>)> {
    let never = std::future::pending::<Result<u64>>;
    let fut = || fut.clone();
    let (few, many) = (vec![fut(); 3], vec![fut(); 100]);
    let unordered: FuturesUnordered<_> = [fut()].into_iter().collect();
    vec![
        (
            "join_all of 3",
            async { join_all(few).await.remove(2) }.boxed_local(),
        ),
        (
            "join_all of 100",
            async { join_all(many).await.remove(99) }.boxed_local(),
        ),
        (
            "select",
            select(fut(), never())
                .map(|first| first.factor_first().0)
                .boxed_local(),
        ),
        (
            "FuturesUnordered",
            unordered
                .into_future()
                .map(|(next, _)| next.unwrap())
                .boxed_local(),
        ),
        ("Shared", fut().boxed_local().shared().boxed_local()),
    ]
}

#[test]
fn each_combinator_is_woken_by_a_future_of_ours() {
    on_a_loop(|event_loop| {
        let fut = event_loop.create_future();
        let all = combinators(&fut);
        let tasks: Vec<_> = all
            .into_iter()
            .map(|(_, all)| event_loop.create_task(all))
            .collect();
        event_loop.call_later(secs(3), move || fut.set_result(7));
        let results = event_loop.run_until_complete(gather(&tasks));
        assert_eq!(results.unwrap(), [7; 5]);
        assert_eq!(event_loop.time(), secs(3));
    });
}

#[test]
fn each_combinator_is_woken_by_another_thread() {
    on_a_loop(|event_loop| {
        let fut = event_loop.create_future();
        let tasks: Vec<_> = combinators(&fut)
            .into_iter()
            .map(|(_, all)| event_loop.create_task(all))
            .collect();
        let setter = fut.threadsafe();
        let thread = when_asleep(event_loop, move || setter.set_result(7));
        let results = event_loop.run_until_complete(gather(tasks));
        assert_eq!(results.unwrap(), [7; 5]);
        thread.join().unwrap().unwrap();
    });
}

/// Here it is the combinator's own waker that the other thread calls.
#[test]
fn futures_unordered_is_woken_by_the_messages_of_other_threads() {
    on_a_loop(|event_loop| {
        let (senders, receivers): (Vec<_>, FuturesUnordered<_>) = (0..100)
            .map(|_| futures::channel::oneshot::channel())
            .unzip();
        let thread = when_asleep(event_loop, move || {
            for (number, sender) in senders.into_iter().enumerate().rev() {
                sender.send(number).unwrap();
            }
        });
        let numbers = async {
            Ok(receivers
                .map(|number| number.unwrap())
                .collect::<Vec<_>>()
                .await)
        };
        let mut numbers = event_loop.run_until_complete(numbers).unwrap();
        numbers.sort_unstable();
        assert!(numbers.into_iter().eq(0..100));
        thread.join().unwrap();
    });
}

/// First it has the task's waker, then one of the `FuturesUnordered`, which polls only who called that.
#[test]
fn a_future_that_moves_from_one_combinator_into_another_wakes_the_other() {
    on_a_loop(|event_loop| {
        let times = event_loop.run_until_complete(async {
            let both = select(asleep(3).boxed_local(), asleep(1).boxed_local());
            let Either::Right((first, rest)) = both.await else {
                panic!("the first one was first")
            };
            let rest: FuturesUnordered<_> = [rest].into_iter().collect();
            Ok((first?, rest.try_collect::<Vec<_>>().await?))
        });
        assert_eq!(times.unwrap(), (1, vec![3]));
    });
}

/// Each of them calls the waker while the task is polled.
#[test]
fn members_that_only_yield_are_polled_again_and_let_the_others_go_first() {
    on_a_loop(|event_loop| {
        let yields = async || {
            for _ in 0..10 {
                yield_now().await?;
            }
            Ok(())
        };
        let members: FuturesUnordered<_> = (0..100).map(|_| yields()).collect();
        let all = event_loop.create_task(members.try_collect::<()>());
        let other = event_loop.create_task(yields());
        event_loop.run_until_complete(other).unwrap();
        assert!(!all.done());
        event_loop.run_until_complete(all).unwrap();
    });
}

#[test]
fn abortable_is_aborted_from_another_thread() {
    on_a_loop(|event_loop| {
        let (handle, registration) = AbortHandle::new_pair();
        let never = Abortable::new(std::future::pending::<()>(), registration);
        let thread = when_asleep(event_loop, move || handle.abort());
        let aborted = event_loop.run_until_complete(async { Ok(never.await.is_err()) });
        assert!(aborted.unwrap());
        thread.join().unwrap();
    });
}

#[test]
fn tasks_that_wait_in_a_combinator_can_be_cancelled_and_aborted() {
    on_a_loop(|event_loop| {
        for index in 0..5 {
            let never = || {
                combinators(&event_loop.create_future())
                    .swap_remove(index)
                    .1
            };
            cancel_one_and_abort_one(event_loop, never);
        }
    });
}

#[test]
fn a_future_that_lost_a_select_is_not_cancelled_with_the_task() {
    on_a_loop(|event_loop| {
        let lost = event_loop.create_future::<u64>();
        let loses = lost.clone();
        let task: Task<()> = event_loop.create_task(async move {
            drop(select(loses, asleep(1).boxed_local()).await);
            std::future::pending().await
        });
        event_loop.run_until_complete(asleep(2)).unwrap();
        assert!(task.cancel());
        settle(event_loop);
        assert!(task.cancelled() && !lost.done());
    });
}

/// It has the task's own waker, so they are what the task waits for, as in `gather`.
#[test]
fn cancelling_a_join_of_a_few_tasks_cancels_them() {
    on_a_loop(|event_loop| {
        let members: Vec<_> = (0..3).map(|_| event_loop.create_task(asleep(60))).collect();
        let all = join_all(members.clone());
        let task = event_loop.create_task(async { Ok(all.await) });
        settle(event_loop);
        assert!(task.cancel());
        settle(event_loop);
        assert!(members.iter().all(|member| member.cancelled()));
    });
}

/// One refuses, the other one does not: whichever is polled first.
#[test]
fn each_member_of_a_join_that_is_cancelled_gives_out_its_own_end() {
    for turned in [false, true] {
        on_a_loop(move |event_loop| {
            let refuses = event_loop.create_task(async {
                let _cancelled = sleep(secs(60)).await;
                asleep(5).await
            });
            let mut members = [event_loop.create_task(asleep(60)), refuses];
            if turned {
                members.reverse();
            }
            let all = join_all(members);
            let task = event_loop.create_task(async { Ok(all.await) });
            settle(event_loop);
            assert!(task.cancel());
            let results = event_loop.run_until_complete(task);
            let mut results = results.unwrap();
            if turned {
                results.reverse();
            }
            let expected = matches!(results[..], [Err(Error::Cancelled), Ok(5)]);
            assert!(expected, "{results:?}");
        });
    }
}

/// With more than thirty `join_all` is made of a `FuturesUnordered`. What has wakers of its own is
/// dropped; and to drop the handle of a task is to let it run.
#[test]
fn cancelling_a_join_of_many_tasks_leaves_them_running() {
    on_a_loop(|event_loop| {
        let members: Vec<_> = (0..31)
            .map(|_| event_loop.create_task(asleep(60)))
            .collect();
        let all = join_all(members.clone());
        let task = event_loop.create_task(async { Ok(all.await) });
        settle(event_loop);
        assert!(task.cancel());
        settle(event_loop);
        assert!(task.cancelled());
        let times = event_loop.run_until_complete(gather(members));
        assert_eq!(times.unwrap(), [60; 31]);
    });
}

#[test]
fn one_who_waits_for_a_shared_future_is_cancelled_and_the_others_get_the_result() {
    on_a_loop(|event_loop| {
        let shared = asleep(3).boxed_local().shared();
        let tasks = [(); 4].map(|()| event_loop.create_task(shared.clone()));
        turn(event_loop);
        assert!(tasks[0].cancel()); // it was this one who polled it
        tasks[2].abort();
        let times = event_loop.run_until_complete(gather([&tasks[1], &tasks[3]]));
        assert_eq!(times.unwrap(), [3, 3]);
        assert!(tasks[0].cancelled() && tasks[2].cancelled());
    });
}

#[test]
fn a_panic_in_one_member_ends_the_task_and_drops_the_other_members() {
    on_a_loop(|event_loop| {
        let panics = async {
            sleep(secs(1)).await?;
            planned()
        };
        let (dropped, other) = (
            event_loop.create_future::<()>(),
            event_loop.create_task(asleep(2)),
        );
        let members: FuturesUnordered<LocalBoxFuture<_>> = FuturesUnordered::new();
        members.push(dropped.clone().boxed_local());
        members.push(panics.boxed_local());
        let panics = event_loop.create_task(members.try_collect::<()>());
        assert_eq!(event_loop.run_until_complete(other).unwrap(), 2);
        assert_panicked(&panics, "planned");
        assert_eq!(format!("{dropped:?}"), "<Future-1 pending, 0 waiting>");
    });
}

async fn asleep_but_not_two(seconds: u64) -> Result<u64> {
    let time = asleep(seconds).await?;
    if seconds == 2 {
        planned()?;
    }
    Ok(time)
}

#[test]
fn a_panic_can_be_caught_inside_the_task_and_the_other_members_go_on() {
    on_a_loop(|event_loop| {
        let members = [3, 1, 2].map(|seconds| AssertUnwindSafe(asleep_but_not_two(seconds)));
        let members: FuturesUnordered<_> =
            members.map(FutureExt::catch_unwind).into_iter().collect();
        let ends = event_loop.run_until_complete(async { Ok(members.collect::<Vec<_>>().await) });
        let ends = ends.unwrap();
        assert!(matches!(ends[..], [Ok(Ok(1)), Err(_), Ok(Ok(3))]));
    });
}

/// That is what the library promises: whoever polls it from then on panics, too.
#[test]
fn a_panic_in_a_shared_future_is_one_for_all_who_share_it() {
    on_a_loop(|event_loop| {
        let shared = async {
            sleep(secs(1)).await?;
            planned()
        };
        let shared = shared.boxed_local().shared();
        let tasks = [(); 3].map(|()| event_loop.create_task(shared.clone()));
        event_loop.run_until_complete(asleep(2)).unwrap();
        assert_panicked(&tasks[0], "planned");
        for task in &tasks[1..] {
            assert_panicked(task, "inner future panicked during poll");
        }
    });
}
