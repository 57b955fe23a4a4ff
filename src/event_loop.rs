//! The loop: a run queue, a heap of timers, a mailbox.
//!
//! A loop has no thread of its own and does nothing by itself. Here is what it is made of, and how
//! something gets onto its run queue; the next room takes it off again.
//!
//! **Invariants.**
//! - To schedule, to settle a future, to wake, to cancel: each only ever puts something on the run
//!   queue. None of them calls anything.
//! - No `RefCell` is borrowed while a program's own code runs or is dropped (a callback's captures,
//!   a coroutine's locals): it may well come back here. So a thing is taken out first, and called
//!   or dropped when the borrow is over.
//! - Once closed, a loop holds nothing and takes nothing.
//!
//! Next: [`turn`](crate::turn), the only place where anything is called.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Clock;
use crate::error::{Error, ExceptionContext};
use crate::handle::{Call, Cancel, Handle, Run, TimerHandle, call};
use crate::mailbox::{Mailbox, ThreadsafeHandle};
use crate::observer::{Event, Observer};
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
    /// Unfinished futures that nothing else is sure to hold, by their number.
    pub(crate) kept: RefCell<BTreeMap<u64, Rc<dyn Any>>>,
    /// The task whose step is being run.
    pub(crate) current: RefCell<Option<Rc<dyn LoopTask>>>,
    pub(crate) turns: Cell<u64>,
    pub(crate) running: Cell<bool>,
    /// Somebody asked the loop to stop after this turn.
    pub(crate) stopping: Cell<bool>,
    pub(crate) closed: Cell<bool>,
    handler: RefCell<Option<Rc<ExceptionHandler>>>,
    observer: RefCell<Option<Rc<dyn Observer>>>,
    watched: Cell<bool>,
    /// Numbers the futures and tasks.
    next_id: Cell<u64>,
    /// Numbers the names of the tasks.
    next_task: Cell<u64>,
    /// Whether the wakers of this thread know it.
    pub(crate) remembered: Cell<bool>,
}

type ExceptionHandler = dyn Fn(&EventLoop, &ExceptionContext);

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
            kept: RefCell::default(),
            current: RefCell::default(),
            turns: Cell::new(0),
            running: Cell::new(false),
            stopping: Cell::new(false),
            closed: Cell::new(false),
            handler: RefCell::default(),
            observer: RefCell::default(),
            watched: Cell::new(false),
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

    /// A handle for other threads.
    #[doc(alias = "call_soon_threadsafe")]
    pub fn threadsafe(&self) -> ThreadsafeHandle {
        ThreadsafeHandle {
            mailbox: self.core.mailbox.clone(),
        }
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

/// Reporting what nobody is there to be told of, and watching.
impl EventLoop {
    /// Sets who is told of errors that nobody else can be told of; without one they are printed to
    /// stderr.
    pub fn set_exception_handler(&self, handler: impl Fn(&EventLoop, &ExceptionContext) + 'static) {
        let old = self.core.handler.replace(Some(Rc::new(handler)));
        drop(old);
    }

    /// Goes back to printing to stderr. Python: `loop.set_exception_handler(None)`.
    pub fn clear_exception_handler(&self) {
        let old = self.core.handler.take();
        drop(old);
    }

    /// Tells the exception handler. If that panics, both are printed to stderr.
    pub fn call_exception_handler(&self, context: &ExceptionContext) {
        let handler = self.core.handler.borrow().clone();
        let Some(handler) = handler else {
            return context.print();
        };
        if let Err(error) = call(|| handler(self, context)) {
            context.print();
            ExceptionContext::new("Unhandled error in exception handler")
                .with_exception(error)
                .print();
        }
    }

    /// Attaches an observer in place of the present one. Event says what it is told.
    pub fn observe(&self, observer: impl Observer + 'static) {
        let old = self.core.observer.replace(Some(Rc::new(observer)));
        self.core.watched.set(true);
        drop(old);
    }

    /// Tells the observer, if there is one.
    pub(crate) fn tell(&self, event: impl FnOnce() -> Event) {
        if self.core.watched.get() {
            let observer = self.core.observer.borrow().clone();
            if let Some(observer) = observer {
                observer.event(self.time(), &event());
            }
        }
    }

    /// Holds something until it is released, or the loop is closed: a future that waits for
    /// others, and to which they refer only weakly.
    pub(crate) fn keep(&self, id: u64, future: Rc<dyn Any>) {
        if !self.is_closed() {
            self.core.kept.borrow_mut().insert(id, future);
        }
    }

    pub(crate) fn release(&self, id: u64) {
        let future = self.core.kept.borrow_mut().remove(&id);
        drop(future);
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
