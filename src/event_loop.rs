//! The loop: a run queue, a heap of timers, a mailbox.
//!
//! A loop has no thread of its own and does nothing by itself. Here is what it is made of, and how
//! something gets onto its run queue; the next room takes it off again.
//!
//! **Invariants.**
//! - To schedule, to settle a future, to wake, to cancel: each only ever puts something on the run
//!   queue. None of them calls a callback or steps a task. (A waker that is not of this crate can
//!   stand in a future's line; it is called on the spot, and what it does is its own affair.)
//! - No `RefCell` is borrowed while a program's own code runs or is dropped (a callback's captures,
//!   a coroutine's locals): it may well come back here. So a thing is taken out first, and called
//!   or dropped when the borrow is over.
//! - Once closed, a loop holds nothing and takes nothing.
//!
//! Next: [`reports`](crate::reports), or straight on to [`turn`](crate::turn).

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::error::Error;
use crate::handle::{Call, Cancellable, Handle, Run, TimerHandle};
use crate::mailbox::Mailbox;
use crate::observer::{ExceptionContext, Observer};
use crate::task_table::{LoopTask, TaskKey, TaskTable};
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
    pub(crate) ready: RefCell<VecDeque<Rc<dyn Run>>>,
    pub(crate) timers: RefCell<Timers>,
    pub(crate) tasks: RefCell<TaskTable>,
    pub(crate) mailbox: Arc<Mailbox>,
    /// As many as there are handles of this loop for other threads, and one.
    pub(crate) outside: Arc<()>,
    /// What nothing else is sure to hold, by its number. See [`EventLoop::keep`].
    pub(crate) kept: RefCell<BTreeMap<u64, Rc<dyn Kept>>>,
    /// The task whose step is being run.
    pub(crate) current: RefCell<Option<Rc<dyn LoopTask>>>,
    /// What the task panicked with that was given to `run_until_complete`: it goes on there.
    pub(crate) main_panic: Cell<Option<Box<dyn Any + Send>>>,
    pub(crate) turns: Cell<u64>,
    pub(crate) running: Cell<bool>,
    /// Somebody asked the loop to stop after this turn.
    pub(crate) stopping: Cell<bool>,
    pub(crate) closed: Cell<bool>,
    pub(crate) handler: RefCell<Option<Rc<ExceptionHandler>>>,
    pub(crate) observer: RefCell<Option<Rc<dyn Observer>>>,
    /// Whether there is an observer.
    pub(crate) watched: Cell<bool>,
    pub(crate) debug: Cell<bool>,
    /// A step that takes longer is reported in debug mode.
    pub(crate) slow: Cell<Duration>,
    /// Numbers the futures and tasks.
    next_id: Cell<u64>,
    /// Numbers the names of the tasks.
    next_task: Cell<u64>,
    /// Whether the wakers of this thread know it.
    pub(crate) remembered: Cell<bool>,
}

/// What a loop keeps for others. See [`EventLoop::keep`].
pub(crate) trait Kept: Any {
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
    #[allow(
        clippy::new_without_default,
        reason = "a default loop is something else: see get_event_loop"
    )]
    pub fn new() -> Self {
        Self::with_clock(Clock::real())
    }

    /// A new loop on a virtual clock, which starts at zero, stands still while anything runs, and
    /// jumps to the next deadline where a real loop would sleep.
    pub fn with_virtual_clock() -> Self {
        Self::with_clock(Clock::virtual_from_zero())
    }

    fn with_clock(clock: Clock) -> Self {
        let core = Rc::new(Core {
            id: NEXT_LOOP.fetch_add(1, Ordering::Relaxed),
            clock,
            ready: RefCell::default(),
            timers: RefCell::default(),
            tasks: RefCell::default(),
            mailbox: Arc::default(),
            outside: Arc::default(),
            kept: RefCell::default(),
            current: RefCell::default(),
            main_panic: Cell::new(None),
            turns: Cell::new(0),
            running: Cell::new(false),
            stopping: Cell::new(false),
            closed: Cell::new(false),
            handler: RefCell::default(),
            observer: RefCell::default(),
            watched: Cell::new(false),
            debug: Cell::new(std::env::var_os("SEND_NONE_DEBUG").is_some_and(|set| set == "1")),
            slow: Cell::new(Duration::from_millis(100)),
            next_id: Cell::new(1),
            next_task: Cell::new(1),
            remembered: Cell::new(false),
        });
        EventLoop { core }
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

/// Scheduling callbacks.
///
/// A callback may return anything. If it returns a [`Result<()>`](Result) that is an `Err`, or
/// panics, this is reported to the exception handler and the loop goes on.
impl EventLoop {
    /// Queues a callback for the next turn, behind all that is queued already.
    ///
    /// # Panics
    /// If the loop is closed.
    #[track_caller]
    pub fn call_soon<F, R>(&self, callback: F) -> Handle
    where
        F: FnOnce() -> R + 'static,
        R: 'static,
    {
        let call = Call::new(callback);
        if self.may_schedule() {
            self.enqueue(call.clone());
        } else {
            call.cancel();
        }
        Handle { call }
    }

    /// Schedules a callback for `delay` from now; zero means the next turn, behind what is ready by
    /// then.
    ///
    /// A delay that leads beyond the end of the clock, `Duration::MAX` above all, makes a timer
    /// that never fires.
    ///
    /// # Panics
    /// If the loop is closed.
    #[track_caller]
    pub fn call_later<F, R>(&self, delay: Duration, callback: F) -> TimerHandle
    where
        F: FnOnce() -> R + 'static,
        R: 'static,
    {
        self.call_at(self.time().saturating_add(delay), callback)
    }

    /// Schedules a callback for a moment on the loop's clock. One that is past is due at once.
    ///
    /// # Panics
    /// If the loop is closed.
    #[track_caller]
    pub fn call_at<F, R>(&self, when: Duration, callback: F) -> TimerHandle
    where
        F: FnOnce() -> R + 'static,
        R: 'static,
    {
        let call = Call::new(callback);
        if self.may_schedule() {
            return self.core.timers.borrow_mut().push(when, call);
        }
        call.cancel();
        TimerHandle { call, when }
    }

    /// Whether anything may still be scheduled. Misuse panics, but not on top of another panic.
    #[track_caller]
    pub(crate) fn may_schedule(&self) -> bool {
        if self.is_closed() && !std::thread::panicking() {
            panic!("{:?}", Error::closed());
        }
        !self.is_closed()
    }

    /// Puts something on the run queue. The one way in.
    pub(crate) fn enqueue(&self, entry: Rc<dyn Run>) {
        if !self.is_closed() {
            self.core.ready.borrow_mut().push_back(entry);
        }
    }

    /// The task of that key, unless it is done.
    pub(crate) fn task(&self, key: TaskKey) -> Option<Rc<dyn LoopTask>> {
        self.core.tasks.borrow().get(key).cloned()
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

    /// A number for a new future or task.
    pub(crate) fn next_id(&self) -> u64 {
        self.core.next_id.replace(self.core.next_id.get() + 1)
    }

    pub(crate) fn next_task_name(&self) -> String {
        let number = self.core.next_task.replace(self.core.next_task.get() + 1);
        format!("Task-{number}")
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
