//! All workloads under criterion: `cargo bench`, or `cargo bench -- yield` for some of them.
//!
//! Criterion measures one side after the other. If the machine has something else to do meanwhile,
//! the two differ for that reason alone; `cargo run --release -p benches` has them take turns. What
//! is measured, and why that is fair, is told in the package `benches`.

use std::time::Duration;

use benches::workload::{Batch, Kind, Workload};
use benches::workloads;
use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main,
};

fn all(criterion: &mut Criterion) {
    for workload in workloads::all() {
        // What shows how cost grows would take minutes here.
        if workload.kind == Kind::Growth {
            continue;
        }
        let mut group = criterion.benchmark_group(workload.label().replace('/', "or"));
        configure(&mut group, &workload);
        for entrant in &workload.entrants {
            let mut batch: Option<Batch> = None; // made only if it is wanted
            let id = BenchmarkId::from_parameter(entrant.who.name());
            group.bench_function(id, |bencher| {
                let batch = batch.get_or_insert_with(|| (entrant.start)());
                bencher.iter_custom(|times| per_operation(batch, workload.operations, times));
            });
        }
        group.finish();
    }
}

/// What criterion calls an iteration is one operation. It gets the time of so many, measured in
/// whole batches.
fn per_operation(batch: &mut Batch, operations: usize, times: u64) -> Duration {
    let batches = times.div_ceil(operations as u64);
    let spent: u64 = (0..batches).map(|_| batch()).sum();
    let measured = batches * operations as u64;
    Duration::from_nanos(spent).mul_f64(times as f64 / measured as f64)
}

fn configure(group: &mut BenchmarkGroup<'_, WallTime>, workload: &Workload) {
    group.warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_secs(2));
    group.sample_size(20);
    if workload.kind == Kind::Outside || workload.is_heavy() {
        group.sample_size(10);
        group.sampling_mode(SamplingMode::Flat);
        group.measurement_time(Duration::from_secs(1));
    }
}

criterion_group!(benches, all);
criterion_main!(benches);
