//! The loop: a run queue, a heap of timers, a mailbox.
//!
//! A loop has no thread of its own and does nothing by itself. Here is what it is made of. The next
//! room puts something on its run queue, and [`turn`](crate::turn) takes it off again.
//!
//! **Invariants.**
//! - To schedule, to settle a future, to wake, to cancel: each only ever puts something on the run
//!   queue. None of them calls a callback or steps a task. (A waker that is not of this crate can
//!   stand in a future's line; it is called on the spot, and what it does is its own affair.)
//! - No `RefCell` is borrowed while a program's own code runs or is dropped (a callback's captures,
//!   a coroutine's locals): it may well come back here. So a thing is taken out first, and called
//!   or dropped when the borrow is over.
//! - Once closed, a loop holds nothing and takes nothing, but for its exception handler.
//!
//! Next: [`scheduling`](crate::scheduling), how something gets onto the run queue.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use crate::any_future::{AnyCallback, AnyCell};
use crate::clock::Clock;
use crate::error::Result;
use crate::handle::Run;
use crate::mailbox::Mailbox;
use crate::observer::{ExceptionContext, Observer};
use crate::record::Record;
use crate::recycling::Spare;
use crate::task_table::{TaskKey, TaskTable, Whereabouts};
use crate::timers::Timers;

/// The scheduler. Python: `asyncio.AbstractEventLoop`.
///
/// This is a handle: cloning it is cheap and gives the same loop, and `==` tells whether two are
/// the same. When the last one is dropped the loop is closed. A callback or a coroutine that holds
/// its own loop keeps it from being dropped for as long as it waits; [`close`](EventLoop::close) the
/// loop when all is done, and they are gone.
///
/// ```
/// use send_none::EventLoop;
/// use std::time::Duration;
///
/// let event_loop = EventLoop::with_virtual_clock();
/// let stopper = event_loop.clone();
/// event_loop.call_later(Duration::from_secs(20), move || stopper.stop());
/// event_loop.run_forever()?;
/// assert_eq!(event_loop.time(), Duration::from_secs(20));
/// # Ok::<(), send_none::Error>(())
/// ```
#[doc(alias = "new_event_loop")]
#[doc(alias = "AbstractEventLoop")]
#[derive(Clone)]
pub struct EventLoop {
    pub(crate) core: Rc<Core>,
}

/// The loop itself. Futures and tasks hold it weakly, so that it goes when the last [`EventLoop`]
/// goes.
pub(crate) struct Core {
    /// No two loops of a process have the same.
    pub(crate) id: u64,
    pub(crate) clock: Clock,
    /// What is ready to run, in the order in which it became so.
    pub(crate) ready: RefCell<VecDeque<Ready>>,
    pub(crate) timers: RefCell<Timers>,
    pub(crate) tasks: RefCell<TaskTable<Rc<dyn LoopTask>>>,
    pub(crate) spare: RefCell<Spare>,
    pub(crate) mailbox: Arc<Mailbox>,
    /// As many as there are handles of this loop for other threads, and one.
    pub(crate) outside: Arc<()>,
    /// What nothing else is sure to hold, by its number. See [`EventLoop::keep`].
    pub(crate) kept: RefCell<BTreeMap<u64, Rc<dyn Kept>>>,
    /// The task whose step is being run.
    pub(crate) current: Cell<Option<TaskKey>>,
    /// And whether it was woken meanwhile.
    pub(crate) woken: Cell<bool>,
    /// A panic is on its way out: that of the task which was given to `run_until_complete`.
    pub(crate) main_panicked: Cell<bool>,
    pub(crate) turns: Cell<u64>,
    pub(crate) running: Cell<bool>,
    /// Somebody asked the loop to stop after this turn.
    pub(crate) stopping: Cell<bool>,
    pub(crate) closed: Cell<bool>,
    pub(crate) handler: RefCell<Option<Rc<ExceptionHandler>>>,
    pub(crate) observer: RefCell<Option<Rc<dyn Observer>>>,
    /// What the environment asked for: see [`trace`](crate::trace).
    pub(crate) recorder: RefCell<Option<Rc<dyn Observer>>>,
    /// Whether there is one of these.
    pub(crate) watched: Cell<bool>,
    pub(crate) debug: Cell<bool>,
    /// A step that takes longer is reported in debug mode.
    pub(crate) slow: Cell<Duration>,
    /// Numbers the callbacks.
    next_call: Cell<u64>,
    /// Numbers the futures and tasks.
    next_id: Cell<u64>,
    /// Numbers the names of the tasks.
    next_task: Cell<u64>,
    /// Whether the wakers of this thread know it.
    pub(crate) remembered: Cell<bool>,
}

/// What the run queue holds.
pub(crate) enum Ready {
    Callback(Rc<dyn Run>),
    /// The next step of this task.
    Step(TaskKey),
}

/// A task as its loop sees it, whatever its coroutine and its result are.
pub(crate) trait LoopTask: AnyCell {
    /// Sends into the coroutine, once.
    fn step(self: Rc<Self>, event_loop: &EventLoop);
    /// Where it is, if it is not done.
    fn whereabouts(&self) -> &Whereabouts;
    /// What its coroutine says beside the poll.
    fn record(&self) -> &Record;
    /// Whether that is its own waker.
    fn has_waker(&self, waker: &Waker) -> bool;
    /// Drops the coroutine unfinished, because the loop is closing. Tells if that panics.
    fn shut_down(&self) -> Result<()>;
    /// The cancellation of this future comes out of an `await` in its present step.
    fn hear(&self, future: *const ());
    /// The note that its waker left in the mailbox was taken out.
    fn note_taken(&self);
    /// Whether its waker is held by anybody but itself and the futures that it is known to wait for.
    fn waker_is_elsewhere(&self) -> bool;
    fn set_name(&self, name: String);
    /// Whether a panic of it is let through to the caller of `run_until_complete`.
    fn set_main(&self, is_main: bool);
    /// Nobody is to be told if it is never done: a run call made it.
    fn keep_quiet(&self);
    fn abort(&self);
    fn is_aborted(&self) -> bool;
    /// Its loop.
    fn core(&self) -> Weak<Core>;
    /// Has another future end when it does, in the same moment. That must run no code of a program.
    fn follow(self: Rc<Self>, end: AnyCallback);
}

