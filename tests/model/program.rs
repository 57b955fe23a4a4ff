//! Programs as data.

use std::rc::Rc;

pub const CELLS: usize = 4;
pub const LOCKS: usize = 3;
/// The condition is under this one.
pub const CONDITION: usize = 2;
pub const SEMAPHORES: usize = 2;
pub const QUEUES: usize = 2;
pub const SLOTS: usize = 2;

pub type Script = Rc<[Op]>;

/// One thing that a task does. Times are milliseconds; a number of a task is taken modulo as many
/// as there are by then.
#[derive(Clone, Debug)]
pub enum Op {
    Sleep(u64),
    Yield,
    Await(usize),
    Settle(usize, How),
    /// Hangs a done-callback on a cell.
    Watch(usize),
    Spawn(Script, Then),
    AwaitTask(usize),
    Cancel(usize),
    Abort(usize),
    Gather(Vec<Member>, Then),
    GatherResults(Vec<Member>),
    Wait(Vec<Member>, Option<u64>, usize),
    WaitFor(Script, u64),
    Shield(Script),
    /// Takes so many items at most.
    AsCompleted(Vec<Member>, Option<u64>, usize),
    Lock(usize, Script),
    Permit(usize, Script),
    ConditionWait,
    Notify(usize),
    EventWait,
    EventSet,
    EventClear,
    Put(usize),
    Get(usize),
    PutNowait(usize),
    GetNowait(usize),
    Timer(u64),
    CancelTimer(usize),
    CallSoon(Callback),
    /// Both are polled with the task's own waker.
    Race(usize, u64),
    /// Waits for something that is not of the crate.
    Foreign(usize),
    /// Calls those wakers; they may be kept, and be called again when they are stale.
    Ring(usize, bool),
    Block(u64),
    /// Whatever goes wrong in there, a cancellation too, is swallowed.
    Catch(Script),
    Raise,
    Panic,
}

#[derive(Clone, Copy, Debug)]
pub enum How {
    Result,
    Error,
    Cancel,
}

/// What is done with something that was started.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Then {
    Await,
    Keep,
    Detach,
}

#[derive(Clone, Copy, Debug)]
pub enum Callback {
    Fine,
    Err,
    Panic,
}

#[derive(Clone, Debug)]
pub enum Member {
    Fresh(Script),
    Task(usize),
    Cell(usize),
}

/// What is done with the tasks that are left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ending {
    Cancel,
    Abort,
    Close,
    Drop,
}

#[derive(Debug)]
pub struct Program {
    /// Whether what the events add up to is compared, after each of them, with the loop itself.
    pub doubted: bool,
    pub tasks: Vec<Script>,
    pub permits: [usize; SEMAPHORES],
    /// Zero: there is always room.
    pub room: [usize; QUEUES],
    /// After so many turns, if the program is not over before.
    pub ends_at: usize,
    pub ending: Ending,
}
