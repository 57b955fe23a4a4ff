//! Tasks that sleep.

use send_none::Task;
use std::convert::Infallible;
use std::hint::black_box;
use std::task::{Context, Waker};
use std::thread;
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;

use super::{SIZES, delays};
use crate::floor::{self, Boxed, Floor, Heap, Place};
use crate::gauge::{knows_cpu_time, stopwatch, stopwatch_of_cpu};
use crate::leaves::yields;
use crate::sides::{Ours, Tokio, TokioTimers, join_all};
use crate::workload::{Kind, Size, Workload, entrant};

pub(super) fn workloads() -> Vec<Workload> {
    let mut all: Vec<_> = SIZES.map(fire).into();
    if knows_cpu_time() {
        all.extend([100_000, 1_000_000].map(cpu_of_sleepers));
    }
    all
}

/// Each is polled once, when it is due; and where they put their results.
type SleepersOfTheFloor = (Heap<Boxed>, Vec<Place<usize>>);

fn sleepers_of_the_floor(delays: &[Duration]) -> SleepersOfTheFloor {
    let mut heap = Heap::default();
    let sleeper = |delay: &Duration| {
        let (task, result) = floor::task(async { Ok(0) });
        heap.push(*delay, task);
        result
    };
    let results = delays.iter().map(sleeper).collect();
    (heap, results)
}

fn poll_when_due((mut heap, results): SleepersOfTheFloor) {
    let mut cx = Context::from_waker(Waker::noop());
    while heap.next_due(|mut task| assert!(task.as_mut().poll(&mut cx).is_ready())) {}
    for result in results {
        black_box(result.take());
    }
}

fn our_sleepers(delays: &[Duration]) -> Vec<Task<usize>> {
    let sleeper = |delay: &Duration| {
        let delay = *delay;
        send_none::create_task(async move {
            send_none::sleep(delay).await?;
            Ok(0)
        })
    };
    delays.iter().map(sleeper).collect()
}

fn tokios_sleepers(delays: &[Duration]) -> Vec<JoinHandle<Result<usize, Infallible>>> {
    let sleeper = |delay: &Duration| {
        let delay = *delay;
        tokio::spawn(async move {
            tokio::time::sleep(delay).await;
            Ok(0)
        })
    };
    delays.iter().map(sleeper).collect()
}

/// So many tasks sleep, and all deadlines are over before the loop gets to look: what is measured is
/// from there until all are awaited.
fn fire(timers: usize) -> Workload {
    let start = Duration::from_micros(2) * timers as u32 + Duration::from_millis(5);
    let spread = Duration::from_micros(100).max(start / 20);
    let delays = delays(timers, start, spread);
    let (the_same, for_the_floor) = (delays.clone(), delays.clone());
    let all_over = start + spread + Duration::from_millis(2);
    Workload {
        name: "fire a timer, wake and join its task",
        size: Size::Timers(timers),
        operations: timers,
        note: "tokio rounds up to milliseconds, and its wheel gives out all of one millisecond at once, in \
               the order in which they were made. Our heap gives them out in exact order, one after the \
               other. Their order here is by chance, and not that in which the tasks were made, so each \
               task that is woken lies elsewhere in memory.",
        kind: Kind::Outside,
        entrants: vec![
            entrant(move |it: &Ours| {
                let (began, delays) = (Instant::now(), delays.clone());
                let sleepers = it.run(async move {
                    let sleepers = our_sleepers(&delays);
                    yields(1).await;
                    Ok(sleepers)
                });
                thread::sleep(all_over.saturating_sub(began.elapsed()));
                stopwatch(|| it.run(join_all::<Ours>(sleepers)))
            }),
            entrant(move |it: &TokioTimers| {
                let (began, delays) = (Instant::now(), the_same.clone());
                let sleepers = it.0.run(async move {
                    let sleepers = tokios_sleepers(&delays);
                    yields(1).await;
                    Ok(sleepers)
                });
                thread::sleep(all_over.saturating_sub(began.elapsed()));
                stopwatch(|| it.0.run(join_all::<Tokio>(sleepers)))
            }),
            entrant(move |_: &Floor| {
                let began = Instant::now();
                let sleepers = sleepers_of_the_floor(&for_the_floor);
                thread::sleep(all_over.saturating_sub(began.elapsed()));
                stopwatch(|| poll_when_due(sleepers))
            }),
        ],
    }
}

/// So many tasks sleep for a random part of a second: the time on a processor of all of it, from
/// making the tasks to awaiting them.
fn cpu_of_sleepers(timers: usize) -> Workload {
    let delays = delays(timers, Duration::from_nanos(1), Duration::from_secs(1));
    let (the_same, for_the_floor) = (delays.clone(), delays.clone());
    Workload {
        name: "processor time of a sleeping task",
        size: Size::Timers(timers),
        operations: timers,
        note: "tokio's timers tick once a millisecond, so the thread sleeps a thousand times at \
               most; then it takes what is due from its wheel by the slot.",
        kind: Kind::Outside,
        entrants: vec![
            entrant(move |it: &Ours| {
                let delays = delays.clone();
                stopwatch_of_cpu(|| {
                    it.run(async move { join_all::<Ours>(our_sleepers(&delays)).await });
                })
            }),
            entrant(move |it: &TokioTimers| {
                let delays = the_same.clone();
                stopwatch_of_cpu(|| {
                    it.0.run(async move { join_all::<Tokio>(tokios_sleepers(&delays)).await });
                })
            }),
            entrant(move |_: &Floor| {
                stopwatch_of_cpu(|| poll_when_due(sleepers_of_the_floor(&for_the_floor)))
            }),
        ],
    }
}
