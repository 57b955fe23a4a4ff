//! How a program is started.
//!
//! A loop that runs for ever is stopped by somebody who calls `stop`. A loop that runs until a
//! future is done is no more than that: a done-callback on the future calls `stop`. From this it
//! follows what still happens at the end. The stop callback is queued like any other; what was
//! queued before it runs, and what else is in its batch runs, and what these queue does not.
//!
//! Next: the [`protocols`](crate::protocols), the first things built on all this.

use std::any::Any;
use std::cell::Cell;
use std::future::{Future, IntoFuture};
use std::panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind};
use std::rc::Rc;

use crate::any_future::{AnyFuture, Watch};
use crate::any_task::all_tasks;
use crate::coroutine::{Coroutine, Step};
use crate::error::{Error, Result};
use crate::event_loop::{EventLoop, LoopTask};
use crate::future_cell::FutureCell;
use crate::observer::ExceptionContext;
use crate::task_handle::Task;
use crate::turn::{expect_event_loop, running_loop};

impl EventLoop {
    /// Runs the loop until a future is done, and gives its result. A coroutine is wrapped in a task
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
    #[track_caller]
    pub fn run_until_complete<T, A>(&self, awaitable: A) -> Result<T>
    where
        T: 'static,
        A: IntoFuture<Output = Result<T>>,
        A::IntoFuture: 'static,
    {
        self.complete(awaitable, Location::caller())
    }

    fn complete<T, A>(&self, awaitable: A, made_at: &'static Location<'static>) -> Result<T>
    where
        T: 'static,
        A: IntoFuture<Output = Result<T>>,
        A::IntoFuture: 'static,
    {
        self.check_runnable()?;
        let future = awaitable.into_future();
        let any: &dyn Any = &future;
        let task = any
            .downcast_ref::<Task<T>>()
            .map(|task| FutureCell::clone(task));
        let Some(cell) = task.or_else(|| any.downcast_ref::<FutureCell<T>>().cloned()) else {
            return self.run_coroutine(future, made_at);
        };
        self.run_until_done(&cell)?;
        // Its `result` would ask for `T: Clone`, which this function does not; to poll it does not,
        // either, and needs no waiting now.
        match Coroutine::new(future).send(None) {
            Step::Returned(result) => result,
            Step::Suspended(_) => Err(stopped_early()),
        }
    }

    /// The value of a task of our own need not be cloned: the coroutine leaves it in a slot.
    fn run_coroutine<T: 'static>(
        &self,
        coroutine: impl Future<Output = Result<T>> + 'static,
        made_at: &'static Location<'static>,
    ) -> Result<T> {
        let slot = Rc::new(Cell::new(None));
        let leave_it_in = slot.clone();
        let coroutine = async move {
            leave_it_in.set(Some(coroutine.await?));
            Ok(())
        };
        let task = self.create_task_at(coroutine, made_at);
        task.loop_task().keep_quiet();
        self.run_until_done(&task)?;
        task.result()?;
        Ok(slot
            .take()
            .expect("a coroutine that returned Ok has left its value"))
    }

    fn run_until_done<T: 'static>(&self, future: &FutureCell<T>) -> Result<()> {
        if !std::ptr::addr_eq(future.shared().about().event_loop(), Rc::as_ptr(&self.core)) {
            return Err(Error::of_a_different_loop());
        }
        self.check_runnable()?; // whoever watches may have closed it meanwhile
        let _main = Main::begin(future.shared().clone().loop_task());
        let stop = StopWhenDone::watch(self, &future.as_any());
        self.run_forever()?;
        drop(stop);
        if future.done() {
            Ok(())
        } else {
            Err(stopped_early())
        }
    }
}

/// While it lives, a panic of the task is let through to the caller of the run.
struct Main(Option<Rc<dyn LoopTask>>);

impl Main {
    fn begin(task: Option<Rc<dyn LoopTask>>) -> Self {
        if let Some(task) = &task {
            task.set_main(true);
        }
        Main(task)
    }
}

impl Drop for Main {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.set_main(false);
        }
    }
}

fn stopped_early() -> Error {
    let advice = "give the future to another run to go on with it";
    Error::runtime("Event loop stopped before Future completed.", advice)
}

/// Has the loop stopped when the future is done; gives that up again when it goes. (A callback that
/// is queued by then will stop whatever run comes next.)
struct StopWhenDone {
    _watch: Watch,
    /// Whether there is anything left to stop.
    running: Rc<Cell<bool>>,
}

