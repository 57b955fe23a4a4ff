//! How a task is cancelled.
//!
//! Cancelling throws [`Error::Cancelled`] in at the `await` where the coroutine is suspended. If the task waits
//! for a future, that is done by cancelling the future: it comes out of the `await`, and the future's other
//! waiters learn of it, too. Only where there is none the task must see to it itself. Caught and not raised again,
//! the task goes on: it was asked, and has refused.
//!
//! So a cancellation is *owed* for a while: from when somebody [asks](TaskCell::ask), until it is thrown in, or
//! refused by what the task waits for. Meanwhile it stands in one of two ways, or in both if somebody asks twice.
//!
//! | flag | because | and then |
//! |---|---|---|
//! | `must_cancel` | there is nothing that could be asked, or that says yes | it is thrown in [when the next step begins](TaskCell::throw_what_is_owed); but if a step is in progress, and ends in waiting for a future, it is [passed on](TaskCell::pass_on) |
//! | `passed_on` | what the task waits for was asked, and said yes | that ends: as cancelled, or else it has refused. Of several, the first that is cancelled decides |
//!
//! A task may wait for several, and be woken before those that were asked have ended. As long as it still stands
//! in the line of one of them, [it waits for their answer](TaskCell::send_meanwhile). If not, another branch has
//! won, and nobody would hear the answer: then the cancellation is owed as if it had never been passed on.
//!
//! Next: [`task_end`](crate::task_end), what happens when a task is done.

use std::future::Future;
use std::rc::{Rc, Weak};

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
            let asked: Vec<_> = self
                .record
                .waits()
                .that_wake(&self.waker)
                .cloned()
                .collect();
            self.was_passed_to(&asked);
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

    fn was_passed_to(&self, futures: &[AnyFuture]) {
        let mut asked = self.passed_to.take();
        let new = futures.iter().map(|future| Rc::downgrade(&future.0));
        asked.get_or_insert_default().extend(new);
        self.passed_to.set(asked);
        self.asked.passed_on.set(true);
    }

    /// A step begins, and a cancellation is owed. It is thrown in if one of those that were asked has ended as
    /// cancelled, even though the `await` of that may not be polled any more.
    #[cold]
    pub(crate) fn throw_what_is_owed(&self) {
        let asked = self.passed_to.take();
        let cancelled =
            |future: Rc<dyn AnyCell>| matches!(future.about().error(), Some(Error::Cancelled));
        let mut futures = asked.iter().flat_map(|asked| asked.iter());
        let said_yes = futures.any(|future| future.upgrade().is_some_and(cancelled));
        if self.asked.must_cancel.take() || said_yes {
            self.asked.passed_on.set(false);
            self.asked.cancelled.set(true);
            self.record.waits().look();
            self.record.throw(Error::Cancelled);
        } else {
            self.passed_to.set(asked);
        }
    }

    /// Sends into the coroutine while some of those that were asked may not have ended yet.
    #[cold]
    pub(crate) fn send_meanwhile(&self, body: &mut Body<F>) -> Option<Result<T>> {
        let mut asked = self.passed_to.take().unwrap_or_default();
        asked.retain(|future| future.upgrade().is_none_or(|future| !future.about().done()));
        let result = self.send(body);
        let stands_there = |future: Rc<dyn AnyCell>| future.about().holds_anywhere(&self.waker);
        let mut waits_for = asked.iter().filter_map(Weak::upgrade);
        if result.is_none() && waits_for.any(stands_there) {
            self.passed_to.set(Some(asked));
            self.asked.passed_on.set(true);
        } else if !asked.is_empty() {
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
            return self.was_passed_to(&waits_for);
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
