//! Making tasks.

use crate::floor::Floor;
use crate::leaves::{Flag, yields};
use crate::sides::{Local, Ours, Spawn, SpawnLocal, Tokio, join_all};
use crate::workload::{Kind, Size, Workload, entrant};

pub(super) fn workloads() -> Vec<Workload> {
    let mut all: Vec<_> = [1_000, 100_000, 1_000_000].map(spawn_and_join).into();
    all.extend([chained_spawn(), call_soon()]);
    all
}

/// Make so many tasks and await them; each is over in one step.
fn spawn_and_join(tasks: usize) -> Workload {
    Workload {
        name: "spawn + join",
        size: Size::Tasks(tasks),
        operations: tasks,
        note: "tokio's task can be woken and dropped by any thread, so its state and its count of \
               references are atomic, and the list of all tasks is behind a lock (a LocalSet's is \
               not). A budget has the one who joins yield after 128 of them.",
        kind: if tasks > 100_000 {
            Kind::Growth
        } else {
            Kind::Plain
        },
        entrants: vec![
            entrant(move |it: &Ours| it.time(spawn_all::<Ours>(tasks))),
            entrant(move |it: &Tokio| it.time(spawn_all::<Tokio>(tasks))),
            entrant(move |it: &Local| it.time(spawn_all::<Local>(tasks))),
            entrant(move |it: &Floor| it.time_local(spawn_all::<Floor>(tasks))),
        ],
    }
}

async fn spawn_all<S: Spawn>(tasks: usize) -> Result<(), S::Error> {
    let mut handles = Vec::with_capacity(tasks);
    for i in 0..tasks {
        handles.push(S::spawn(async move { Ok(i) }));
    }
    join_all::<S>(handles).await
}

/// Each task makes the next one and ends; the last one tells. No handle is kept.
fn chained_spawn() -> Workload {
    const LINKS: usize = 1_000;
    Workload {
        name: "chained spawn",
        size: Size::Fixed,
        operations: LINKS,
        note: "As for spawn + join, but for the joining: the handles are dropped at once.",
        kind: Kind::Plain,
        entrants: vec![
            entrant(|it: &Ours| it.time(chain::<Ours>(LINKS))),
            entrant(|it: &Tokio| it.time(chain::<Tokio>(LINKS))),
            entrant(|it: &Local| it.time(chain::<Local>(LINKS))),
        ],
    }
}

async fn chain<S: Spawn>(links: usize) -> Result<(), S::Error> {
    let over = Flag::default();
    link::<S>(links, over.clone());
    over.wait().await;
    Ok(())
}

fn link<S: Spawn>(left: usize, over: Flag) {
    if left == 0 {
        return over.raise();
    }
    let next = async move {
        link::<S>(left - 1, over);
        Ok(0)
    };
    drop(S::spawn(next));
}

/// Queue a callback that does nothing, against spawning a future that does nothing; then let them
/// run. Nobody waits for any of them.
fn call_soon() -> Workload {
    const CALLS: usize = 1_000;
    Workload {
        name: "call_soon / spawn nothing",
        size: Size::Fixed,
        operations: CALLS,
        note: "tokio has no plain callbacks: the least that it can queue is a task, which can be \
               awaited and aborted. A callback can only be taken back.",
        kind: Kind::Plain,
        entrants: vec![
            entrant(|it: &Ours| it.time(call_nothing(CALLS))),
            entrant(|it: &Tokio| it.time(spawn_nothing::<Tokio>(CALLS))),
            entrant(|it: &Local| it.time(spawn_nothing::<Local>(CALLS))),
        ],
    }
}

async fn call_nothing(calls: usize) -> send_none::Result<()> {
    let event_loop = send_none::get_event_loop()?;
    for _ in 0..calls {
        event_loop.call_soon(|| ());
    }
    yields(1).await;
    Ok(())
}

async fn spawn_nothing<S: Spawn>(tasks: usize) -> Result<(), S::Error> {
    for _ in 0..tasks {
        drop(S::spawn(async { Ok(()) }));
    }
    yields(1).await;
    Ok(())
}