impl StopWhenDone {
    fn watch(event_loop: &EventLoop, future: &AnyFuture) -> Self {
        let running = Rc::new(Cell::new(true));
        // Held weakly: in the queue of the loop itself, it would keep that from being dropped.
        let (core, still_running) = (Rc::downgrade(&event_loop.core), running.clone());
        let _watch = future.watch(move |_| {
            if let Some(core) = core.upgrade().filter(|_| still_running.get()) {
                EventLoop { core }.stop();
            }
        });
        StopWhenDone { _watch, running }
    }
}

impl Drop for StopWhenDone {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.running.set(false); // the panic has left the run already
        }
    }
}

/// Takes a [`FutureCell`] or [`Task`] as it is, and wraps anything else in a task on the running
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
    let (future, _task) = wrapped(awaitable, Location::caller());
    future
}

/// The same, and the task, if one was made.
#[track_caller]
pub(crate) fn wrapped<T, A>(
    awaitable: A,
    made_at: &'static Location<'static>,
) -> (FutureCell<T>, Option<Rc<dyn LoopTask>>)
where
    T: 'static,
    A: IntoFuture<Output = Result<T>>,
    A::IntoFuture: 'static,
{
    let mut future = Some(awaitable.into_future());
    let any: &mut dyn Any = &mut future;
    if let Some(cell) = any.downcast_mut::<Option<FutureCell<T>>>() {
        return (cell.take().expect("nobody took it yet"), None);
    }
    if let Some(task) = any.downcast_mut::<Option<Task<T>>>() {
        return (task.take().expect("nobody took it yet").into(), None);
    }
    let event_loop = expect_event_loop();
    let task = event_loop.create_task_at(future.expect("nobody took it yet"), made_at);
    let loop_task = task.loop_task();
    (task.into(), Some(loop_task))
}

/// Runs a program: a fresh loop on the real clock, the coroutine until it is done; then all tasks
/// that are left are cancelled and waited for, the calls in its pool of threads are waited for, and
/// the loop is closed. Python: `asyncio.run`.
///
/// # Errors
/// The error of the coroutine. Otherwise, if a task that is left refuses its cancellation and then
/// waits for something that never comes. And if another loop is running on this thread.
///
/// # Panics
/// If the coroutine panics.
#[track_caller]
pub fn run<T, F>(coroutine: F) -> Result<T>
where
    T: 'static,
    F: Future<Output = Result<T>> + 'static,
{
    if running_loop().is_some() {
        let text = "asyncio.run() cannot be called from a running event loop";
        return Err(Error::runtime(
            text,
            "await the coroutine, or make a task of it",
        ));
    }
    let event_loop = EventLoop::new();
    let made_at = Location::caller(); // a closure would hide who called us
    let run = || event_loop.complete(coroutine, made_at);
    let result = catch_unwind(AssertUnwindSafe(run));
    let finished = event_loop.finish_what_is_left();
    let closed = event_loop.close();
    match result {
        Err(panic) => resume_unwind(panic),
        Ok(result) => result.and_then(|value| finished.and(closed).map(|()| value)),
    }
}

impl EventLoop {
    fn finish_what_is_left(&self) -> Result<()> {
        let finished = self.finish_tasks();
        let kept: Vec<_> = self.core.kept.borrow().values().cloned().collect();
        for kept in kept {
            kept.finish();
        }
        finished
    }

    /// One run, until all of them are done; then what went wrong is reported.
    fn finish_tasks(&self) -> Result<()> {
        let left = all_tasks(self).into_iter();
        let left: Vec<_> = left.map(|task| AnyFuture(task.0)).collect();
        if left.is_empty() {
            return Ok(());
        }
        for task in &left {
            task.cancel();
        }
        let (over, unfinished) = (self.create_future(), Rc::new(Cell::new(left.len())));
        let watch = |task: &AnyFuture| {
            let (over, unfinished) = (over.clone(), unfinished.clone());
            task.watch(move |_| {
                unfinished.set(unfinished.get() - 1);
                if unfinished.get() == 0 {
                    drop(over.set_result(()));
                }
            })
        };
        let _watches: Vec<_> = left.iter().map(watch).collect();
        self.run_until_complete(&over)?;
        for task in left {
            let failure = task.0.about().failure();
            if let Some(error) = failure.filter(|error| !error.is_cancelled()) {
                let message = "unhandled exception during asyncio.run() shutdown";
                let context = ExceptionContext::new(message).with_exception(error);
                let context = context.about(task.0.name(), task.0.about().made_at());
                self.call_exception_handler(&context);
            }
        }
        Ok(())
    }
}
