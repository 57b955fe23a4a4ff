//! How a program is started.
//!
//! A loop that runs for ever is stopped by somebody who calls `stop`. A loop that runs until a
//! future is done is no more than that: a done-callback on the future calls `stop`. From this it
//! follows what still happens at the end. The stop callback is queued like any other; what was
//! queued before it runs, and what else is in its batch runs, and what these queue does not.
//!
//! Next: the [`combinators`](crate::combinators), the first things built on all this.

use std::any::Any;
use std::cell::Cell;
use std::future::{Future, IntoFuture};
use std::rc::Rc;

use crate::coroutine::{Coroutine, Step};
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::future_cell::{DoneCallback, FutureCell, Waiter};
use crate::task_handle::{Task, all_tasks};
use crate::turn::get_event_loop;

impl EventLoop {
    /// Runs the loop until a future is done, and gives its result. A coroutine is made a task of
    /// first; a [`FutureCell`] or [`Task`], or a reference to one, is taken as it is.
    ///
    /// # Errors
    /// The error of the future. Otherwise, if the loop was stopped before the future was done: it
    /// lives on, and can be given to another run. If the loop is closed or cannot be run here (see
    /// [`run_forever`](EventLoop::run_forever)), or the future is another loop's.
    ///
    /// # Panics
    /// If the coroutine or task panics, its panic goes on here, and leaves the run at once. The
    /// loop can be run again, and what was queued is still queued.
    pub fn run_until_complete<T, A>(&self, awaitable: A) -> Result<T>
    where
        T: 'static,
        A: IntoFuture<Output = Result<T>>,
        A::IntoFuture: 'static,
    {
        self.check_runnable()?;
        let future = awaitable.into_future();
        if let Some(task) = (&future as &dyn Any).downcast_ref::<Task<T>>() {
            let task = task.clone();
            self.run_task(&task)?;
        } else if let Some(cell) = (&future as &dyn Any).downcast_ref::<FutureCell<T>>() {
            let cell = cell.clone();
            self.run_until_done(&cell)?;
        } else {
            return self.run_coroutine(future);
        }
        // The result of a future is read by awaiting it, and now that means no waiting.
        match Coroutine::new(future).send(None) {
            Step::Returned(result) => result,
            Step::Suspended(_) => Err(stopped_early()),
        }
    }

    /// The value of a task of our own need not be cloned: the coroutine leaves it in a slot.
    fn run_coroutine<T: 'static>(
        &self,
        coroutine: impl Future<Output = Result<T>> + 'static,
    ) -> Result<T> {
        let slot = Rc::new(Cell::new(None));
        let leave_it_in = slot.clone();
        let task = self.create_task(async move {
            leave_it_in.set(Some(coroutine.await?));
            Ok(())
        });
        self.run_task(&task)?;
        task.result()?;
        slot.take().ok_or(Error::Cancelled)
    }

    fn run_task<T: 'static>(&self, task: &Task<T>) -> Result<()> {
        struct Main<'a, T: 'static>(&'a Task<T>);
        impl<T> Drop for Main<'_, T> {
            fn drop(&mut self) {
                self.0.loop_task().set_main(false);
            }
        }
        task.loop_task().set_main(true);
        let _main = Main(task);
        self.run_until_done(task)
    }

    fn run_until_done<T: 'static>(&self, future: &FutureCell<T>) -> Result<()> {
        if !std::ptr::addr_eq(future.shared.about().event_loop(), Rc::as_ptr(&self.core)) {
            let text = "The future belongs to a different loop";
            return Err(Error::runtime(text, "run the loop that made it"));
        }
        let stop = StopWhenDone::watch(self, future);
        self.run_forever()?;
        drop(stop);
        if future.done() {
            Ok(())
        } else {
            Err(stopped_early())
        }
    }
}

fn stopped_early() -> Error {
    let advice = "give the future to another run to go on with it";
    Error::runtime("Event loop stopped before Future completed.", advice)
}

/// Stops the loop when the future is done; and takes its callback off again when it goes, so that
/// a future which is done later does not stop a run that has nothing to do with it.
struct StopWhenDone<'a, T: 'static> {
    future: &'a FutureCell<T>,
    place: Option<u64>,
    watching: Rc<Cell<bool>>,
}

impl<'a, T> StopWhenDone<'a, T> {
    fn watch(event_loop: &EventLoop, future: &'a FutureCell<T>) -> Self {
        let watching = Rc::new(Cell::new(true));
        let (event_loop, still_watching) = (event_loop.clone(), watching.clone());
        let callback = DoneCallback::from(move |_: &FutureCell<T>| {
            if still_watching.get() {
                event_loop.stop();
            }
        });
        if future.done() {
            future.add_done_callback(callback);
            return StopWhenDone {
                future,
                place: None,
                watching,
            };
        }
        let place = future
            .shared
            .settable()
            .stand_in_line(Waiter::Callback(callback));
        StopWhenDone {
            future,
            place: Some(place),
            watching,
        }
    }
}

impl<T> Drop for StopWhenDone<'_, T> {
    fn drop(&mut self) {
        self.watching.set(false);
        if let Some(place) = self.place {
            self.future.shared.settable().leave_line(place);
        }
    }
}

/// Takes a [`FutureCell`] or [`Task`] as it is, and makes a task of anything else on the running
/// loop, or the thread's default loop. Python: `asyncio.ensure_future`.
///
/// # Panics
/// If there is no such loop, or it is closed.
#[track_caller]
pub fn ensure_future<T, A>(awaitable: A) -> FutureCell<T>
where
    T: 'static,
    A: IntoFuture<Output = Result<T>>,
    A::IntoFuture: 'static,
{
    let mut future = Some(awaitable.into_future());
    let any: &mut dyn Any = &mut future;
    if let Some(cell) = any.downcast_mut::<Option<FutureCell<T>>>() {
        return cell.take().expect("nobody took it yet");
    }
    if let Some(task) = any.downcast_mut::<Option<Task<T>>>() {
        return task.take().expect("nobody took it yet").into();
    }
    let event_loop = get_event_loop().unwrap_or_else(|error| panic!("{error:?}"));
    event_loop
        .create_task(future.expect("nobody took it yet"))
        .into()
}

/// Runs a program: a fresh loop on the real clock, the coroutine until it is done; then all tasks
/// that are left are cancelled and waited for, and the loop is closed. Python: `asyncio.run`.
///
/// # Errors
/// The error of the coroutine. And if another loop is running on this thread.
///
/// # Panics
/// If the coroutine panics.
pub fn run<T, F>(coroutine: F) -> Result<T>
where
    T: 'static,
    F: Future<Output = Result<T>> + 'static,
{
    let event_loop = EventLoop::new();
    let result = event_loop.run_until_complete(coroutine);
    let left = all_tasks(&event_loop);
    for task in &left {
        task.cancel();
    }
    for task in left {
        let over = event_loop.create_future();
        let told = over.clone();
        task.0
            .when_done(Box::new(move || drop(told.set_result(()))));
        event_loop.run_until_complete(over)?;
    }
    event_loop.close()?;
    result
}
