//! Instructions of an operation: `cargo run --release -p benches --bin instructions`.
//!
//! It runs each workload under `valgrind --tool=callgrind`, once with so many batches and once with
//! twice as many: the difference has nothing in it of starting and warming up. And callgrind only
//! collects within the stopwatch. It writes `benches/instructions.md`.
//!
//! ```sh
//! cargo run --release -p benches --bin instructions             # all that can be counted
//! cargo run --release -p benches --bin instructions -- yield    # what has this word in its name
//! ```
//!
//! The program that is counted is this one, too: `--run` runs one workload of one side, to see under
//! valgrind which function takes how many. The README shows how.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs};

use benches::machine;
use benches::markdown::{table_of, with_commas};
use benches::sides::Who;
use benches::workload::{Kind, Workload};
use benches::workloads;

const SIDES: [Who; 4] = [Who::Ours, Who::Tokio, Who::Local, Who::Floor];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["--run", label, side, batches] => run(label, side, batches),
        [] => count_all("").and_then(|text| keep(&text)),
        [word] if !word.starts_with('-') => count_all(word).map(drop),
        _ => Err("usage: instructions [word], or instructions --run LABEL SIDE BATCHES".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// One workload of one side, so many batches and one to get warm.
fn run(label: &str, side: &str, batches: &str) -> Result<(), String> {
    let mut workloads = workloads::all().into_iter();
    let workload = workloads.find(|workload| workload.label() == label);
    let workload = workload.ok_or_else(|| format!("no workload is called {label:?}"))?;
    let mut entrants = workload.entrants.iter();
    let entrant = entrants.find(|entrant| entrant.who.name() == side);
    let entrant = entrant.ok_or_else(|| format!("{side:?} takes no part in {label:?}"))?;
    let batches: u64 = batches.parse().map_err(|_| "how many batches?")?;
    let mut batch = (entrant.start)();
    for _ in 0..=batches {
        batch();
    }
    Ok(())
}

/// Counts those that have this word in their name; of those that differ in size, the smallest.
fn count_all(word: &str) -> Result<String, String> {
    let header = SIDES.map(|who| who.name().to_owned()).to_vec();
    let mut table = vec![[vec!["per operation".to_owned()], header].concat()];
    let mut before = "";
    for workload in workloads::all() {
        let can_be_counted = workload.kind != Kind::Outside && workload.matches(word);
        if !can_be_counted || workload.name == before {
            continue;
        }
        before = workload.name;
        eprintln!("{}", workload.label());
        let mut row = vec![workload.label()];
        for who in SIDES {
            row.push(per_operation(&workload, who)?);
        }
        table.push(row);
    }
    let title = "# Instructions of an operation";
    let text = format!("{title}\n\n{}\n\n{}", machine::describe(), table_of(table));
    print!("{text}");
    Ok(text)
}

fn per_operation(workload: &Workload, who: Who) -> Result<String, String> {
    if !workload.entrants.iter().any(|entrant| entrant.who == who) {
        return Ok(String::new());
    }
    let batches = 20_000_usize.div_ceil(workload.operations);
    let once = instructions(&workload.label(), who, batches)?;
    let twice = instructions(&workload.label(), who, 2 * batches)?;
    let operations = (batches * workload.operations) as u64;
    let rounded = (twice.saturating_sub(once) + operations / 2) / operations;
    Ok(with_commas(rounded as usize))
}

/// Runs this program under callgrind, and reads what that says it collected.
fn instructions(label: &str, who: Who, batches: usize) -> Result<u64, String> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--toggle-collect=benches::gauge::stopwatch*")
        .arg(program)
        .args(["--run", label, who.name(), &batches.to_string()])
        .output()
        .map_err(|error| format!("valgrind: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = said
        .lines()
        .find_map(|line| line.split_once("Collected : "))
        .and_then(|(_, number)| number.trim().parse().ok());
    collected.ok_or_else(|| format!("valgrind said no number:\n{said}"))
}

fn keep(text: &str) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("instructions.md");
    fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
}
