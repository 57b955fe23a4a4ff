//! All workloads, a file for each theme.

mod passing;
mod spawning;
mod threads;
mod timers;
mod together;
mod waking;
mod yielding;

use crate::workload::Workload;

/// All of them, in the order of the table.
pub fn all() -> Vec<Workload> {
    let themes: [fn() -> Vec<Workload>; 7] = [
        spawning::workloads,
        yielding::workloads,
        passing::workloads,
        waking::workloads,
        together::workloads,
        timers::workloads,
        threads::workloads,
    ];
    themes.iter().flat_map(|workloads| workloads()).collect()
}
