//! Making tasks, and holding them.
//!
//! A [`Task`] is what the maker of a task holds: the future that it is, and the few things that
//! only a task can do. It is a handle and no more. The task itself belongs to its loop, so dropping
//! the handle detaches the task, and it runs on. Python: keep a reference, or it may be collected.
//!
//! Next: [`program`](crate::program), how a program is started.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::ops::Deref;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::any_future::AnyCell;
use crate::any_task::AnyTask;
use crate::error::{Error, Result};
use crate::event_loop::{EventLoop, LoopTask, Ready};
use crate::future_cell::FutureCell;
use crate::loop_event::LoopEvent;
use crate::scheduling::drop_refused;
use crate::task::TaskCell;
use crate::turn::{no_event_loop, running_loop};

/// A coroutine that runs on its loop, and the future of its result. Python: `asyncio.Task`.
///
/// All that a [`FutureCell`] can be asked, a task can be asked. Only its outcome cannot be set.
pub struct Task<T: 'static> {
    /// Behind it stands a task.
    future: FutureCell<T>,
}

impl EventLoop {
    /// Makes a task of a coroutine: its first step is queued, and nothing of it runs yet.
    ///
    /// # Panics
    /// If the loop is closed.
    #[track_caller]
    pub fn create_task<T, F>(&self, coroutine: F) -> Task<T>
    where
        F: Future<Output = Result<T>> + 'static,
    {
        self.create_task_at(coroutine, Location::caller())
    }

    /// The same for those who make it on behalf of somebody else.
    #[track_caller]
    pub(crate) fn create_task_at<T, F>(
        &self,
        coroutine: F,
        made_at: &'static Location<'static>,
    ) -> Task<T>
    where
        F: Future<Output = Result<T>> + 'static,
    {
        self.take_mail(); // it comes before
        let task = TaskCell::new(self, coroutine, made_at);
        if self.may_schedule() {
            self.core.tasks.borrow_mut().insert(task.clone());
            self.push(Ready::Step(task.key));
            self.tell(|| LoopEvent::TaskMade {
                task: task.about().id(),
                name: task.name(),
                made_at,
            });
        } else {
            let refused = task.clone();
            drop_refused(move || drop(refused.shut_down()));
        }
        Task {
            future: FutureCell::of(task),
        }
    }
}

/// Makes a task on the loop that is running. Python: `asyncio.create_task`.
///
/// # Panics
/// If no loop is running on this thread.
#[track_caller]
pub fn create_task<T, F>(coroutine: F) -> Task<T>
where
    F: Future<Output = Result<T>> + 'static,
{
    let advice = "call it from a task or a callback, or use event_loop.create_task(…)";
    let none = || no_event_loop(Error::runtime("no running event loop", advice));
    let event_loop = running_loop().unwrap_or_else(none);
    event_loop.create_task(coroutine)
}

impl<T: 'static> Task<T> {
    /// Drops the coroutine where it stands, in the task's next turn, and ends the task as
    /// cancelled.
    ///
    /// This is Rust's own way: the coroutine is not asked and cannot refuse, and no clean-up that
    /// needs an `await` is done. [`cancel`](FutureCell::cancel) is Python's way. It does nothing to
    /// a task that is done.
    pub fn abort(&self) {
        self.loop_task().abort();
    }

    /// The name of the task; `Task-1` and so on, unless another was set. Python: `task.get_name()`.
    #[doc(alias = "get_name")]
    pub fn name(&self) -> String {
        self.loop_task().name()
    }

    /// Gives the task a name.
    pub fn set_name(&self, name: impl Into<String>) {
        self.loop_task().set_name(name.into());
    }

    /// The task, with the type of its result forgotten.
    pub fn any(&self) -> AnyTask {
        AnyTask(self.loop_task())
    }

    pub(crate) fn loop_task(&self) -> Rc<dyn LoopTask> {
        let task = self.future.shared().clone().loop_task();
        task.expect("a task stands behind it")
    }
}

/// A task is a future.
impl<T: 'static> Deref for Task<T> {
    type Target = FutureCell<T>;

    fn deref(&self) -> &FutureCell<T> {
        &self.future
    }
}

impl<T: Clone + 'static> Future for Task<T> {
    type Output = Result<T>;

    #[track_caller]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        Pin::new(&mut self.future).poll(cx)
    }
}

impl<T: Clone + 'static> IntoFuture for &Task<T> {
    type Output = Result<T>;
    type IntoFuture = Task<T>;

    fn into_future(self) -> Task<T> {
        self.clone()
    }
}

impl<T> From<Task<T>> for FutureCell<T> {
    fn from(task: Task<T>) -> Self {
        task.future
    }
}

impl<T> Clone for Task<T> {
    fn clone(&self) -> Self {
        Task {
            future: self.future.clone(),
        }
    }
}

impl<T> fmt::Debug for Task<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.future.fmt(f)
    }
}

impl<T> PartialEq<Task<T>> for AnyTask {
    fn eq(&self, other: &Task<T>) -> bool {
        std::ptr::addr_eq(Rc::as_ptr(&self.0), Rc::as_ptr(other.future.shared()))
    }
}

impl<T> PartialEq<AnyTask> for Task<T> {
    fn eq(&self, other: &AnyTask) -> bool {
        other == self
    }
}

impl<T> PartialEq for Task<T> {
    fn eq(&self, other: &Self) -> bool {
        self.future == other.future
    }
}

impl<T> Eq for Task<T> {}
