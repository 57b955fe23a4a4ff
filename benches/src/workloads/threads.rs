//! What comes from another thread.

use std::task::Waker;
use std::thread;

use crate::gauge::stopwatch;
use crate::leaves::{Flag, yields};
use crate::sides::{Ours, Spawn, Tokio, join_all};
use crate::workload::{Kind, Size, Workload, entrant};

const MILLION: usize = 1_000_000;
const TASKS: usize = 64;

pub(super) fn workloads() -> Vec<Workload> {
    vec![callbacks(), wakes()]
}

/// Another thread hands over a million callbacks that do nothing, against spawning a million
/// futures that do nothing; the loop runs them meanwhile. The last one tells.
fn callbacks() -> Workload {
    Workload {
        name: "callback from another thread / spawn",
        size: Size::Fixed,
        operations: MILLION,
        note: "As for call_soon: tokio can only hand over tasks. It takes them out of the shared \
               queue one by one, under its lock.",
        kind: Kind::Outside,
        entrants: vec![
            entrant(|it: &Ours| {
                let handle = it.event_loop.threadsafe();
                let (over, wait) = flag();
                let post = move || {
                    for _ in 0..MILLION {
                        handle.call_soon(|| ()).unwrap();
                    }
                    handle.call_soon(move || over.raise()).unwrap();
                };
                stopwatch(|| {
                    let thread = thread::spawn(post);
                    it.run(wait);
                    thread.join().unwrap();
                })
            }),
            entrant(|it: &Tokio| {
                let handle = it.runtime.handle().clone();
                let (over, wait) = flag();
                let post = move || {
                    for _ in 0..MILLION {
                        handle.spawn(async {});
                    }
                    handle.spawn(async move { over.raise() });
                };
                stopwatch(|| {
                    let thread = thread::spawn(post);
                    it.run(wait);
                    thread.join().unwrap();
                })
            }),
        ],
    }
}

/// A flag, and a future that waits for it.
fn flag<E>() -> (Flag, impl Future<Output = Result<(), E>> + Send) {
    let over = Flag::default();
    let raised = over.clone();
    let wait = async move {
        raised.wait().await;
        Ok(())
    };
    (over, wait)
}

/// Another thread calls the wakers of 64 waiting tasks, in turn, a million times in all; the loop
/// runs meanwhile.
fn wakes() -> Workload {
    Workload {
        name: "wake from another thread, 64 tasks",
        size: Size::Fixed,
        operations: MILLION,
        note: "Both sides write down a task once, however often it is woken before its turn. \
               tokio hands over the task itself, through the shared queue. How the two threads meet is \
               chance: in our runs the ratio was anything from about 0.5 to 1.6.",
        kind: Kind::Outside,
        entrants: vec![
            entrant(|it: &Ours| {
                let (flags, tasks) = it.run(waiting_tasks::<Ours>());
                stopwatch(|| {
                    let thread = thread::spawn(move || wake_in_turn(&flags));
                    it.run(join_all::<Ours>(tasks));
                    thread.join().unwrap();
                })
            }),
            entrant(|it: &Tokio| {
                let (flags, tasks) = it.run(waiting_tasks::<Tokio>());
                stopwatch(|| {
                    let thread = thread::spawn(move || wake_in_turn(&flags));
                    it.run(join_all::<Tokio>(tasks));
                    thread.join().unwrap();
                })
            }),
        ],
    }
}

/// Tasks that have all been polled once, and their flags.
async fn waiting_tasks<S: Spawn>() -> Result<(Vec<Flag>, Vec<S::Handle<usize>>), S::Error> {
    let flags: Vec<_> = (0..TASKS).map(|_| Flag::default()).collect();
    let mut tasks = Vec::with_capacity(TASKS);
    for flag in flags.clone() {
        tasks.push(S::spawn(async move { Ok(flag.wait().await) }));
    }
    yields(1).await;
    Ok((flags, tasks))
}

fn wake_in_turn(flags: &[Flag]) {
    let wakers: Vec<Waker> = flags.iter().filter_map(Flag::waker).collect();
    assert_eq!(wakers.len(), TASKS);
    for _ in 0..MILLION / TASKS {
        for waker in &wakers {
            waker.wake_by_ref();
        }
    }
    for flag in flags {
        flag.raise();
    }
}
