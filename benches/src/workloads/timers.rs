//! Timers: made, withdrawn, waited for.
//!
//! All delays are random, to the nanosecond, and the same ones on both sides.

mod sleepers;
mod sleeps;
mod timeouts;

use send_none::TimerHandle;
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::coop::unconstrained;

use crate::floor::{Floor, Heap};
use crate::gauge::stopwatch;
use crate::leaves::yields;
use crate::sides::{Ours, TokioTimers};
use crate::workload::{Kind, Size, Workload, entrant, entrant_with};
use sleeps::Sleeps;

const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];

pub(super) fn workloads() -> Vec<Workload> {
    let mut all = Vec::new();
    all.extend(SIZES.map(register_calls));
    all.extend(SIZES.map(register_sleeps));
    all.extend(SIZES.map(cancel));
    all.extend(sleepers::workloads());
    all.extend(timeouts::workloads());
    all
}

/// So many random delays, beginning with that long. (A generator named splitmix64.)
fn delays(timers: usize, from: Duration, spread: Duration) -> Arc<[Duration]> {
    let spread = spread.as_nanos() as u64;
    let random = |i: u64| {
        let mut x = (i + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        from + Duration::from_nanos((x ^ (x >> 31)) % spread)
    };
    (0..timers as u64).map(random).collect()
}

/// Delays of ten seconds to a minute, none of which is ever over here.
fn long_delays(timers: usize) -> Arc<[Duration]> {
    delays(timers, Duration::from_secs(10), Duration::from_secs(50))
}

/// A callback for later, against a sleep that is polled once, for only then is it registered.
fn register_calls(timers: usize) -> Workload {
    let delays = long_delays(timers);
    let (the_same, for_the_floor) = (delays.clone(), delays.clone());
    Workload {
        name: "register a timer, call_later / sleep",
        size: Size::Timers(timers),
        operations: timers,
        note: "tokio puts a timer into a slot of a wheel of wheels, behind a lock, which takes the \
               same time however many there are; it rounds up to milliseconds for that. A heap \
               keeps them in order, to the nanosecond. Here tokio's timer is part of its future and so needs no \
               allocation, which our callback does.",
        kind: Kind::Plain,
        entrants: vec![
            entrant(move |it: &Ours| it.run(our_calls(delays.clone()))),
            entrant(move |it: &TokioTimers| it.0.run(tokios_sleeps(the_same.clone()))),
            entrant_with(
                |_: &Floor| Heap::default(),
                move |_, heap| push_all(&for_the_floor, heap),
            ),
        ],
    }
}

async fn our_calls(delays: Arc<[Duration]>) -> send_none::Result<u64> {
    let event_loop = send_none::get_event_loop()?;
    let mut handles = Vec::with_capacity(delays.len());
    let spent = stopwatch(|| {
        for delay in &*delays {
            handles.push(event_loop.call_later(*delay, || ()));
        }
    });
    withdraw(&handles);
    yields(1).await;
    Ok(spent)
}

/// What is pushed can be taken back: it is a flag, and somebody holds it.
fn push_all(delays: &[Duration], heap: &mut Heap<Rc<Cell<bool>>>) -> u64 {
    let mut handles = Vec::with_capacity(delays.len());
    let spent = stopwatch(|| {
        for delay in delays {
            let wanted = Rc::new(Cell::new(true));
            handles.push(wanted.clone());
            heap.push(*delay, wanted);
        }
    });
    heap.clear();
    spent
}

fn withdraw(handles: &[TimerHandle]) {
    for handle in handles {
        handle.cancel();
    }
}

/// A sleep on both sides.
fn register_sleeps(timers: usize) -> Workload {
    let delays = long_delays(timers);
    let the_same = delays.clone();
    Workload {
        name: "register a timer, sleep / sleep",
        size: Size::Timers(timers),
        operations: timers,
        note: "As before. Our sleep is a future with all that a FutureCell has, its timer in the same \
               piece of memory.",
        kind: Kind::Plain,
        entrants: vec![
            entrant(move |it: &Ours| it.run(our_sleeps(delays.clone()))),
            entrant(move |it: &TokioTimers| it.0.run(tokios_sleeps(the_same.clone()))),
        ],
    }
}

async fn our_sleeps(delays: Arc<[Duration]>) -> send_none::Result<u64> {
    let mut sleeps = Sleeps::room_for(delays.len());
    let spent = stopwatch(|| sleeps.begin(&delays, send_none::sleep));
    sleeps.end();
    yields(1).await;
    Ok(spent)
}

/// Unconstrained: tokio would else pretend that the 129th sleep of a step is pending, and not
/// register it.
async fn tokios_sleeps<E>(delays: Arc<[Duration]>) -> Result<u64, E> {
    let begin_and_end = async {
        let mut sleeps = Sleeps::room_for(delays.len());
        let spent = stopwatch(|| sleeps.begin(&delays, tokio::time::sleep));
        sleeps.end();
        spent
    };
    let spent = unconstrained(begin_and_end).await;
    yields(1).await;
    Ok(spent)
}

/// Withdraw so many timers, and whatever else that leads to: one more is made and withdrawn, and
/// the loop takes a turn, so that nothing of the work can be put off.
fn cancel(timers: usize) -> Workload {
    let delays = long_delays(timers);
    let the_same = delays.clone();
    Workload {
        name: "cancel a timer",
        size: Size::Timers(timers),
        operations: timers,
        note: "tokio takes the timer out of its slot, under a lock. We empty the entry and leave \
               it in the heap, which is swept when half of it is empty.",
        kind: Kind::Plain,
        entrants: vec![
            entrant(move |it: &Ours| {
                let delays = delays.clone();
                let handles = it.run(async move {
                    let event_loop = send_none::get_event_loop()?;
                    let later = |delay: &Duration| event_loop.call_later(*delay, || ());
                    Ok(delays.iter().map(later).collect())
                });
                it.time(cancel_all(handles))
            }),
            entrant(move |it: &TokioTimers| {
                let delays = the_same.clone();
                let mut sleeps = it.0.run(unconstrained(async move {
                    let mut sleeps = Sleeps::room_for(delays.len() + 1);
                    sleeps.begin(&delays, tokio::time::sleep);
                    Ok(sleeps)
                }));
                it.0.time(unconstrained(async move {
                    sleeps.end();
                    sleeps.begin(&long_delays(1), tokio::time::sleep);
                    sleeps.end();
                    yields(1).await;
                    Ok(())
                }))
            }),
        ],
    }
}

async fn cancel_all(handles: Vec<TimerHandle>) -> send_none::Result<()> {
    withdraw(&handles);
    drop(handles);
    let event_loop = send_none::get_event_loop()?;
    event_loop
        .call_later(Duration::from_secs(10), || ())
        .cancel();
    yields(1).await;
    Ok(())
}
