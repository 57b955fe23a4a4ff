//! Timeouts that never strike: most of those of a real program.

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::coop::unconstrained;

use super::delays;
use super::sleeps::Sleeps;
use crate::floor::{Floor, Heap};
use crate::gauge::stopwatch;
use crate::leaves::yields;
use crate::sides::{Ours, TokioTimers};
use crate::workload::{Kind, Size, Workload, entrant_with};

const PENDING: usize = 10_000;
const TIMEOUTS: usize = 10_000;
const LIMIT: Duration = Duration::from_secs(30);

pub(super) fn workloads() -> Vec<Workload> {
    vec![sleeps(), wait_fors()]
}

/// A sleep of 30 s is made, polled once and dropped, beside ten thousand that are pending.
fn sleeps() -> Workload {
    Workload {
        name: "30 s sleep made and dropped, beside 10,000",
        size: Size::Fixed,
        operations: TIMEOUTS,
        note: "As for registering and cancelling: tokio puts it into a slot and takes it out again. \
               Ours stays in the heap as an empty entry until that is swept.",
        kind: Kind::Plain,
        entrants: vec![
            entrant_with(our_pending, |it: &Ours, _| {
                it.time(async {
                    for _ in 0..TIMEOUTS {
                        poll_once(send_none::sleep(LIMIT)).await;
                    }
                    yields(1).await;
                    Ok(())
                })
            }),
            entrant_with(tokios_pending, |it: &TokioTimers, _| {
                it.0.time(unconstrained(async {
                    for _ in 0..TIMEOUTS {
                        poll_once(tokio::time::sleep(LIMIT)).await;
                    }
                    yields(1).await;
                    Ok(())
                }))
            }),
            entrant_with(floors_pending, |_: &Floor, heap| {
                stopwatch(|| push_and_withdraw(heap))
            }),
        ],
    }
}

/// The same with something that it limits: a future that is never settled.
fn wait_fors() -> Workload {
    Workload {
        name: "30 s wait_for / timeout made and dropped, beside 10,000",
        size: Size::Fixed,
        operations: TIMEOUTS,
        note: "tokio polls the limited future and its sleep in one. asyncio's wait_for, and ours, \
               hangs callbacks on the future, waits for a third one that either of them settles, \
               and cancels the limited one when it is dropped.",
        kind: Kind::Plain,
        entrants: vec![
            entrant_with(our_pending, |it: &Ours, _| {
                it.time(async {
                    let event_loop = send_none::get_event_loop()?;
                    for _ in 0..TIMEOUTS {
                        let cell = event_loop.create_future::<()>();
                        poll_once(send_none::wait_for(cell, LIMIT)).await;
                    }
                    yields(1).await;
                    Ok(())
                })
            }),
            entrant_with(tokios_pending, |it: &TokioTimers, _| {
                it.0.time(unconstrained(async {
                    for _ in 0..TIMEOUTS {
                        let (_sender, receiver) = oneshot::channel::<()>();
                        poll_once(tokio::time::timeout(LIMIT, receiver)).await;
                    }
                    yields(1).await;
                    Ok(())
                }))
            }),
        ],
    }
}

/// Polls it with the waker of the task, and drops it.
async fn poll_once(future: impl Future) {
    let mut future = pin!(future);
    std::future::poll_fn(move |cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        Poll::Ready(())
    })
    .await;
}

/// As if the others had been made some time ago, or soon.
fn pending_delays() -> Arc<[Duration]> {
    delays(PENDING, Duration::from_secs(20), Duration::from_secs(20))
}

/// Ten thousand sleeps, to be kept.
fn our_pending(it: &Ours) -> impl Sized + use<> {
    it.run(async {
        let mut sleeps = Sleeps::room_for(PENDING);
        sleeps.begin(&pending_delays(), send_none::sleep);
        Ok(sleeps)
    })
}

fn floors_pending(_: &Floor) -> Heap<Rc<Cell<bool>>> {
    let mut heap = Heap::default();
    for delay in &*pending_delays() {
        heap.push(*delay, Rc::new(Cell::new(true)));
    }
    heap
}

/// An entry that is not wanted stays in the heap until half of them are not.
fn push_and_withdraw(heap: &mut Heap<Rc<Cell<bool>>>) {
    let mut unwanted = 0;
    for _ in 0..TIMEOUTS {
        heap.sweep(&mut unwanted, |wanted| wanted.get());
        let wanted = Rc::new(Cell::new(true));
        heap.push(LIMIT, wanted.clone());
        wanted.set(false);
        unwanted += 1;
    }
    unwanted = usize::MAX;
    heap.sweep(&mut unwanted, |wanted| wanted.get()); // so that the next batch begins as this one did
}

fn tokios_pending(it: &TokioTimers) -> impl Sized + use<> {
    it.0.run(unconstrained(async {
        let mut sleeps = Sleeps::room_for(PENDING);
        sleeps.begin(&pending_delays(), tokio::time::sleep);
        Ok(sleeps)
    }))
}
