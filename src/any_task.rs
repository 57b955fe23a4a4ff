//! Any task.
//!
//! A loop has tasks of many types, and [`all_tasks`] gives all of them in one list. An [`AnyTask`] can
//! be named, cancelled and waited for; only its value is not to be had, for nobody knows its type.
//!
//! **Waiting.** A future of type `()` stands in for the task, and is settled in the same moment, by
//! way of a place in the task's line. Settling runs nothing, so that is no more than a second line
//! behind the first: who joins it stands, in the order of things, where the stand-in stands. As long as the
//! task is not done it has one stand-in, and its loop keeps that. Whoever looks at the stand-in's error has
//! looked at the task's.
//!
//! Next: [`task_handle`](crate::task_handle), what the maker of a task holds.

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::future::IntoFuture;
use std::panic::Location;
use std::rc::Rc;

use crate::any_future::{About, AnyCallback, AnyCell, AnyFuture, Below};
use crate::error::{Error, Result};
use crate::event_loop::{EventLoop, Kept, LoopTask};
use crate::future_cell::{AsCell, DoneCallback, FutureCell, Kind, Settable};
use crate::step;

/// A task, whatever the type of its result.
///
/// [`ensure_future`](crate::ensure_future) makes a future of one, which takes callbacks and can be asked for an
/// error.
#[derive(Clone)]
pub struct AnyTask(pub(crate) Rc<dyn LoopTask>);

/// The unfinished tasks of a loop, in the order in which they were made.
/// Python: `asyncio.all_tasks(loop)`.
pub fn all_tasks(event_loop: &EventLoop) -> Vec<AnyTask> {
    let all = event_loop.all_tasks();
    all.into_iter().map(AnyTask).collect()
}

/// The task whose step is being run; none in a plain callback, or outside of a loop.
/// Python: `asyncio.current_task()`.
pub fn current_task() -> Option<AnyTask> {
    step::current_task().map(AnyTask)
}

impl AnyTask {
    /// Asks the task to cancel itself. False if it is done. See [`FutureCell::cancel`].
    pub fn cancel(&self) -> bool {
        AnyFuture(self.0.clone()).cancel()
    }

    /// Drops its coroutine where it stands. See [`Task::abort`](crate::Task::abort).
    pub fn abort(&self) {
        self.0.abort();
    }

    /// Whether it has ended, one way or other.
    pub fn done(&self) -> bool {
        self.0.about().done()
    }

    /// The name of the task.
    #[doc(alias = "get_name")]
    pub fn name(&self) -> String {
        self.0.name()
    }

    /// Gives the task a name.
    pub fn set_name(&self, name: impl Into<String>) {
        self.0.set_name(name.into());
    }
}

impl PartialEq for AnyTask {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::addr_eq(Rc::as_ptr(&self.0), Rc::as_ptr(&other.0))
    }
}

impl Eq for AnyTask {}

impl fmt::Debug for AnyTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<{} {}>",
            self.name(),
            if self.done() { "done" } else { "pending" }
        )
    }
}

/// Whether that future stands in for this task: it is one of those that `wait` gave, say.
impl PartialEq<FutureCell<()>> for AnyTask {
    fn eq(&self, other: &FutureCell<()>) -> bool {
        let task = other.shared().clone().loop_task().map(AnyTask);
        task.is_some_and(|task| task == *self)
    }
}

/// `any_task.await`, `gather(tasks)`: waits for the task, and gives its error or cancellation, but not
/// its value.
impl IntoFuture for AnyTask {
    type Output = Result<()>;
    type IntoFuture = FutureCell<()>;

    fn into_future(self) -> FutureCell<()> {
        (&self).into_future()
    }
}

impl IntoFuture for &AnyTask {
    type Output = Result<()>;
    type IntoFuture = FutureCell<()>;

    fn into_future(self) -> FutureCell<()> {
        StandIn::of(self.0.clone())
    }
}

/// A future that ends as a task does, and when it does.
struct StandIn {
    future: Settable<()>,
    task: Rc<dyn LoopTask>,
}

impl StandIn {
    fn of(task: Rc<dyn LoopTask>) -> FutureCell<()> {
        let (core, about) = (task.core(), task.about());
        let event_loop = core.upgrade().map(|core| EventLoop { core });
        let kept = event_loop.as_ref().and_then(|l| l.kept(about.id()));
        let kept = kept.map(|kept| Rc::<dyn Any>::downcast::<StandIn>(kept));
        if let Some(Ok(stand_in)) = kept {
            return FutureCell::of(stand_in);
        }
        let stand_in = Rc::new(StandIn {
            future: Settable {
                id: event_loop.as_ref().map_or(0, EventLoop::next_id),
                kind: "AnyTask",
                made_at: about.made_at(),
                event_loop: core,
                looked_at: Cell::new(false),
                outcome: OnceCell::new(),
                line: RefCell::default(),
            },
            task: task.clone(),
        });
        if let Some(event_loop) = event_loop.filter(|_| !about.done()) {
            event_loop.keep(about.id(), stand_in.clone());
        }
        let weak = Rc::downgrade(&stand_in);
        let future = FutureCell::made(stand_in);
        task.clone().follow(Box::new(move |_| {
            if let Some(stand_in) = weak.upgrade() {
                stand_in.end();
            }
        }));
        future
    }

    fn end(self: Rc<Self>) {
        let about = self.task.about();
        let error = about.error();
        let event_loop = self.future.event_loop();
        let kept = event_loop.and_then(|event_loop| event_loop.release(about.id()));
        let fut = FutureCell::of(self);
        // The only error is that the loop is closed: then nobody is there to be told.
        match error {
            Some(Error::Cancelled) => drop(fut.settle_as_cancelled()),
            Some(error) => drop(fut.settle(Err(error))),
            None => drop(fut.settle(Ok(()))),
        }
        drop(kept);
    }
}

impl Kept for StandIn {
    fn shut_down(&self) {
        self.future.dissolve_line();
    }
}

/// It is the task that tells if nobody looked.
impl Drop for StandIn {
    fn drop(&mut self) {
        if self.future.looked_at.replace(true) {
            self.task.about().failure();
        }
    }
}

impl AnyCell for StandIn {
    fn about(&self) -> &dyn About {
        &self.future
    }

    fn name(&self) -> String {
        format!("AnyTask-{}", self.future.id)
    }

    fn waits_for(&self) -> Vec<AnyFuture> {
        vec![AnyFuture(self.task.clone())]
    }

    /// The task was asked already.
    fn cancel_here(self: Rc<Self>, below: Below) -> bool {
        if self.future.is_settled() {
            self.future.looked_at.set(true);
        }
        below == Below::SaidYes
    }

    fn on_done(self: Rc<Self>, callback: AnyCallback, made_at: &'static Location<'static>) -> u64 {
        FutureCell::of(self).call_when_done(DoneCallback(Kind::Any(callback)), made_at)
    }
}

impl AsCell<()> for StandIn {
    fn settable(&self) -> &Settable<()> {
        &self.future
    }

    fn sets_itself(&self) -> Option<&'static str> {
        Some("Task")
    }

    fn loop_task(self: Rc<Self>) -> Option<Rc<dyn LoopTask>> {
        Some(self.task.clone())
    }
}
