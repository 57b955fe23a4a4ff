//! A task is a future.
//!
//! It can be awaited, asked for its result and given callbacks, like any other. Two things are its
//! own. Nobody can set its result, for that comes from its coroutine. And cancelling it is not over
//! at once.
//!
//! **Cancelling** throws [`Error::Cancelled`](crate::Error::Cancelled) in at the `await` where the
//! coroutine is suspended. If the task waits for a future, that is done by cancelling the future:
//! it comes out of the `await`, and the future's other waiters learn of it, too. Only where there
//! is none the task must see to it itself, at its next step. Caught and not raised again, the task
//! goes on: it was asked, and has refused.
//!
//! Next: [`task_handle`](crate::task_handle), what the maker of a task holds.

use std::future::Future;
use std::rc::Rc;

use crate::any_future::{About, AnyCallback, AnyCell, AnyFuture};
use crate::error::Result;
use crate::future_cell::{AsCell, DoneCallback, FutureCell, Kind, Settable};
use crate::step::{Record, Stepped};
use crate::task::{State, TaskCell};
use crate::task_table::LoopTask;

impl<F, T> AnyCell for TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    fn about(&self) -> &dyn About {
        &self.future
    }

    fn name(&self) -> String {
        self.name.borrow().clone()
    }

    fn waits_for(&self) -> Vec<AnyFuture> {
        match self.state.get() {
            // What it will wait for when this step is over is not known yet.
            State::Running { .. } => Vec::new(),
            _ => self.record.waits.borrow().futures().cloned().collect(),
        }
    }

    fn cancel_here(self: Rc<Self>, passed_on: bool) -> bool {
        if !passed_on {
            self.must_cancel.set(true);
            // Parked, and nothing that it waits for will ever wake it: only a step can tell it now.
            let must_tell =
                self.state.get() == State::Parked && self.record.waits.borrow().all_done();
            if must_tell {
                self.wake();
            }
        }
        true
    }

    fn on_done(self: Rc<Self>, callback: AnyCallback) -> u64 {
        FutureCell::of(self).call_when_done(DoneCallback(Kind::Any(callback)))
    }
}

impl<F, T> Stepped for TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    fn record(&self) -> &Record {
        &self.record
    }

    fn as_task(self: Rc<Self>) -> Option<AnyFuture> {
        Some(AnyFuture(self))
    }
}

impl<F, T> AsCell<T> for TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    fn settable(&self) -> &Settable<T> {
        &self.future
    }

    fn sets_itself(&self) -> Option<&'static str> {
        Some("Task")
    }

    fn loop_task(self: Rc<Self>) -> Option<Rc<dyn LoopTask>> {
        Some(self)
    }
}

impl<F, T> Drop for TaskCell<F, T> {
    fn drop(&mut self) {
        self.future.report_if_never_retrieved(|| self.name.take());
    }
}
