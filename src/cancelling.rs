//! How a task is cancelled.
//!
//! Cancelling throws [`Error::Cancelled`] in at the `await` where the coroutine is suspended. If the task waits
//! for a future, that is done by cancelling the future: it comes out of the `await`, and the future's other
//! waiters learn of it, too. Only where there is none the task must see to it itself. Caught and not raised again,
//! the task goes on: it was asked, and has refused.
//!
//! So a cancellation is *owed* for a while: from when somebody asks, until it is thrown in, or refused by what
//! the task waits for. Meanwhile one of two flags is set.
//!
//! | flag | it stands like this | and then |
//! |---|---|---|
//! | `must_cancel` | there was nothing to pass it on to: the task runs, or is queued, or waits for something foreign | it is thrown in at the next step; but if the task waits for a future when its present step is over, it is passed on |
//! | `passed_on` | what the task waits for was asked, and said yes | that ends: cancelled, or not, which is to refuse |
//!
//! A task may wait for several things, and be woken before the one that was asked has answered. As long as it
//! still waits for that, all is well. If not, another branch has won, and nobody would hear the answer: then the
//! cancellation is owed as if it had never been passed on.
//!
//! Next: [`task_end`](crate::task_end), what happens when a task is done.

use std::future::Future;
use std::rc::Rc;

use crate::any_future::{About, AnyCell, AnyFuture, Below};
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::task::{Body, TaskCell};
use crate::task_table::TaskState;

impl<F, T> TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    /// Somebody asks, and what it waits for was asked before. False if it is done.
    pub(crate) fn ask(&self, below: Below) -> bool {
        if self.future.done() {
            self.future.looked_at.set(true);
            return false;
        }
        if below == Below::SaidYes {
            self.asked.passed_on.set(true);
            return true;
        }
        self.asked.must_cancel.set(true);
        // Parked, and nothing that it waits for will ever wake it: only a step can tell it now.
        let parked = self.whereabouts.state() == TaskState::Parked;
        if parked && (below == Below::IsACircle || self.waits_for().is_empty()) {
            self.wake();
        }
        true
    }

    /// A step begins, and a cancellation is owed. Is it to be thrown in? Also if one that was asked has said yes: it
    /// may not be polled any more.
    #[cold]
    pub(crate) fn throw_what_is_owed(&self) {
        let must_cancel = self.asked.must_cancel.take();
        if self.record.waits().look() || must_cancel {
            self.asked.passed_on.set(false);
            self.asked.cancelled.set(true);
            self.record.throw(Error::Cancelled);
        }
    }

    /// Sends into the coroutine, though some who were asked may not have answered yet.
    #[cold]
    pub(crate) fn send_meanwhile(&self, body: &mut Body<F>) -> Option<Result<T>> {
        let unanswered = self.held();
        let result = self.send(body);
        let waits_for = self.held();
        if unanswered.iter().any(|future| waits_for.contains(future)) {
            self.asked.passed_on.set(true);
        } else if !unanswered.is_empty() {
            self.asked.must_cancel.set(true);
        }
        result
    }

    /// The step is over, and a cancellation is owed: asks what the task waits for.
    pub(crate) fn pass_on(self: &Rc<Self>, event_loop: &EventLoop) {
        // It may wait for those who wait for it, and then be asked once more itself.
        self.asked.must_cancel.set(false);
        let (me, waits_for) = (AnyFuture(self.clone()), self.held());
        let ask = |any, future: &AnyFuture| future.cancel_for(Some(&me)) | any;
        if waits_for.iter().fold(false, ask) {
            return self.asked.passed_on.set(true);
        }
        self.asked.must_cancel.set(true);
        if waits_for.is_empty() {
            self.may_not_wait(event_loop, Error::Cancelled);
        }
    }

    /// The futures that it waits for, and in whose lines it stands.
    pub(crate) fn held(&self) -> Vec<AnyFuture> {
        self.record.waits().held(&self.waker).cloned().collect()
    }
}
