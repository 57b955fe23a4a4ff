//! The memory of a task that waits.
//!
//! A hundred thousand of them are made, polled once, and their handles dropped. What the scheduler
//! needs for all of them together (its queue, its list of tasks) is counted in.

use std::future::pending;
use std::mem::forget;
use std::time::Duration;

use benches::leaves::yields;
use benches::sides::{Local, Ours, Side, Spawn, Tokio, TokioTimers};

use crate::allocator::in_use;
use crate::header;

const TASKS: usize = 100_000;
const HOUR: Duration = Duration::from_secs(3600);

/// Bytes and pieces of memory for each task.
pub fn table() -> Vec<Vec<String>> {
    let waits = [
        per_task(|it: &Ours, tasks| it.run(waiting::<Ours>(tasks))),
        per_task(|it: &Tokio, tasks| it.run(waiting::<Tokio>(tasks))),
        per_task(|it: &Local, tasks| it.run(waiting::<Local>(tasks))),
    ];
    let sleeps = [
        per_task(|it: &Ours, tasks| {
            it.run(async move {
                for _ in 0..tasks {
                    drop(send_none::create_task(async {
                        send_none::sleep(HOUR).await
                    }));
                }
                yields(1).await;
                Ok(())
            });
        }),
        per_task(|it: &TokioTimers, tasks| {
            it.0.run(async move {
                for _ in 0..tasks {
                    drop(tokio::spawn(async { tokio::time::sleep(HOUR).await }));
                }
                yields(1).await;
                Ok(())
            });
        }),
        [String::new(), String::new()],
    ];
    let mut table = vec![header("per task")];
    for (what, sides) in [("waits", waits), ("sleeps", sleeps)] {
        for (i, unit) in ["bytes", "allocations in use"].iter().enumerate() {
            let mut row = vec![format!("{what}: {unit}")];
            row.extend(sides.iter().map(|side| side[i].clone()));
            table.push(row);
        }
    }
    table
}

async fn waiting<S: Spawn>(tasks: usize) -> Result<(), S::Error> {
    for _ in 0..tasks {
        drop(S::spawn(async {
            pending::<()>().await;
            Ok(())
        }));
    }
    yields(1).await;
    Ok(())
}

fn per_task<S: Side>(make: impl Fn(&S, usize)) -> [String; 2] {
    let side = S::new();
    make(&side, 1); // what is made once for all is made now
    let before = in_use();
    make(&side, TASKS);
    let after = in_use();
    forget(side); // its tasks have not ended, and it would complain
    let bytes = (after.bytes - before.bytes) as f64 / TASKS as f64;
    let pieces = (after.pieces - before.pieces) as f64 / TASKS as f64;
    [format!("{bytes:.0}"), format!("{pieces:.2}")]
}
