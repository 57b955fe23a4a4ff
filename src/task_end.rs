//! How a task ends.
//!
//! Its coroutine returns, or panics, or is dropped because the task was aborted. Either way the task gives up
//! its place in the loop's table, and is settled; so all who wait for it are queued. When the last handle goes,
//! what is left of it is kept for the next task: see [`recycling`](crate::recycling).
//!
//! Next: [`task_future`](crate::task_future), what a task is to those who wait for it.

use std::any::Any;
use std::future::Future;
use std::panic::resume_unwind;
use std::rc::Rc;

use crate::any_future::About;
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::future_cell::FutureCell;
use crate::handle::call_guarded;
use crate::loop_event::LoopEvent;
use crate::observer::ExceptionContext;
use crate::task::{Body, TaskCell};

impl<F, T> TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    /// The coroutine has ended, and is dropped already.
    pub(crate) fn finish(self: Rc<Self>, event_loop: &EventLoop, result: Result<T>) {
        self.leave(event_loop);
        let cancelled_at_the_end = self.asked.must_cancel.get() && result.is_ok();
        let fut = FutureCell::of(self);
        if cancelled_at_the_end || matches!(result, Err(Error::Cancelled)) {
            fut.settle_as_cancelled();
        } else {
            // The only error is that the loop is closed, and it is not: it runs.
            let _closed = fut.settle(result);
        }
    }

    pub(crate) fn panicked(self: Rc<Self>, event_loop: &EventLoop, panic: Box<dyn Any + Send>) {
        event_loop.tell(|| LoopEvent::Panicked {
            task: self.future.id,
        });
        if !self.asked.is_main.get() {
            return self.finish(event_loop, Err(Error::from_panic(panic)));
        }
        self.future.looked_at.set(true);
        self.finish(event_loop, Err(Error::of_panic(&*panic)));
        event_loop.core.main_panicked.set(true);
        resume_unwind(panic);
    }

    pub(crate) fn drop_unfinished(self: Rc<Self>, event_loop: &EventLoop, body: Body<F>) {
        event_loop.tell(|| LoopEvent::Dropped {
            task: self.future.id,
        });
        let dropped = self.drop_all(Some(body));
        self.leave(event_loop);
        let made_at = self.future.made_at();
        let name = self.name();
        FutureCell::of(self).settle_as_cancelled();
        if let Err(error) = dropped {
            let context = ExceptionContext::new("Exception in the drop of an aborted task");
            let context = context.with_exception(error);
            event_loop.call_exception_handler(&context.about(format!("<{name}>"), made_at));
        }
    }

    /// Forgets what the coroutine has polled, and drops it. Tells if one of them panics.
    pub(crate) fn drop_all(&self, body: Option<Body<F>>) -> Result<()> {
        let forgotten = call_guarded(|| self.record.clear());
        let dropped = call_guarded(|| drop(body));
        forgotten.and(dropped)
    }

    /// The task is done: it gives up its place in the loop's table, and runs no more.
    fn leave(&self, event_loop: &EventLoop) {
        event_loop.core.current.set(None);
        let entry = event_loop.core.tasks.borrow_mut().remove(self.key);
        drop(entry);
    }

    /// Nobody has it any more: drops what it holds, and keeps the rest for the next one.
    pub(crate) fn empty_and_keep(mut self: Rc<Self>) {
        self.future.report_if_never_retrieved(|| self.name());
        let reusable = self.task_waker.is_nowhere_else();
        let Some(task) = Rc::get_mut(&mut self).filter(|_| reusable) else {
            return;
        };
        if task.body.get_mut().is_none() {
            return; // it has ended in a panic, or was aborted
        }
        // This comes first: if a drop panics, nobody is told of a future that goes away unsettled.
        let event_loop = std::mem::take(&mut task.future.event_loop).upgrade();
        let event_loop = event_loop.map(|core| EventLoop { core });
        drop(task.future.outcome.take());
        task.record.reset();
        // What was dropped may have closed the loop.
        if let Some(event_loop) = event_loop.filter(|event_loop| !event_loop.is_closed()) {
            // If there is no room it is dropped when no borrow is held any more.
            let refused = event_loop.core.spare.borrow_mut().keep(self, Self::BYTES);
            drop(refused);
        }
    }
}
