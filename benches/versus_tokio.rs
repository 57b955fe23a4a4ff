//! The scheduler against tokio's current-thread runtime, on the same leaf futures.
//!
//! Both sides: the measured tasks are spawned from within a running root future, every handle is
//! awaited, and no driver for I/O or time is switched on. `cargo bench` prints the times; compare
//! them within one run only.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::cell::Cell;
use std::hint::black_box;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Pending so many times, waking itself each time; then ready. The same leaf on both sides.
struct Yields {
    left: Cell<u32>,
}

impl Future for Yields {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.left.get() == 0 {
            return Poll::Ready(());
        }
        self.left.set(self.left.get() - 1);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

fn yields(left: u32) -> Yields {
    Yields {
        left: Cell::new(left),
    }
}

/// So many tasks that each yield so often, all of them awaited.
fn ours(event_loop: &send_none::EventLoop, tasks: usize, rounds: u32) {
    let root = event_loop.create_task(async move {
        let mut handles = Vec::with_capacity(tasks);
        for i in 0..tasks {
            handles.push(send_none::create_task(async move {
                yields(rounds).await;
                Ok(i)
            }));
        }
        for handle in handles {
            black_box(handle.await?);
        }
        Ok(())
    });
    event_loop.run_until_complete(root).unwrap();
}

fn tokios(
    runtime: &tokio::runtime::Runtime,
    local: &tokio::task::LocalSet,
    tasks: usize,
    rounds: u32,
) {
    let root = local.spawn_local(async move {
        let mut handles = Vec::with_capacity(tasks);
        for i in 0..tasks {
            handles.push(tokio::task::spawn_local(async move {
                yields(rounds).await;
                i
            }));
        }
        for handle in handles {
            black_box(handle.await.unwrap());
        }
    });
    local.block_on(runtime, root).unwrap();
}

/// The same with tokio's own scheduler, for which tasks must be Send.
fn tokios_send(runtime: &tokio::runtime::Runtime, tasks: usize, rounds: u32) {
    let root = runtime.spawn(async move {
        let mut handles = Vec::with_capacity(tasks);
        for i in 0..tasks {
            handles.push(tokio::spawn(async move {
                yields(rounds).await;
                i
            }));
        }
        for handle in handles {
            black_box(handle.await.unwrap());
        }
    });
    runtime.block_on(root).unwrap();
}

fn compare(criterion: &mut Criterion, name: &str, tasks: usize, rounds: u32) {
    let event_loop = send_none::EventLoop::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let local = tokio::task::LocalSet::new();
    let mut group = criterion.benchmark_group(name);
    group.throughput(Throughput::Elements(
        tasks as u64 * u64::from(rounds.max(1)),
    ));
    group.bench_function(BenchmarkId::new("send-none", tasks), |bencher| {
        bencher.iter(|| ours(&event_loop, tasks, rounds));
    });
    group.bench_function(BenchmarkId::new("tokio (Send tasks)", tasks), |bencher| {
        bencher.iter(|| tokios_send(&runtime, tasks, rounds));
    });
    group.bench_function(BenchmarkId::new("tokio (LocalSet)", tasks), |bencher| {
        bencher.iter(|| tokios(&runtime, &local, tasks, rounds));
    });
    group.finish();
}

/// Make so many tasks and await them; each is over in one step.
fn spawn_and_join(criterion: &mut Criterion) {
    for tasks in [1_000, 100_000] {
        compare(criterion, "spawn + join", tasks, 0);
    }
}

/// A thousand yields of each task; the time of one yield is what counts, so the spawning is lost
/// in it.
fn yielding(criterion: &mut Criterion) {
    for tasks in [1, 100, 10_000] {
        compare(
            criterion,
            "yield",
            tasks,
            if tasks > 1000 { 100 } else { 1000 },
        );
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = spawn_and_join, yielding
}
criterion_main!(benches);
