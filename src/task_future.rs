//! A task is a future.
//!
//! It can be awaited, asked for its result and given callbacks, like any other. Two things are its
//! own. Nobody can set its result, for that comes from its coroutine. And cancelling it is not over
//! at once: see [`cancelling`](crate::cancelling).
//!
//! Next: [`any_task`](crate::any_task), or straight on to [`task_handle`](crate::task_handle), what the maker
//! of a task holds.

use std::future::Future;
use std::panic::Location;
use std::rc::Rc;

use crate::any_future::{About, AnyCallback, AnyCell, AnyFuture, Below};
use crate::error::Result;
use crate::event_loop::LoopTask;
use crate::future_cell::{AsCell, DoneCallback, FutureCell, Kind, Settable};
use crate::task::TaskCell;
use crate::task_table::TaskState;

impl<F, T> AnyCell for TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    fn about(&self) -> &dyn About {
        &self.future
    }

    fn name(&self) -> String {
        self.name()
    }

    fn waits_for(&self) -> Vec<AnyFuture> {
        match self.whereabouts.state() {
            // What it will wait for when this step is over is not known yet.
            TaskState::Running => Vec::new(),
            _ if self.asked.aborted.get() || self.record.throws() => Vec::new(), // not any more
            _ => self.held(),
        }
    }

    fn to_ask(&self) -> Vec<AnyFuture> {
        let queued = self.whereabouts.state() == TaskState::Queued;
        match queued && self.asked.must_cancel.get() {
            true => Vec::new(), // its next step tells it
            false => self.waits_for(),
        }
    }

    /// What it waits for, if that is one future, and nothing else can wake it, or has.
    fn blocked_on(&self) -> Vec<AnyFuture> {
        let parked = self.whereabouts.state() == TaskState::Parked;
        let on_one = parked && self.record.waits().single().is_some();
        if on_one && !self.waker_is_elsewhere() {
            self.waits_for()
        } else {
            Vec::new()
        }
    }

    fn cancel_here(self: Rc<Self>, below: Below) -> bool {
        self.ask(below)
    }

    fn was_passed_to(&self, said_yes: &[AnyFuture]) {
        self.note_asked(said_yes);
    }

    fn on_done(self: Rc<Self>, callback: AnyCallback, made_at: &'static Location<'static>) -> u64 {
        FutureCell::of(self).call_when_done(DoneCallback(Kind::Any(callback)), made_at)
    }
}

impl<F, T> TaskCell<F, T> {
    pub(crate) fn name(&self) -> String {
        match &*self.given_name.borrow() {
            Some(name) => name.to_string(),
            None => format!("Task-{}", self.number),
        }
    }

    /// Its next step is queued, unless it is already.
    pub(crate) fn wake(&self) {
        if let Some(event_loop) = self.future.event_loop() {
            event_loop.wake(self.key);
        }
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

    fn recycle(self: Rc<Self>) {
        self.empty_and_keep();
    }

    fn loop_task(self: Rc<Self>) -> Option<Rc<dyn LoopTask>> {
        Some(self)
    }
}

impl<F, T> Drop for TaskCell<F, T> {
    fn drop(&mut self) {
        self.future.report_if_never_retrieved(|| self.name());
    }
}