/// What a loop keeps for others. See [`EventLoop::keep`].
pub(crate) trait Kept: Any {
    /// The program is over: waits for what is still being done elsewhere.
    fn finish(&self) {}
    /// The loop is closing.
    fn shut_down(&self) {}
    /// Whoever it was kept for has no more use for it.
    fn give_up(&self) {}
}

pub(crate) type ExceptionHandler = dyn Fn(&EventLoop, &ExceptionContext);

/// Making one, and asking it.
impl EventLoop {
    /// A new loop on the real clock. It is not yet the thread's default: see
    /// [`set_event_loop`](crate::set_event_loop).
    ///
    /// # Panics
    /// If `SEND_NONE_TRACE` is set, and what it asks for cannot be written: see [`trace`](crate::trace).
    #[allow(
        clippy::new_without_default,
        reason = "a default loop is something else: see get_event_loop"
    )]
    #[track_caller]
    pub fn new() -> Self {
        Self::with_clock(Clock::real())
    }

    /// A new loop on a virtual clock, which starts at zero, stands still while anything runs, and
    /// jumps to the next deadline where a real loop would sleep. While there is one, it does not wait
    /// for other threads; if there is none, it sleeps until they call.
    ///
    /// # Panics
    /// As [`new`](EventLoop::new).
    #[track_caller]
    pub fn with_virtual_clock() -> Self {
        Self::with_clock(Clock::virtual_from_zero())
    }

    #[track_caller]
    fn with_clock(clock: Clock) -> Self {
        let core = Rc::new(Core {
            id: NEXT_LOOP.fetch_add(1, Ordering::Relaxed),
            clock,
            ready: RefCell::default(),
            timers: RefCell::default(),
            tasks: RefCell::default(),
            spare: RefCell::default(),
            mailbox: Arc::default(),
            outside: Arc::default(),
            kept: RefCell::default(),
            current: Cell::new(None),
            woken: Cell::new(false),
            main_panicked: Cell::new(false),
            turns: Cell::new(0),
            running: Cell::new(false),
            stopping: Cell::new(false),
            closed: Cell::new(false),
            handler: RefCell::default(),
            observer: RefCell::default(),
            recorder: RefCell::default(),
            watched: Cell::new(false),
            debug: Cell::new(std::env::var_os("SEND_NONE_DEBUG").is_some_and(|set| set == "1")),
            slow: Cell::new(Duration::from_millis(100)),
            next_call: Cell::new(1),
            next_id: Cell::new(1),
            next_task: Cell::new(1),
            remembered: Cell::new(false),
        });
        let event_loop = EventLoop { core };
        event_loop.record_if_asked();
        event_loop
    }

    /// The present moment on the loop's own clock, which began when the loop was made.
    pub fn time(&self) -> Duration {
        self.core.clock.now()
    }

    /// Keeps the thread busy for so long, as a blocking call does: nothing else runs meanwhile. On
    /// a virtual clock this only sets the clock forward.
    pub fn block(&self, delay: Duration) {
        self.core.clock.block(delay);
    }

    /// How many turns were begun since the loop was made, the present one included.
    pub fn turns(&self) -> u64 {
        self.core.turns.get()
    }

    /// Whether one of the run calls is in progress.
    pub fn is_running(&self) -> bool {
        self.core.running.get()
    }

    /// Whether the loop was closed.
    pub fn is_closed(&self) -> bool {
        self.core.closed.get()
    }
}

/// Counting, and keeping.
impl EventLoop {
    /// Holds something until it is released, or the loop is closed: a future that nothing else is
    /// sure to hold, or that another thread can only name.
    pub(crate) fn keep(&self, number: u64, thing: Rc<dyn Kept>) {
        if !self.is_closed() {
            let old = self.core.kept.borrow_mut().insert(number, thing);
            drop(old);
        }
    }

    pub(crate) fn kept(&self, number: u64) -> Option<Rc<dyn Kept>> {
        self.core.kept.borrow().get(&number).cloned()
    }

    pub(crate) fn release(&self, number: u64) -> Option<Rc<dyn Kept>> {
        self.core.kept.borrow_mut().remove(&number)
    }

    /// A number for a new callback.
    pub(crate) fn next_call_number(&self) -> u64 {
        self.core.next_call.replace(self.core.next_call.get() + 1)
    }

    /// A number for a new future or task.
    pub(crate) fn next_id(&self) -> u64 {
        self.core.next_id.replace(self.core.next_id.get() + 1)
    }

    /// A number for the name of a new task.
    pub(crate) fn next_task_number(&self) -> u64 {
        self.core.next_task.replace(self.core.next_task.get() + 1)
    }
}

impl PartialEq for EventLoop {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.core, &other.core)
    }
}

impl Eq for EventLoop {}

impl fmt::Debug for EventLoop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let running = if self.is_running() {
            "running"
        } else {
            "not running"
        };
        write!(
            f,
            "<EventLoop-{} {}>",
            self.core.id,
            if self.is_closed() { "closed" } else { running }
        )
    }
}

static NEXT_LOOP: AtomicU64 = AtomicU64::new(1);
