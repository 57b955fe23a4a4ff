//! Waiting for many at once.

use std::convert::Infallible;
use std::hint::black_box;
use tokio::task::JoinSet;

use crate::sides::{Ours, Tokio};
use crate::workload::{Kind, Size, Workload, entrant};

const MEMBERS: usize = 1_000;

/// A thousand coroutines side by side, and all their results.
pub(super) fn workloads() -> Vec<Workload> {
    vec![Workload {
        name: "gather 1,000 / JoinSet",
        size: Size::Fixed,
        operations: MEMBERS,
        note: "A JoinSet gives results in the order in which the tasks end, one at a time, and has \
               a list behind a lock in which each member waits with a waker of its own. gather \
               gives them in the order of its arguments, when all are there.",
        kind: Kind::Plain,
        entrants: vec![
            entrant(|it: &Ours| it.time(gather())),
            entrant(|it: &Tokio| it.time(join_set())),
        ],
    }]
}

async fn gather() -> send_none::Result<()> {
    let results = send_none::gather((0..MEMBERS).map(async |i| Ok(i))).await?;
    assert_eq!(black_box(results).len(), MEMBERS);
    Ok(())
}

async fn join_set() -> Result<(), Infallible> {
    let mut set = JoinSet::new();
    for i in 0..MEMBERS {
        set.spawn(async move { i });
    }
    let results = set.join_all().await;
    assert_eq!(black_box(results).len(), MEMBERS);
    Ok(())
}
