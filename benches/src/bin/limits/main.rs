//! How far it goes: `cargo run --release -p benches --bin limits`.
//!
//! A million of everything, on the virtual clock: what one of them takes in memory and in time, and
//! that the end of it all needs neither a deep stack nor an age. It writes `benches/limits.md`.

#[allow(dead_code, reason = "the other program that counts reads more of it")]
#[path = "../counts/allocator.rs"]
mod allocator;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use allocator::in_use;
use benches::machine;
use benches::markdown::{table_of, with_commas};
use send_none::{EventLoop, FutureCell, Result, Task};

const MILLION: usize = 1_000_000;

fn main() -> ExitCode {
    let mut table = Table::default();
    let experiments = [
        parked,
        timers,
        cancelled_timers,
        chain,
        torn_down,
        waiters,
        callbacks,
    ];
    for experiment in experiments {
        if let Err(error) = experiment(&mut table) {
            eprintln!("it should have worked: {error:?}");
            return ExitCode::FAILURE;
        }
    }
    let text = format!(
        "# How far it goes\n\n{}\n\n{}",
        machine::describe(),
        table_of(table.rows)
    );
    print!("{text}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("limits.md");
    match std::fs::write(&path, text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write {}: {error}", path.display());
            ExitCode::FAILURE
        }
    }
}

struct Table {
    rows: Vec<Vec<String>>,
    /// What was in use when the experiment began.
    before: u64,
}

impl Default for Table {
    fn default() -> Self {
        let header = [
            "so many",
            "what is done",
            "ns each",
            "bytes each, afterwards",
        ];
        Table {
            rows: vec![header.map(String::from).to_vec()],
            before: 0,
        }
    }
}

impl Table {
    /// A loop to begin with. It reports nothing: tasks that never end are what this is about.
    fn begin(&mut self) -> EventLoop {
        let event_loop = EventLoop::with_virtual_clock();
        event_loop.set_exception_handler(|_, _| ());
        self.before = in_use().bytes;
        event_loop
    }

    /// Does it, and writes down what that took and what is in use more than when it began.
    fn measure<T>(&mut self, count: usize, what: &str, it: impl FnOnce() -> T) -> T {
        eprintln!("{what}");
        let began = Instant::now();
        let result = it();
        let nanos = began.elapsed().as_nanos() as f64 / count as f64;
        let bytes = in_use().bytes.saturating_sub(self.before) as f64 / count as f64;
        self.rows.push(vec![
            with_commas(count),
            what.to_owned(),
            format!("{nanos:.0}"),
            format!("{bytes:.0}"),
        ]);
        result
    }
}

fn one_turn(event_loop: &EventLoop) -> Result<()> {
    event_loop.stop();
    event_loop.run_forever()
}

fn parked(table: &mut Table) -> Result<()> {
    let event_loop = table.begin();
    let make = || {
        for _ in 0..MILLION {
            drop(event_loop.create_task(std::future::pending::<Result<()>>()));
        }
    };
    table.measure(MILLION, "tasks made, their handles dropped", make);
    table.measure(MILLION, "stepped, and parked", || one_turn(&event_loop))?;
    table.measure(MILLION, "dropped with their loop", || event_loop.close())
}

fn timers(table: &mut Table) -> Result<()> {
    let event_loop = table.begin();
    let set = || {
        for i in 0..MILLION {
            let when = Duration::from_micros((i * 7_919 % MILLION) as u64);
            drop(event_loop.call_later(when, || ()));
        }
    };
    table.measure(MILLION, "timers set", set);
    let stop = event_loop.clone();
    event_loop.call_later(Duration::from_secs(2), move || stop.stop());
    table.measure(MILLION, "fired, each at its own time", || {
        event_loop.run_forever()
    })
}

fn cancelled_timers(table: &mut Table) -> Result<()> {
    let event_loop = table.begin();
    let set = || {
        for _ in 0..MILLION {
            event_loop
                .call_later(Duration::from_secs(30), || ())
                .cancel();
        }
    };
    table.measure(MILLION, "timers set and cancelled at once", set);
    Ok(())
}

/// Each awaits the one before.
fn chained(event_loop: &EventLoop) -> Result<(FutureCell<()>, Task<()>)> {
    let first = event_loop.create_future::<()>();
    let mut last = event_loop.create_task(first.clone());
    for _ in 1..MILLION {
        last = event_loop.create_task(last);
    }
    one_turn(event_loop)?;
    Ok((first, last))
}

fn chain(table: &mut Table) -> Result<()> {
    let event_loop = table.begin();
    let made = || chained(&event_loop);
    let (first, last) = table.measure(MILLION, "tasks in a chain, each awaits the next", made)?;
    first.set_result(())?;
    let run = || event_loop.run_until_complete(last);
    table.measure(MILLION, "one future settled, and all are done", run)
}

fn torn_down(table: &mut Table) -> Result<()> {
    let event_loop = table.begin();
    let (_first, last) = chained(&event_loop)?;
    let cancel = || {
        last.cancel();
        event_loop.run_until_complete(&last)
    };
    let cancelled = table.measure(
        MILLION,
        "the last of a chain cancelled, and all are done",
        cancel,
    );
    assert!(cancelled.is_err_and(|error| error.is_cancelled()));
    let (_first, last) = chained(&event_loop)?;
    drop(last);
    let close = || event_loop.close();
    table.measure(MILLION, "a chain dropped with its loop", close)
}

fn waiters(table: &mut Table) -> Result<()> {
    let event_loop = table.begin();
    let event = event_loop.create_future::<()>();
    for _ in 0..MILLION {
        drop(event_loop.create_task(event.clone()));
    }
    let park = || one_turn(&event_loop);
    table.measure(MILLION, "tasks stand in one line", park)?;
    event.set_result(())?;
    let run = || one_turn(&event_loop);
    table.measure(MILLION, "all of them woken, and done", run)
}

fn callbacks(table: &mut Table) -> Result<()> {
    let event_loop = table.begin();
    let queue = || {
        for _ in 0..10 * MILLION {
            drop(event_loop.call_soon(|| ()));
        }
    };
    table.measure(10 * MILLION, "callbacks queued", queue);
    let run = || one_turn(&event_loop);
    table.measure(10 * MILLION, "all of them called, in one turn", run)
}
