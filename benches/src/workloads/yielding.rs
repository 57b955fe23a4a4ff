//! Yielding: the bare round through the run queue.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::task::{Context, Waker};

use crate::floor::{Boxed, Floor};
use crate::gauge::stopwatch;
use crate::leaves::yields;
use crate::sides::{Local, Ours, Spawn, Tokio, join_all};
use crate::workload::{Kind, Size, Workload, entrant};

pub(super) fn workloads() -> Vec<Workload> {
    vec![
        yielding(1, 100_000, Kind::Plain),
        yielding(100, 1_000, Kind::Plain),
        yielding(1_000, 200, Kind::Growth),
        yielding(10_000, 100, Kind::Plain),
        yielding(100_000, 20, Kind::Growth),
        yielding(1_000_000, 5, Kind::Growth),
        yield_now(),
    ]
}

/// So many tasks that each wake themselves and say `Pending`, so often. They are made before the
/// watch starts, and nothing of them has run by then.
fn yielding(tasks: usize, rounds: usize, kind: Kind) -> Workload {
    Workload {
        name: "yield",
        size: Size::Tasks(tasks),
        operations: tasks * rounds,
        note: "tokio sets the task's state with atomic operations, gives each poll a budget, and \
               looks for work from other threads after 31 polls and for its drivers after 61. \
               A LocalSet is itself a task of the runtime, and goes back to it after 61 polls. We \
               look for all else once a turn, that is when all tasks had theirs.",
        kind,
        entrants: vec![
            entrant(move |it: &Ours| {
                let tasks = it.spawn_before(tasks, || yields_of(rounds));
                it.time(join_all::<Ours>(tasks))
            }),
            entrant(move |it: &Tokio| {
                let tasks = it.spawn_before(tasks, || yields_of(rounds));
                it.time(join_all::<Tokio>(tasks))
            }),
            entrant(move |it: &Local| {
                let tasks = it.spawn_before(tasks, || yields_of(rounds));
                it.time(join_all::<Local>(tasks))
            }),
            entrant(move |_: &Floor| {
                let one = || Box::pin(async move { yields(rounds).await }) as Boxed;
                let mut queue = (0..tasks).map(|_| one()).collect();
                stopwatch(|| poll_in_turn(&mut queue))
            }),
        ],
    }
}

/// The same for a hundred tasks, but each side in its own way: with its `yield_now`.
fn yield_now() -> Workload {
    const ROUNDS: usize = 1_000;
    Workload {
        name: "yield_now / yield_now",
        size: Size::Tasks(100),
        operations: 100 * ROUNDS,
        note: "tokio's puts its waker aside, to be called when the runtime has looked for events. Ours wakes at \
               once. It notes that the task only yields, and at which line, for those who ask; and it can give out an \
               error, which is how a task is cancelled.",
        kind: Kind::Plain,
        entrants: vec![
            entrant(|it: &Ours| {
                let one = || async {
                    for _ in 0..ROUNDS {
                        send_none::yield_now().await?;
                    }
                    Ok(0)
                };
                let tasks = it.spawn_before(100, one);
                it.time(join_all::<Ours>(tasks))
            }),
            entrant(|it: &Tokio| {
                let tasks = it.spawn_before(100, tokio_yields::<ROUNDS>);
                it.time(join_all::<Tokio>(tasks))
            }),
            entrant(|it: &Local| {
                let tasks = it.spawn_before(100, tokio_yields::<ROUNDS>);
                it.time(join_all::<Local>(tasks))
            }),
        ],
    }
}

async fn tokio_yields<const ROUNDS: usize>() -> Result<usize, Infallible> {
    for _ in 0..ROUNDS {
        tokio::task::yield_now().await;
    }
    Ok(0)
}

async fn yields_of<E>(rounds: usize) -> Result<usize, E> {
    yields(rounds).await;
    Ok(rounds)
}

/// As [`Floor`] does, but nothing is ever added.
fn poll_in_turn(queue: &mut VecDeque<Boxed>) {
    let mut cx = Context::from_waker(Waker::noop());
    while let Some(mut future) = queue.pop_front() {
        if future.as_mut().poll(&mut cx).is_pending() {
            queue.push_back(future);
        }
    }
}
