//! Who waits for whom.
//!
//! A program hangs, and the question is: which task waits for what? All that is needed to answer it
//! is there: each parked task knows what it is parked on, and a task that it is parked on knows that
//! of itself. A [`Snapshot`] is a plain value with all of it; print it, and it is a tree. (What `wait`,
//! `wait_for` and `shield` wait for is hidden in a callback: the tree ends at their own future.)
//!
//! A loop also uses it for itself. When it is about to go to sleep and nobody is left who could ever
//! wake it, it says so instead, and shows the tree. It can tell if there is no
//! [`ThreadsafeHandle`](crate::ThreadsafeHandle), no setter and no call in the pool, and if every
//! task's waker is held only by futures of this crate that the task is known to wait for. If anything
//! else holds a waker it cannot tell, and sleeps. It looks only before it falls asleep.
//!
//! Next: [`turn`](crate::turn), the only place where anything is called.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::Location;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::any_future::{AnyFuture, ids};
use crate::error::{Error, Result};
use crate::event_loop::{EventLoop, LoopTask, Ready};
use crate::task_table::TaskState;

/// The state of a loop at one moment. Made by [`EventLoop::snapshot`].
///
/// `{}` prints it as a tree of who waits for whom.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// The moment on the loop's clock.
    pub time: Duration,
    /// How many turns were begun.
    pub turn: u64,
    /// What is on the run queue, in the order in which it will run.
    pub ready: Vec<String>,
    /// The deadlines of the timers, earliest first.
    pub timers: Vec<Duration>,
    /// The unfinished tasks, oldest first.
    pub tasks: Vec<TaskSnapshot>,
    /// The unfinished futures that tasks wait for; those that are tasks are above.
    pub futures: Vec<FutureSnapshot>,
}

/// An unfinished task.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TaskSnapshot {
    /// Its number among the futures and tasks of its loop.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Where it is.
    pub state: TaskState,
    /// The numbers of the futures and tasks that it waits for, and that are not done; also if another one has
    /// woken it. Empty if it runs, may not wait, is to be dropped, or waits for no future of this loop (any more).
    pub waits_for: Vec<u64>,
    /// Whether somebody else may wake it, too, or has: something that is not of this crate, or that it is not known
    /// to wait for.
    pub elsewhere: bool,
    /// Whether it may not wait where it is suspended: at its next step an error comes out there.
    pub refused: bool,
    /// Whether it is to be dropped at its next step.
    pub aborted: bool,
    /// The `await` in the source where it is suspended, if it is and that is known.
    pub parked_at: Option<&'static Location<'static>>,
    /// How many stand in its own line: callbacks, and tasks that wait for it.
    pub waiting: usize,
    /// Where in the source it was made.
    pub made_at: &'static Location<'static>,
}

/// A future that is not done.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FutureSnapshot {
    /// Its number among the futures and tasks of its loop.
    pub id: u64,
    /// What kind it is, and its number.
    pub name: String,
    /// The numbers of the futures and tasks that it waits for itself, as a gather does.
    pub waits_for: Vec<u64>,
    /// The number of the task that took the lock, if it is a place in the line of one. (That task may be
    /// done, and the lock another's: `wait_for` has it taken by a task of its own.)
    pub held_by: Option<u64>,
    /// How many stand in its line: callbacks, and tasks that wait for it.
    pub waiting: usize,
    /// Where in the source it was made.
    pub made_at: &'static Location<'static>,
}

/// Lines are not indented further than so many steps: a chain of ten thousand tasks would fill the
/// memory with spaces.
const DEEPEST: usize = 40;

impl EventLoop {
    /// The state of the loop now.
    pub fn snapshot(&self) -> Snapshot {
        let core = &self.core;
        let all = self.all_tasks();
        let tasks = all.iter().map(as_it_is).collect();
        let all: Vec<_> = all.into_iter().map(|task| AnyFuture(task)).collect();
        let describe = |entry: &Ready| match entry {
            Ready::Callback(call) => call.describe(),
            Ready::Step(key) => self
                .task(*key)
                .map_or(String::new(), |task| format!("<{}>", task.name())),
        };
        let ready = core.ready.borrow().iter().map(describe).collect();
        let (time, turn, timers) = (self.time(), self.turns(), core.timers.borrow().deadlines());
        Snapshot {
            time,
            turn,
            ready,
            timers,
            tasks,
            futures: futures_below(&all),
        }
    }

    /// Asked when nothing is ready and no timer is set: can anybody wake the loop?
    ///
    /// Somebody can if there is a handle for other threads, or a setter or a call in the pool, which
    /// have one; or if somebody else than our own futures has the waker of a task.
    pub(crate) fn check_that_somebody_can_wake(&self) -> Result<()> {
        if Arc::strong_count(&self.core.outside) > 1 {
            return Ok(());
        }
        let elsewhere = {
            let tasks = self.core.tasks.borrow();
            tasks.all().any(|task| task.waker_is_elsewhere())
        };
        // In this order: a thread that is gone by now has left its note before.
        if elsewhere || !self.core.mailbox.is_empty() {
            return Ok(());
        }
        let text = "the loop would sleep for ever: nothing is ready, no timer will ever fire, and \
                    nobody is left who could wake it";
        let text = format!("{text}\n{}", self.snapshot());
        Err(Error::runtime(
            &text,
            "settle what is waited for, or cancel those who wait",
        ))
    }
}

