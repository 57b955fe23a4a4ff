//! A picture and a snapshot, side by side.
//!
//! A picture can be put into the form of a snapshot. If the events tell all, the two are the same after each
//! of them.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::panic::Location;
use std::time::Duration;

use crate::clock::NEVER;
use crate::loop_event::Who;
use crate::snapshot::{FutureSnapshot, Snapshot, TaskSnapshot};
use crate::task_table::TaskState;
use crate::trace::json::MOST_NANOS;
use crate::trace::picture::{Entry, Picture};

impl Picture {
    /// What a task or future waits for, and is not done.
    fn waits_for(&self, id: u64) -> Vec<u64> {
        let mut waits_for = match self.tasks.get(&id) {
            Some(task) if task.aborted || task.state == TaskState::Running => Vec::new(),
            Some(task) => task.on.clone(),
            None => self
                .cells
                .get(&id)
                .map_or_else(Vec::new, |cell| cell.waits_for.clone()),
        };
        let is_task = self.tasks.contains_key(&id);
        let me = Who::Task { task: id };
        waits_for.retain(|other| {
            let cell = self.cells.get(other);
            cell.is_some_and(|cell| !is_task || cell.line.values().any(|who| *who == me))
        });
        waits_for
    }

    /// The picture as the loop itself would show it.
    pub(crate) fn snapshot(&self, time: Duration) -> Snapshot {
        Snapshot {
            time,
            turn: self.turn,
            ready: self
                .ready
                .iter()
                .map(|entry| self.describe(entry))
                .collect(),
            timers: self.deadlines(),
            tasks: self.task_snapshots(),
            futures: self.future_snapshots(),
        }
    }

    fn describe(&self, entry: &Entry) -> String {
        match entry {
            Entry::Call(call) => {
                let call = self.calls.get(call);
                call.map_or_else(String::new, |call| call.what.clone())
            }
            Entry::Step(task) | Entry::Drop(task) => {
                let cell = self.cells.get(task);
                cell.map_or_else(String::new, |cell| format!("<{}>", cell.name))
            }
        }
    }

    fn deadlines(&self) -> Vec<Duration> {
        let wanted = self.calls.values().filter(|call| !call.cancelled);
        let mut timers: Vec<_> = wanted.filter_map(|call| call.when).collect();
        timers.retain(|when| *when != NEVER);
        timers.sort();
        timers
    }

    fn task_snapshots(&self) -> Vec<TaskSnapshot> {
        let tasks = self.tasks.iter().filter_map(|(id, task)| {
            let cell = self.cells.get(id)?;
            Some(TaskSnapshot {
                id: *id,
                name: cell.name.clone(),
                state: task.state,
                waits_for: self.waits_for(*id),
                elsewhere: task.elsewhere,
                refused: task.refused,
                aborted: task.aborted,
                parked_at: task.parked_at,
                waiting: cell.line.len(),
                made_at: cell.made_at,
            })
        });
        tasks.collect()
    }

    /// Those that the tasks wait for, directly or not.
    fn future_snapshots(&self) -> Vec<FutureSnapshot> {
        let mut to_visit: Vec<_> = self.tasks.keys().copied().collect();
        let mut below = BTreeSet::new();
        while let Some(id) = to_visit.pop() {
            let new = self.waits_for(id).into_iter();
            let new: Vec<_> = new.filter(|id| !self.tasks.contains_key(id)).collect();
            to_visit.extend(new.into_iter().filter(|id| below.insert(*id)));
        }
        let futures = below.into_iter().filter_map(|id| {
            let cell = self.cells.get(&id)?;
            Some(FutureSnapshot {
                id,
                name: cell.name.clone(),
                waits_for: self.waits_for(id),
                held_by: (cell.waits_in).and_then(|line| self.holders.get(&line).copied()),
                waiting: cell.line.len(),
                made_at: cell.made_at,
            })
        });
        futures.collect()
    }
}

impl Snapshot {
    /// All that the events tell, in a form that can be compared. (Not the time; nor who else has a waker, for he
    /// may let go of it.)
    pub(crate) fn printed(&self) -> String {
        let mut text = format!("turn {}\n", self.turn);
        for entry in &self.ready {
            let _ = writeln!(text, "{entry}");
        }
        for when in &self.timers {
            let nanos = when.as_nanos().min(MOST_NANOS); // as it is in JSON
            let _ = writeln!(text, "at {nanos}");
        }
        for task in &self.tasks {
            let at = task.parked_at.map_or_else(String::new, Location::to_string);
            let (id, name, state) = (task.id, &task.name, task.state);
            let (waits_for, waiting, made_at) = (&task.waits_for, task.waiting, task.made_at);
            let (aborted, refused) = (task.aborted, task.refused);
            let _ = writeln!(
                text,
                "{id} {name} {state:?} {aborted} {refused} {waits_for:?} {at} {waiting} {made_at}"
            );
        }
        for future in &self.futures {
            let (id, name, waits_for) = (future.id, &future.name, &future.waits_for);
            let (held_by, waiting, made_at) = (future.held_by, future.waiting, future.made_at);
            let _ = writeln!(
                text,
                "{id} {name} {waits_for:?} {held_by:?} {waiting} {made_at}"
            );
        }
        text
    }
}
