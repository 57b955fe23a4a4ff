//! How often a task is polled for its wakes.
//!
//! One poll for one wake, and one poll for many wakes before the task had its turn: more would be
//! work for nothing.

use std::future::poll_fn;
use std::task::Poll;
use std::thread;

use benches::leaves::{Flag, yields};
use benches::sides::{Local, Ours, Side, Spawn, Tokio};

use crate::header;

const ROUNDS: usize = 1_000;
const MILLION: usize = 1_000_000;

/// Polls for each time that a task was woken, once or several times in a row.
pub fn table() -> Vec<Vec<String>> {
    let (ours, tokio, local) = (Ours::new(), Tokio::new(), Local::new());
    let counts = |wakes| {
        [
            ours.run(woken_before_its_turn::<Ours>(wakes)),
            tokio.run(woken_before_its_turn::<Tokio>(wakes)),
            local.run(woken_before_its_turn::<Local>(wakes)),
        ]
    };
    let rows = [
        ("woken once", counts(1)),
        ("woken ten times before its turn", counts(10)),
        (
            "wakes itself ten times in one poll",
            [
                ours.run(wakes_itself::<Ours>()),
                tokio.run(wakes_itself::<Tokio>()),
                local.run(wakes_itself::<Local>()),
            ],
        ),
        (
            "woken by another thread, each of a million times",
            [
                ours.run(woken_from_outside::<Ours>()),
                tokio.run(woken_from_outside::<Tokio>()),
                local.run(woken_from_outside::<Local>()),
            ],
        ),
    ];
    let mut table = vec![header("polls of a task that is")];
    for (what, counts) in rows {
        let counts = counts.map(|polls| format!("{polls:.3}")).to_vec();
        table.push([vec![what.to_owned()], counts].concat());
    }
    table
}

/// It is woken that often, and then has its turn.
async fn woken_before_its_turn<S: Spawn>(wakes: usize) -> Result<f64, S::Error> {
    let flag = Flag::default();
    let waits = flag.clone();
    let task = S::spawn(async move { Ok(waits.wait().await) });
    for _ in 0..ROUNDS {
        yields(1).await;
        for _ in 0..wakes {
            flag.wake();
        }
    }
    yields(1).await;
    flag.raise();
    let first_and_last = 2;
    let polls = S::join(task).await - first_and_last;
    Ok(polls as f64 / ROUNDS as f64)
}

async fn wakes_itself<S: Spawn>() -> Result<f64, S::Error> {
    let task = S::spawn(async {
        let (mut polls, mut left) = (0, ROUNDS);
        poll_fn(|cx| {
            polls += 1;
            if left == 0 {
                return Poll::Ready(());
            }
            left -= 1;
            for _ in 0..10 {
                cx.waker().wake_by_ref();
            }
            Poll::Pending
        })
        .await;
        Ok(polls)
    });
    let first = 1;
    Ok((S::join(task).await - first) as f64 / ROUNDS as f64)
}

/// It runs meanwhile: how often depends on the two threads.
async fn woken_from_outside<S: Spawn>() -> Result<f64, S::Error> {
    let flag = Flag::default();
    let waits = flag.clone();
    let task = S::spawn(async move { Ok(waits.wait().await) });
    yields(1).await;
    let thread = thread::spawn(move || {
        let waker = flag.waker().expect("it waits");
        for _ in 0..MILLION {
            waker.wake_by_ref();
        }
        flag.raise();
    });
    let polls = S::join(task).await;
    thread.join().unwrap();
    Ok(polls as f64 / MILLION as f64)
}
