//! Fan-out: one wakes many.

use send_none::{FutureCell, get_event_loop};
use std::convert::Infallible;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::Notify;

use crate::floor::Floor;
use crate::leaves::{Bell, yields};
use crate::sides::{Local, Ours, SpawnLocal, Tokio, join_all};
use crate::workload::{Kind, Size, Workload, entrant};

const WAITERS: usize = 1_000;
const ROUNDS: usize = 20;

pub(super) fn workloads() -> Vec<Workload> {
    vec![bell(), cells()]
}

// Both schedulers are first in, first out. So a task that yields after it has woken all the others
// goes on when each of them has had its turn, and waits again.

/// One event wakes a thousand tasks, again and again: the same event on both sides.
fn bell() -> Workload {
    Workload {
        name: "fan-out to 1,000, Rc event",
        size: Size::Fixed,
        operations: WAITERS * ROUNDS,
        note: "As for the ping-pong through a slot; and what was said of yields is true of each \
               poll.",
        kind: Kind::Plain,
        entrants: vec![
            entrant(|it: &Ours| it.time_local(strike_bell::<Ours>())),
            entrant(|it: &Local| it.time_local(strike_bell::<Local>())),
            entrant(|it: &Floor| it.time_local(strike_bell::<Floor>())),
        ],
    }
}

async fn strike_bell<S: SpawnLocal>() -> Result<(), S::Error> {
    let bell = Bell::default();
    let mut handles = Vec::with_capacity(WAITERS);
    for i in 0..WAITERS {
        let bell = bell.clone();
        handles.push(S::spawn_local(async move {
            for _ in 0..ROUNDS {
                bell.next().await;
            }
            Ok(i)
        }));
    }
    for _ in 0..ROUNDS {
        yields(1).await;
        bell.strike();
    }
    join_all::<S>(handles).await
}

/// A `FutureCell` that a thousand tasks await is settled, and then the next one, against one
/// `Notify` for all rounds.
fn cells() -> Workload {
    Workload {
        name: "fan-out to 1,000, FutureCell / Notify",
        size: Size::Fixed,
        operations: WAITERS * ROUNDS,
        note: "Those who wait for a Notify are in a list behind a lock, without an allocation for \
               each, and are woken 32 at a time. A FutureCell is settled once, so we need a fresh \
               one for each round.",
        kind: Kind::Plain,
        entrants: vec![
            entrant(|it: &Ours| it.time(settle_cells())),
            entrant(|it: &Tokio| it.time(notify_waiters())),
        ],
    }
}

async fn settle_cells() -> send_none::Result<()> {
    let event_loop = get_event_loop()?;
    let cells: Rc<[FutureCell<()>]> = (0..ROUNDS).map(|_| event_loop.create_future()).collect();
    let mut handles = Vec::with_capacity(WAITERS);
    for i in 0..WAITERS {
        let cells = cells.clone();
        handles.push(send_none::create_task(async move {
            for cell in &*cells {
                cell.await?;
            }
            Ok(i)
        }));
    }
    for cell in &*cells {
        yields(1).await;
        cell.set_result(())?;
    }
    join_all::<Ours>(handles).await
}

async fn notify_waiters() -> Result<(), Infallible> {
    let notify = Arc::new(Notify::new());
    let mut handles = Vec::with_capacity(WAITERS);
    for i in 0..WAITERS {
        let notify = notify.clone();
        handles.push(tokio::spawn(async move {
            for _ in 0..ROUNDS {
                notify.notified().await;
            }
            Ok(i)
        }));
    }
    for _ in 0..ROUNDS {
        yields(1).await;
        notify.notify_waiters();
    }
    join_all::<Tokio>(handles).await
}
