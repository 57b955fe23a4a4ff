//! What the tasks of a program share, and what the test knows of it: who stands in which line, who
//! holds what, which items are in a queue, and the transcript.
//!
//! A panic in a task or a callback is caught by the loop. So nothing is asserted in here: what is
//! found to be wrong is noted by [`World::check`], and the driver looks after each turn.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::task::Waker;

use send_none::sync::{Condition, Event, Lock, Queue, Semaphore};
use send_none::{Error, EventLoop, ExceptionContext, FutureCell, Result, Task, TimerHandle};

use crate::program::{CELLS, CONDITION, LOCKS, Program, QUEUES, SEMAPHORES, SLOTS};

/// How something ended, in a form that can be compared and written down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Code {
    Value(u64),
    Raised(u64),
    Cancelled,
    Panicked,
    Timeout,
    /// Of the crate: the circle, a task that awaits itself, the empty queue.
    Refused,
}

/// The error that programs raise.
#[derive(Debug)]
pub struct Raised(pub u64);

impl std::fmt::Display for Raised {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "raised {}", self.0)
    }
}

impl std::error::Error for Raised {}

pub fn code(result: &Result<u64>) -> Code {
    match result {
        Ok(value) => Code::Value(*value),
        Err(error) => code_of(error),
    }
}

pub fn code_of(error: &Error) -> Code {
    match error {
        Error::Cancelled => Code::Cancelled,
        Error::Timeout => Code::Timeout,
        Error::Panicked(_) => Code::Panicked,
        error => match error.downcast_ref::<Raised>() {
            Some(raised) => Code::Raised(raised.0),
            None => Code::Refused,
        },
    }
}

/// A line of the transcript: turn, milliseconds, task, what, of which, and how it ended.
pub type Entry = (u64, u64, u64, &'static str, u64, Option<Code>);

/// What somebody waits for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum At {
    Cell(usize),
    Lock(usize),
    Semaphore(usize),
    Condition,
    Event,
    Getters(usize),
    Putters(usize),
}

/// A task that was made by the program, and how its coroutine ended, once it did.
#[derive(Clone)]
pub struct Child {
    pub task: Task<u64>,
    pub ended: Rc<Cell<Option<Code>>>,
}

/// Where a task is, by what the observer was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Known {
    NoTask,
    Queued,
    Running,
    Parked,
    /// Its coroutine has returned, and its result is about to be announced.
    Returned,
    Done,
}

/// What is known to be on the run queue.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ready {
    Task(u64),
    Callback(u64),
}

#[derive(Default)]
pub struct World {
    pub cells: RefCell<Vec<FutureCell<u64>>>,
    /// What a cell was settled with, if by an operation.
    pub settled: [Cell<Option<Code>>; CELLS],
    /// The done-callbacks that were hung on a cell and not called yet.
    pub watching: [RefCell<VecDeque<u64>>; CELLS],
    /// How many callbacks were hung on a cell that stay there until it is done.
    pub hung: [Cell<usize>; CELLS],
    pub locks: [Lock; LOCKS],
    pub holders: [Cell<usize>; LOCKS],
    pub semaphores: Vec<Semaphore>,
    pub permits: [usize; SEMAPHORES],
    pub taken: [Cell<usize>; SEMAPHORES],
    pub condition: Condition,
    pub notified: Cell<usize>,
    pub event: Event,
    pub queues: Vec<Queue<u64>>,
    pub items: [RefCell<VecDeque<u64>>; QUEUES],
    /// The wakers that were left outside, and whose they are.
    pub slots: [RefCell<Vec<(u64, Waker)>>; SLOTS],
    pub rung: [Cell<u64>; SLOTS],

    pub children: RefCell<Vec<Child>>,
    pub handles: RefCell<Vec<((u64, u64), TimerHandle)>>,
    /// The timers that are set, by deadline and age.
    pub timers: RefCell<Vec<(u64, u64)>>,
    pub sleepers: RefCell<Vec<(u64, u64)>>,
    /// How many wait with a limit, and how many of them cannot wait longer than that.
    pub limits: Cell<usize>,
    pub strict_limits: Cell<usize>,
    pub lines: RefCell<BTreeMap<At, Vec<Standing>>>,

    pub known: RefCell<Vec<Known>>,
    pub run_queue: RefCell<VecDeque<Ready>>,
    /// How much of that was there when the turn began, and did not run yet.
    pub batch: Cell<usize>,
    /// Who cancelled himself, and when he had last been parked then.
    pub cancelled_himself: RefCell<Vec<(u64, u64)>>,
    /// When each task was last parked, as a number that ascends.
    pub parked: RefCell<Vec<u64>>,
    pub current: Cell<u64>,
    pub turn: Cell<u64>,
    pub time: Cell<u64>,
    /// Somebody kept the thread busy, so that timers may be late.
    pub blocked: Cell<bool>,
    /// The loop drops all that is left.
    pub closing: Cell<bool>,
    /// Somebody called a waker that was stale, so that a task may have been woken for nothing.
    pub spurious: Cell<bool>,
    /// The loop would have slept for ever, but for somebody outside.
    pub asleep: Cell<bool>,
    pub ending: Cell<bool>,

