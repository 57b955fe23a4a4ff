//! What the events add up to.
//!
//! An observer is told what happens, never how things are. But who has heard all of it knows: a
//! [`Picture`] is drawn from the events alone, and shows what a [`snapshot`](crate::EventLoop::snapshot)
//! of the loop would show. Tests compare the two after every event. The page has the same thing once
//! more, in its script.
//!
//! **Invariant.** Each event changes the picture by what it says, and by nothing else.

use std::collections::{BTreeMap, VecDeque};
use std::panic::Location;
use std::time::Duration;

use crate::loop_event::{LoopEvent, Who, is_cancellation};
use crate::task_table::TaskState;

type Place = &'static Location<'static>;

/// The state of a loop, as far as the events tell.
#[derive(Clone, Default)]
pub(crate) struct Picture {
    pub(crate) turn: u64,
    pub(crate) ready: VecDeque<Entry>,
    /// Callbacks that wait for their moment, or their turn, or run.
    pub(crate) calls: BTreeMap<u64, Call>,
    pub(crate) tasks: BTreeMap<u64, Task>,
    /// The futures that are not done, the tasks among them.
    pub(crate) cells: BTreeMap<u64, Cell>,
    /// For each line of a lock that is taken by a task of this loop: which one.
    pub(crate) holders: BTreeMap<u64, u64>,
    /// Who runs.
    pub(crate) running: Option<Entry>,
    pub(crate) closing: bool,
    /// The tasks that were not done when the loop began to close, and are not dropped yet.
    pub(crate) left: BTreeMap<u64, Task>,
}

/// What stands on the run queue, or runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Entry {
    Call(u64),
    Step(u64),
    /// The coroutine of this task is being dropped.
    Drop(u64),
}

#[derive(Clone)]
pub(crate) struct Call {
    /// Its deadline, while it is among the timers.
    pub(crate) when: Option<Duration>,
    pub(crate) cancelled: bool,
    pub(crate) what: String,
    pub(crate) made_at: Place,
}

#[derive(Clone)]
pub(crate) struct Task {
    pub(crate) state: TaskState,
    pub(crate) aborted: bool,
    pub(crate) on: Vec<u64>,
    /// Whether somebody else may wake it, too.
    pub(crate) elsewhere: bool,
    pub(crate) refused: bool,
    pub(crate) parked_at: Option<Place>,
}

#[derive(Clone)]
pub(crate) struct Cell {
    pub(crate) name: String,
    pub(crate) waits_for: Vec<u64>,
    /// The line in which it stands, of a lock for instance.
    pub(crate) waits_in: Option<u64>,
    pub(crate) line: BTreeMap<u64, Who>,
    pub(crate) made_at: Place,
}

impl Call {
    fn new(when: Option<Duration>, what: &str, made_at: Place) -> Self {
        Call {
            when,
            cancelled: false,
            what: what.into(),
            made_at,
        }
    }
}

impl Task {
    fn new() -> Self {
        Task {
            state: TaskState::Queued,
            aborted: false,
            on: Vec::new(),
            elsewhere: false,
            refused: false,
            parked_at: None,
        }
    }
}

impl Cell {
    fn new(name: &str, waits_for: &[u64], made_at: Place) -> Self {
        Cell {
            name: name.into(),
            waits_for: waits_for.to_vec(),
            waits_in: None,
            line: BTreeMap::new(),
            made_at,
        }
    }
}

impl Picture {
    /// Adds what has happened.
    pub(crate) fn add(&mut self, event: &LoopEvent) {
        match event {
            LoopEvent::TurnBegan { turn, .. } => self.turn = *turn,
            LoopEvent::Closing { .. } => {
                let before = std::mem::take(self);
                *self = Picture {
                    turn: before.turn,
                    cells: before.cells,
                    holders: before.holders,
                    closing: true,
                    left: before.tasks,
                    ..Picture::default()
                };
            }
            LoopEvent::Closed => self.cells.clear(),
            LoopEvent::CallQueued { .. }
            | LoopEvent::TimerSet { .. }
            | LoopEvent::TimerDue { .. }
            | LoopEvent::TimersSwept { .. }
            | LoopEvent::CallCancelled { .. } => self.add_of_call(event),
            LoopEvent::CallBegan { call, .. } => self.run(Entry::Call(*call)),
            LoopEvent::CallEnded { call } => {
                self.calls.remove(call);
                self.running = None;
            }
            LoopEvent::FutureMade { .. }
            | LoopEvent::Joined { .. }
            | LoopEvent::Left { .. }
            | LoopEvent::Settled { .. }
            | LoopEvent::Gone { .. }
            | LoopEvent::Holder { .. } => self.add_of_future(event),
            _ => self.add_of_task(event),
        }
    }

    /// All places in the source that it tells of.
    pub(crate) fn places(&self) -> impl Iterator<Item = Place> {
        let (calls, cells) = (self.calls.values(), self.cells.values());
        let parked = self.tasks.values().filter_map(|task| task.parked_at);
        let made = cells.map(|cell| cell.made_at);
        calls.map(|call| call.made_at).chain(made).chain(parked)
    }