fn as_it_is(task: &Rc<dyn LoopTask>) -> TaskSnapshot {
    let state = task.whereabouts().state();
    let about = task.about();
    let at = task.record().waits().at();
    let here = about.event_loop();
    let mut waits = task.waits_for().into_iter();
    let elsewhere = waits.any(|future| future.event_loop() != here);
    TaskSnapshot {
        id: about.id(),
        name: task.name(),
        state,
        waits_for: waits_for(&AnyFuture(task.clone())),
        elsewhere: elsewhere || task.waker_is_elsewhere(),
        refused: state != TaskState::Running && task.record().throws(),
        aborted: task.is_aborted(),
        parked_at: at.filter(|_| state != TaskState::Running),
        waiting: about.waiting(),
        made_at: about.made_at(),
    }
}

fn waits_for(future: &AnyFuture) -> Vec<u64> {
    ids(future.pending_below())
}

/// All that the tasks wait for, directly or not, and that is no task itself.
fn futures_below(tasks: &[AnyFuture]) -> Vec<FutureSnapshot> {
    let mut seen: BTreeSet<u64> = tasks.iter().map(|task| task.0.about().id()).collect();
    let mut to_visit: Vec<_> = tasks.iter().flat_map(AnyFuture::pending_below).collect();
    let mut futures = Vec::new();
    while let Some(future) = to_visit.pop() {
        let about = future.0.about();
        if seen.insert(about.id()) {
            let (id, name, made_at) = (about.id(), future.0.name(), about.made_at());
            futures.push(FutureSnapshot {
                id,
                name,
                waits_for: waits_for(&future),
                held_by: future.0.held_by(),
                waiting: about.waiting(),
                made_at,
            });
            to_visit.extend(future.pending_below());
        }
    }
    futures.sort_by_key(|future| future.id);
    futures
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, ready) = (self.time.as_secs_f64(), self.ready.len());
        write!(
            f,
            "t={time}, turn {}: {ready} ready, {} timers",
            self.turn,
            self.timers.len()
        )?;
        let all = self.tasks.iter().map(|task| task.id);
        let all = all.chain(self.futures.iter().map(|future| future.id));
        let below = all.flat_map(|id| self.below(id));
        let waited_for: BTreeSet<u64> = below.map(|(_, id)| id).collect();
        let mut printed = BTreeSet::new();
        for task in &self.tasks {
            if !waited_for.contains(&task.id) {
                self.print_tree(f, task.id, &mut printed)?;
            }
        }
        // What is left waits in a circle.
        for task in &self.tasks {
            if !printed.contains(&task.id) {
                self.print_tree(f, task.id, &mut printed)?;
            }
        }
        Ok(())
    }
}

impl Snapshot {
    fn task(&self, id: u64) -> Option<&TaskSnapshot> {
        let index = self.tasks.binary_search_by_key(&id, |task| task.id);
        Some(&self.tasks[index.ok()?])
    }

    fn future(&self, id: u64) -> Option<&FutureSnapshot> {
        let index = self.futures.binary_search_by_key(&id, |future| future.id);
        Some(&self.futures[index.ok()?])
    }

    /// What stands below it in the tree, and in which relation.
    fn below(&self, id: u64) -> Vec<(&'static str, u64)> {
        let waits_for = match (self.task(id), self.future(id)) {
            (Some(task), _) => &task.waits_for[..],
            (_, Some(future)) => &future.waits_for,
            _ => &[],
        };
        let holder = self.future(id).and_then(|future| future.held_by);
        let holder = holder.map(|holder| match self.task(holder) {
            Some(_) => ("which is held by", holder),
            None => ("which was taken by", holder),
        });
        let below = waits_for.iter().map(|id| ("waits for", *id));
        below.chain(holder).collect()
    }

    /// A line, and below it those that this one waits for.
    fn print_tree(
        &self,
        f: &mut fmt::Formatter<'_>,
        root: u64,
        printed: &mut BTreeSet<u64>,
    ) -> fmt::Result {
        let mut to_print = vec![("", root, 0_usize)];
        while let Some((relation, id, depth)) = to_print.pop() {
            let lead = match depth {
                0 => String::new(),
                _ => "  ".repeat(depth.min(DEEPEST)) + relation + " ",
            };
            let again = !printed.insert(id);
            let what = self.describe(id);
            write!(
                f,
                "\n{lead}{what}{}",
                if again { " (see above)" } else { "" }
            )?;
            if !again {
                let below = self.below(id).into_iter().rev();
                to_print.extend(below.map(|(relation, id)| (relation, id, depth + 1)));
            }
        }
        Ok(())
    }

    fn describe(&self, id: u64) -> String {
        if let Some(task) = self.task(id) {
            let nothing = task.waits_for.is_empty();
            let state = match task.state {
                TaskState::Running => "running",
                _ if task.aborted => "to be dropped",
                TaskState::Queued => "queued",
                TaskState::Parked if nothing && task.elsewhere => "parked on something foreign",
                TaskState::Parked => "parked",
            };
            let parked = task.state == TaskState::Parked && !task.aborted;
            let at = task.parked_at.filter(|_| parked);
            let at = at.map_or(String::new(), |at| format!(" at {at}"));
            let but = match task.refused {
                _ if task.aborted => "",
                true => ", and may not wait",
                false if parked && nothing && !task.elsewhere => ", and nobody has its waker",
                false => "",
            };
            let made_at = task.made_at;
            return format!("{}, {state}{at}{but}, made at {made_at}", task.name);
        }
        match self.future(id) {
            Some(future) => format!("{}, pending, made at {}", future.name, future.made_at),
            None => String::from("a task that is done"),
        }
    }
}
