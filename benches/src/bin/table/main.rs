//! The table: `cargo run --release -p benches`.
//!
//! The sides take turns at each workload, so that whatever else the machine has to do meets both
//! alike. While it works this says how far it is, on the standard error stream; then come the tables
//! on the standard output. A whole run also writes them to `benches/results.md`, and a chart to
//! `benches/results.svg`.
//!
//! ```sh
//! cargo run --release -p benches                  # all, in about four minutes
//! cargo run --release -p benches -- timer         # what has this word in its name
//! cargo run --release -p benches -- --quick       # does it work? The numbers are worth little
//! ```

mod chart;
mod measure;
mod report;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;
use std::{env, fs};

use benches::workload::{Kind, Workload};
use benches::workloads;
use measure::{Effort, Measured};

/// A workload, and what came out.
struct Result {
    workload: Workload,
    measured: Measured,
}

/// What the command line asks for.
#[derive(Default)]
struct Options {
    quick: bool,
    word: Option<String>,
}

fn main() -> ExitCode {
    let Some(options) = options(env::args().skip(1)) else {
        eprintln!("usage: cargo run --release -p benches [-- [--quick] [a word of the name]]");
        return ExitCode::FAILURE;
    };
    if cfg!(debug_assertions) {
        eprintln!("This is a debug build: the numbers mean nothing. Run it with --release.");
    }
    let results = measure_all(&options);
    if results.is_empty() {
        eprintln!("No workload has this word in its name.");
        return ExitCode::FAILURE;
    }
    let text = report::markdown(&results);
    println!("{text}");
    let folder = folder_for_results(&options);
    match write_files(&folder, &text, &chart::svg(&results)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write to {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn options(arguments: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options::default();
    for argument in arguments {
        match argument.as_str() {
            "--quick" => options.quick = true,
            option if option.starts_with('-') => return None,
            _ if options.word.is_some() => return None,
            _ => options.word = Some(argument),
        }
    }
    Some(options)
}

fn measure_all(options: &Options) -> Vec<Result> {
    let effort = if options.quick {
        Effort::QUICK
    } else {
        Effort::FULL
    };
    let wanted = |workload: &Workload| {
        let word = options.word.as_deref().unwrap_or_default();
        let takes_long = workload.is_heavy() || workload.kind == Kind::Growth;
        workload.matches(word) && !(options.quick && takes_long)
    };
    let workloads: Vec<_> = workloads::all().into_iter().filter(wanted).collect();
    // Those that need much memory come last: they leave the allocator in another state.
    let mut order: Vec<_> = (0..workloads.len()).collect();
    order.sort_by_key(|i| workloads[*i].is_heavy());

    let begun = Instant::now();
    let mut measured: Vec<_> = workloads.iter().map(|_| None).collect();
    for (done, i) in order.iter().enumerate() {
        eprint!(
            "[{:2}/{}] {:59} ",
            done + 1,
            workloads.len(),
            workloads[*i].label()
        );
        let _unimportant = io::stderr().flush();
        let begun_this = Instant::now();
        let result = effort.measure(&workloads[*i]);
        let seconds = begun_this.elapsed().as_secs_f64();
        eprintln!("{seconds:4.1} s  {}", report::progress(&result));
        measured[*i] = Some(result);
    }
    eprintln!("{:.0} s in all\n", begun.elapsed().as_secs_f64());
    let pairs = workloads.into_iter().zip(measured);
    pairs
        .filter_map(|(workload, measured)| {
            Some(Result {
                workload,
                measured: measured?,
            })
        })
        .collect()
}

/// Where the files are kept; or, if this was not a whole run, beside the program.
fn folder_for_results(options: &Options) -> PathBuf {
    if !options.quick && options.word.is_none() {
        return Path::new(env!("CARGO_MANIFEST_DIR")).to_owned();
    }
    let program = env::current_exe().unwrap_or_default();
    program.parent().unwrap_or(Path::new(".")).to_owned()
}

fn write_files(folder: &Path, text: &str, chart: &str) -> io::Result<()> {
    for (name, content) in [("results.md", text), ("results.svg", chart)] {
        let path = folder.join(name);
        fs::write(&path, content)?;
        eprintln!("written: {}", path.display());
    }
    Ok(())
}
