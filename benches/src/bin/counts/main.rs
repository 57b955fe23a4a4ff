//! What can be counted: `cargo run --release -p benches --bin counts`.
//!
//! The memory of a task that waits, the allocations of each operation, and how often a task is
//! polled for a wake. Unlike times, these are the same on any machine of one kind. The counting
//! allocator would slow everything down, so this is a program of its own. It writes
//! `benches/counts.md`.

mod allocator;
mod idle;
mod polls;

use std::path::Path;
use std::process::ExitCode;

use benches::gauge;
use benches::machine;
use benches::markdown::table_of;
use benches::sides::Who;
use benches::workload::{Kind, Workload};
use benches::workloads;

/// Who is compared.
const SIDES: [Who; 3] = [Who::Ours, Who::Tokio, Who::Local];

fn main() -> ExitCode {
    gauge::read_instead(allocator::allocations);
    let sections = [
        ("A task that waits", idle::table()),
        ("Allocations of an operation, when warm", allocations()),
        ("Polls", polls::table()),
    ];
    let mut text = format!("# What can be counted\n\n{}\n", machine::describe());
    for (title, table) in sections {
        text += &format!("\n## {title}\n\n{}", table_of(table));
    }
    print!("{text}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("counts.md");
    match std::fs::write(&path, text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

/// The first row of each table.
fn header(what: &str) -> Vec<String> {
    let mut header = vec![what.to_owned()];
    header.extend(SIDES.map(|who| who.name().to_owned()));
    header
}

/// Of each workload the smallest size, but what depends on the clock or on another thread.
fn allocations() -> Vec<Vec<String>> {
    let mut table = vec![header("per operation")];
    let mut before = "";
    for workload in workloads::all() {
        if workload.name == before || workload.kind == Kind::Outside {
            continue;
        }
        before = workload.name;
        eprintln!("{}", workload.label());
        let mut row = vec![workload.label()];
        row.extend(SIDES.map(|who| allocations_of(&workload, who)));
        table.push(row);
    }
    table
}

fn allocations_of(workload: &Workload, who: Who) -> String {
    let Some(entrant) = workload.entrants.iter().find(|other| other.who == who) else {
        return String::new();
    };
    let mut batch = (entrant.start)();
    for _ in 0..3 {
        batch();
    }
    let allocations = batch();
    format!("{:.2}", allocations as f64 / workload.operations as f64)
}