    fn add_of_call(&mut self, event: &LoopEvent) {
        match event {
            LoopEvent::CallQueued {
                call,
                what,
                made_at,
                ..
            } => {
                self.calls.insert(*call, Call::new(None, what, made_at));
                self.ready.push_back(Entry::Call(*call));
            }
            LoopEvent::TimerSet {
                call,
                when,
                what,
                made_at,
            } => {
                self.calls
                    .insert(*call, Call::new(Some(*when), what, made_at));
            }
            LoopEvent::TimerDue { call, .. } => {
                if let Some(call) = self.calls.get_mut(call) {
                    call.when = None;
                }
                self.ready.push_back(Entry::Call(*call));
            }
            LoopEvent::TimersSwept { calls } => {
                calls.iter().for_each(|call| drop(self.calls.remove(call)));
            }
            LoopEvent::CallCancelled { call } => {
                if let Some(call) = self.calls.get_mut(call) {
                    call.cancelled = true;
                }
            }
            _ => {}
        }
    }

    fn add_of_task(&mut self, event: &LoopEvent) {
        match event {
            LoopEvent::TaskMade {
                task,
                name,
                made_at,
            } => {
                self.cells.insert(*task, Cell::new(name, &[], made_at));
                self.tasks.insert(*task, Task::new());
                self.ready.push_back(Entry::Step(*task));
            }
            LoopEvent::Renamed { task, name } => {
                if let Some(cell) = self.cells.get_mut(task) {
                    cell.name.clone_from(name);
                }
            }
            LoopEvent::StepBegan { task, .. } => {
                self.run(Entry::Step(*task));
                if let Some(task) = self.tasks.get_mut(task) {
                    (task.state, task.parked_at) = (TaskState::Running, None);
                    task.refused = false;
                }
            }
            LoopEvent::Dropped { task } => self.running = Some(Entry::Drop(*task)),
            LoopEvent::Destroyed { task } => {
                self.running = None;
                self.left.remove(task);
            }
            LoopEvent::AbortAsked { task } => {
                if let Some(task) = self.tasks.get_mut(task) {
                    task.aborted = true;
                }
            }
            _ => self.add_of_waiting(event),
        }
    }

    /// It is the first on the run queue, unless some were there before anybody watched.
    fn run(&mut self, entry: Entry) {
        if let Some(place) = self.ready.iter().position(|ready| *ready == entry) {
            self.ready.remove(place);
        }
        self.running = Some(entry);
    }

    fn add_of_waiting(&mut self, event: &LoopEvent) {
        match event {
            LoopEvent::Parked {
                task,
                on,
                at,
                queued,
            } => self.park(*task, (&[*on], false), Some(*at), *queued),
            LoopEvent::Suspended {
                task,
                on,
                elsewhere,
                at,
                queued,
                ..
            } => self.park(*task, (on, *elsewhere), *at, *queued),
            LoopEvent::Woken {
                task,
                in_step: false,
                ..
            } => self.queue(*task),
            LoopEvent::MayNotWait { task, error } if !is_cancellation(error) => {
                if let Some(task) = self.tasks.get_mut(task) {
                    (task.refused, task.on) = (true, Vec::new());
                }
            }
            _ => {}
        }
    }

    fn park(&mut self, task: u64, on: (&[u64], bool), at: Option<Place>, queued: bool) {
        self.running = None;
        if let Some(task) = self.tasks.get_mut(&task) {
            task.state = TaskState::Parked;
            (task.on, task.elsewhere) = (on.0.to_vec(), on.1);
            task.parked_at = at;
        }
        if queued {
            self.queue(task);
        }
    }

    fn queue(&mut self, task: u64) {
        if let Some(known) = self.tasks.get_mut(&task) {
            known.state = TaskState::Queued;
            self.ready.push_back(Entry::Step(task));
        }
    }

    fn add_of_future(&mut self, event: &LoopEvent) {
        match event {
            LoopEvent::FutureMade {
                future,
                name,
                waits_for,
                waits_in,
                made_at,
            } => {
                let mut cell = Cell::new(name, waits_for, made_at);
                cell.waits_in = *waits_in;
                self.cells.insert(*future, cell);
            }
            LoopEvent::Joined { future, place, who } => {
                if let Some(cell) = self.cells.get_mut(future) {
                    cell.line.insert(*place, who.clone());
                }
            }
            LoopEvent::Left { future, place } => {
                if let Some(cell) = self.cells.get_mut(future) {
                    cell.line.remove(place);
                }
            }
            LoopEvent::Settled { future, .. } | LoopEvent::Gone { future } => {
                self.cells.remove(future);
                self.tasks.remove(future);
                let ends = [Entry::Step(*future), Entry::Drop(*future)];
                self.running.take_if(|running| ends.contains(running));
            }
            LoopEvent::Holder { line, task, .. } => match task {
                Some(task) => drop(self.holders.insert(*line, *task)),
                None => drop(self.holders.remove(line)),
            },
            _ => {}
        }
    }
}