    pub next: Cell<u64>,
    pub log: RefCell<Vec<Entry>>,
    pub broken: RefCell<Option<String>>,
    pub reports: RefCell<Vec<Report>>,
    /// The tasks that nobody can look at and that ended with an error: to be reported.
    pub unseen: RefCell<Vec<String>>,
    /// The tasks whose error was given to somebody: not to be reported.
    pub seen: RefCell<Vec<String>>,
    /// The callbacks that went wrong: to be reported.
    pub bad_callbacks: Cell<usize>,
    /// The tasks that are not done when the loop goes: to be reported.
    pub to_be_destroyed: Cell<usize>,
}

/// One in a line.
pub struct Standing {
    pub number: u64,
    pub task: u64,
    /// Somebody who came later was served before.
    pub passed_over: bool,
}

/// The message, whom it is about, and the error.
pub type Report = (String, String, Option<Code>);

impl World {
    pub fn new(event_loop: &EventLoop, program: &Program) -> Rc<Self> {
        let mut world = World {
            permits: program.permits,
            semaphores: program.permits.map(Semaphore::new).into(),
            queues: program.room.map(Queue::new).into(),
            cells: RefCell::new((0..CELLS).map(|_| event_loop.create_future()).collect()),
            ..World::default()
        };
        world.condition = Condition::with_lock(world.locks[CONDITION].clone());
        Rc::new(world)
    }

    /// Notes that something is wrong, unless it is as it should be. The first one counts.
    pub fn check(&self, fine: bool, what: impl FnOnce() -> String) {
        if !fine && self.broken.borrow().is_none() {
            *self.broken.borrow_mut() = Some(what());
            self.log("HERE", 0, None);
        }
    }

    pub fn log(&self, what: &'static str, which: u64, code: Option<Code>) {
        let (turn, time, task) = (self.turn.get(), self.time.get(), self.current.get());
        let entry = (turn, time, task, what, which, code);
        self.log.borrow_mut().push(entry);
    }

    /// A number that was not given out before.
    pub fn number(&self) -> u64 {
        self.next.set(self.next.get() + 1);
        self.next.get()
    }

    pub fn cell(&self, cell: usize) -> FutureCell<u64> {
        self.cells.borrow()[cell].clone()
    }

    /// The task of that number, modulo as many as there are.
    pub fn child(&self, number: usize) -> Child {
        let children = self.children.borrow();
        children[number % children.len()].clone()
    }

    pub fn known(&self, task: u64) -> Known {
        let known = self.known.borrow();
        known.get(task as usize).copied().unwrap_or(Known::NoTask)
    }

    pub fn last_parked(&self, task: u64) -> u64 {
        let parked = self.parked.borrow();
        parked.get(task as usize).copied().unwrap_or(0)
    }

    pub fn report(&self, context: &ExceptionContext) {
        self.log("report", 0, context.exception.as_ref().map(code_of));
        let subject = context.subject.clone().unwrap_or_default();
        let error = context.exception.as_ref().map(code_of);
        let report = (context.message.clone(), subject, error);
        self.reports.borrow_mut().push(report);
    }

    /// Stands in a line from now on.
    pub fn stand(self: &Rc<Self>, at: At) -> Place {
        let (number, task) = (self.number(), self.current.get());
        let mut lines = self.lines.borrow_mut();
        lines.entry(at).or_default().push(Standing {
            number,
            task,
            passed_over: false,
        });
        drop(lines);
        Place {
            world: self.clone(),
            at,
            number,
            task,
            came: self.last_parked(task),
        }
    }
}

/// A place in a line; given up when it goes.
pub struct Place {
    world: Rc<World>,
    at: At,
    number: u64,
    task: u64,
    /// When the task had last been parked when it came.
    came: u64,
}

impl Place {
    /// First come, first served: nobody who came before may be parked still. Whoever was let go, or
    /// cancelled, is not.
    pub fn served(self) {
        let world = &self.world;
        let parked = world.last_parked(self.task);
        let queue = matches!(self.at, At::Getters(_) | At::Putters(_));
        // To a queue a newcomer may come first. And who is let go may find nothing left: he stands
        // at the end again, which looks as if he had been woken for nothing.
        if queue && (parked == self.came || world.spurious.get()) {
            return;
        }
        // Nobody comes in between when these are given from hand to hand.
        let strict = matches!(self.at, At::Lock(_) | At::Semaphore(_));
        let mut lines = world.lines.borrow_mut();
        for other in lines.get_mut(&self.at).into_iter().flatten() {
            let before = match queue {
                true => world.last_parked(other.task) < parked,
                false => other.number < self.number,
            };
            let left_behind = before && world.known(other.task) == Known::Parked;
            let too_late = strict && other.number == self.number && other.passed_over;
            world.check(!left_behind && !too_late, || {
                format!(
                    "{:?}: {} and {} in the wrong order",
                    self.at, self.task, other.task
                )
            });
            other.passed_over |= before;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut lines = self.world.lines.borrow_mut();
        let line = lines.entry(self.at).or_default();
        line.retain(|standing| standing.number != self.number);
    }
}
