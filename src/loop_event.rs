//! What can happen in a loop.
//!
//! A list, to look things up in. Futures and tasks go by number here, counted by their loop; callbacks have
//! numbers of their own. Each event says what has changed, and all of them together say how things are: the
//! [`trace`](crate::trace) is drawn from nothing else.
//!
//! Next: [`observer`](crate::observer), whoever is told.

use std::panic::Location;
use std::time::Duration;

use crate::error::Error;

/// Something that happened in a loop. It is told when it has happened: what a
/// [`snapshot`](crate::EventLoop::snapshot) shows at that moment is the state that came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoopEvent {
    /// One of the run calls begins.
    RunBegan,
    /// The run call is over, or a panic leaves it.
    RunEnded,
    /// A turn begins to run its batch: so many callbacks and steps, no more.
    TurnBegan {
        /// The first turn of a loop is 1.
        turn: u64,
        /// How many entries the run queue holds now.
        batch: usize,
    },
    /// The batch was run.
    TurnEnded {
        /// The turn that is over.
        turn: u64,
    },
    /// Nothing is ready: the loop sleeps, until that moment or until another thread calls.
    Asleep {
        /// The deadline of the first timer.
        until: Option<Duration>,
    },
    /// Nothing is ready, no timer will ever fire, and nobody is left who could wake the loop. So it gives up.
    NobodyCanWake,
    /// The loop sleeps no more.
    Awake,
    /// The loop begins to close: it has taken out all that is left, and drops one after the other.
    Closing {
        /// How many callbacks are left, in the mailbox, on the run queue and among the timers.
        callbacks: usize,
        /// How many tasks are left.
        tasks: usize,
        /// How many things are left that it keeps for others. Its threads are one of them.
        kept: usize,
    },
    /// The loop is closed, and nothing can be on it any more.
    Closed,

    /// A callback joins the run queue.
    CallQueued {
        /// The callback's number.
        call: u64,
        /// What it is.
        what: String,
        /// Where it was scheduled.
        made_at: &'static Location<'static>,
        /// Whether another thread has scheduled it.
        by_mail: bool,
    },
    /// A callback waits for its moment among the timers.
    TimerSet {
        /// The callback's number.
        call: u64,
        /// The timer's deadline.
        when: Duration,
        /// What it is.
        what: String,
        /// Where it was scheduled.
        made_at: &'static Location<'static>,
    },
    /// A timer is due; its callback joins the run queue.
    TimerDue {
        /// The callback's number.
        call: u64,
        /// The timer's deadline.
        when: Duration,
    },
    /// Cancelled timers were thrown out of the heap.
    TimersSwept {
        /// The numbers of the callbacks that they had.
        calls: Vec<u64>,
    },
    /// A callback was taken back. Its entry stays where it is, empty.
    CallCancelled {
        /// The callback's number.
        call: u64,
    },
    /// It is a callback's turn.
    CallBegan {
        /// The callback's number.
        call: u64,
        /// Whether it was taken back before, so that nothing runs.
        cancelled: bool,
    },
    /// The callback is over.
    CallEnded {
        /// The callback's number.
        call: u64,
    },

    /// A task was made; its first step joins the run queue.
    TaskMade {
        /// The new task.
        task: u64,
        /// Its name.
        name: String,
        /// Where it was made.
        made_at: &'static Location<'static>,
    },
    /// A task was given a name.
    Renamed {
        /// The task.
        task: u64,
        /// Its new name.
        name: String,
    },
    /// It is a task's turn.
    StepBegan {
        /// The task that runs.
        task: u64,
        /// What is sent into its coroutine.
        sends: Sends,
    },
    /// The coroutine returned, and so the task is done.
    Returned {
        /// The task that ended.
        task: u64,
        /// Whether it did not return, but was dropped, for nothing in it could give an error out.
        dropped: bool,
        /// Whether it has caught a cancellation, and ended with something else.
        swallows: bool,
        /// Whether it returned a result while a cancellation was still owed: then it is cancelled.
        too_late: bool,
    },
    /// The coroutine panicked, and so the task is done.
    Panicked {
        /// The task that ended.
        task: u64,
    },
    /// The coroutine is dropped where it stands, for the task was aborted, or its loop is closing.
    Dropped {
        /// The task that ends.
        task: u64,
    },
    /// The task was not done when its loop closed, and is dropped now. It will never be done.
    Destroyed {
        /// The task.
        task: u64,
    },
    /// The coroutine is suspended, and the task parked on a future.
    Parked {
        /// The task that waits.
        task: u64,
        /// The future that it waits for.
        on: u64,
        /// The `await` in the source, or the call that made what is awaited there.
        at: &'static Location<'static>,
        /// Whether it was woken meanwhile: then it is on the run queue already.
        queued: bool,
    },
    /// The coroutine is suspended, but not on one [`FutureCell`](crate::FutureCell).
    Suspended {
        /// The task that waits.
        task: u64,
        /// Whether it is a bare yield; else it is something from elsewhere, or several things.
        yields: bool,
        /// The futures that are known to be among what it waits for.
        on: Vec<u64>,
        /// Whether somebody else may wake it, too, or has.
        elsewhere: bool,
        /// The `await` in the source, if it is known.
        at: Option<&'static Location<'static>>,
        /// Whether it was woken meanwhile: then it is on the run queue already.
        queued: bool,
    },
    /// A suspended task cannot wait for what it waits for, or was asked to cancel itself before: an error
    /// comes next. (A cancellation that comes in between takes its place.)
    MayNotWait {
        /// The task.
        task: u64,
        /// The error, printed.
        error: String,
    },
    /// A task's waker was called, or an error or its end awaits it; its next step joins the run queue.
    Woken {
        /// The task that will run.
        task: u64,
        /// Whether its step is not over yet: then it joins the queue when it is, unless the task ends in it.
        in_step: bool,
        /// Whether another thread has called.
        by_mail: bool,
    },
    /// A task is to be dropped at its next step.
    AbortAsked {
        /// The task.
        task: u64,
    },

    /// A future was made.
    FutureMade {
        /// The new future.
        future: u64,
        /// Its name: what kind it is, and its number.
        name: String,
        /// The futures that it waits for itself, as a gather does.
        waits_for: Vec<u64>,
        /// The line in which it stands, if somebody waits for a lock and the like.
        waits_in: Option<u64>,
        /// Where it was made.
        made_at: &'static Location<'static>,
    },
    /// Somebody joins the end of a future's line.
    Joined {
        /// The future.
        future: u64,
        /// The place in its line, which ascend; or a waker takes the place of the one from before.
        place: u64,
        /// Who.
        who: Who,
    },
    /// Somebody has left a future's line.
    Left {
        /// The future.
        future: u64,
        /// The place that was given up.
        place: u64,
    },
    /// A future got its result, its error or its cancellation, and its line is sent off.
    Settled {
        /// The future.
        future: u64,
        /// How many callbacks and parked tasks wait for it.
        waiting: usize,
        /// What it got.
        how: Ended,
    },
    /// All who stood in the line of a settled future are told. What happened meanwhile came of that.
    SentOff {
        /// The future.
        future: u64,
    },
    /// A future went away that was never settled.
    Gone {
        /// The future.
        future: u64,
    },
    /// A future or task is asked to cancel itself.
    CancelAsked {
        /// The future or task.
        future: u64,
        /// Who passes it on: a task or a gather that was asked before, and waits for this one.
        by: Option<u64>,
    },
    /// A lock was taken or given back, or is gone, or somebody waits for one that was taken.
    Holder {
        /// The number of the lock's line, counted by its thread.
        line: u64,
        /// The task that has taken it, if it is one of this loop.
        task: Option<u64>,
        /// Whether a task of another loop has taken it.
        elsewhere: bool,
        /// The futures of this loop that stand in the line: the first seven.
        waiting: Vec<u64>,
    },

    /// The program said something, by [`say!`](crate::say!).
    Said {
        /// What it said.
        text: String,
        /// Where.
        at: &'static Location<'static>,
    },
    /// The exception handler is told something.
    Reported {
        /// What.
        text: String,
    },
}

/// What is sent into a coroutine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sends {
    /// The task's waker.
    Waker,
    /// An error, which comes out of the `await` where it is suspended, if that is polled.
    Error {
        /// The error, printed.
        error: String,
    },
    /// An error that nothing in there can give out: it has not begun, or waits for something from elsewhere. So
    /// nothing of it runs, and the task ends with the error.
    ItsEnd {
        /// The error, printed.
        error: String,
    },
    /// Nothing, for the task was aborted.
    Nothing,
}

/// Whether that is a cancellation, printed.
pub(crate) fn is_cancellation(error: &str) -> bool {
    error == format!("{:?}", Error::Cancelled)
}

/// How a future ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// With a result.
    Result,
    /// With an error.
    Error {
        /// The error, printed.
        error: String,
    },
    /// It was cancelled.
    Cancelled,
}

/// Who stands in the line of a future.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Who {
    /// The waker of this task.
    Task {
        /// The task.
        task: u64,
    },
    /// A waker of somebody else: of a coroutine that is driven by hand, or of a combinator.
    Waker,
    /// A callback.
    Callback {
        /// Where it was added.
        made_at: &'static Location<'static>,
    },
    /// A future that ends when this one does.
    Follower,
}
