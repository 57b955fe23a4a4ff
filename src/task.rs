//! A task: a future that the loop fills by stepping a coroutine.
//!
//! Driving a coroutine by hand is clumsy: send into it, see what it waits for, wait for that, send
//! again. A task does just this. One [`step`](TaskCell::step) of it is:
//!
//! 1. **Send** into the coroutine, with the task's own waker.
//! 2. If it **returned**, that is the task's outcome: settle, which queues all who await the task.
//! 3. If it is **suspended**, the task is parked: off the run queue, referred to by nothing but its
//!    loop's table of tasks and the waker that the leaf has stored. When the leaf's future is
//!    settled it calls the waker, and that puts the task back on the run queue.
//!
//! A task is in exactly one [`State`]:
//!
//! ```text
//!            made
//!             ↓           step begins                  returned
//!          Queued ───────────────────────→ Running ───────────────→ Done
//!             ↑  ↑                          ↓   │ woken, then suspended
//!             │  └──────────────────────────┼───┘
//!             └───────── Parked ←───────────┘ suspended
//!                woken
//! ```
//!
//! **Invariants.** Waking a queued or done task does nothing: ten thousand wakes are one step. The
//! state becomes Running *before* the poll, so that a wake during the poll counts for the next
//! step. The coroutine is dropped before its result is announced.
//!
//! **Cancelling** throws [`Error::Cancelled`] in at the `await` where the coroutine is suspended. A
//! task that waits for a future does so by cancelling that future, whose other waiters then learn
//! of it, too. Only where there is none, the task throws it in itself at its next step.
//!
//! Next: [`task_handle`](crate::task_handle), what the maker of a task holds.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

use crate::any_future::{About, AnyCell, AnyFuture};
use crate::coroutine::{Coroutine, Progress};
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::future_cell::{AsCell, FutureCell, Settable};
use crate::handle::Run;
use crate::observer::Event;
use crate::step::Waits;
use crate::task_table::{LoopTask, TaskKey};
use crate::waker::TaskWaker;

/// Where a task is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// On the run queue.
    Queued,
    /// Its coroutine is being polled.
    Running {
        woken: bool,
    },
    /// Off the run queue, until its waker is called.
    Parked,
    Done,
}

/// The task itself: a future, and what fills it.
pub(crate) struct TaskCell<F, T: 'static> {
    future: Settable<T>,
    key: TaskKey,
    name: RefCell<String>,
    state: Cell<State>,
    /// Taken out while it is polled, and gone once the task is done.
    coroutine: Cell<Option<Coroutine<F>>>,
    /// What it is parked on.
    waits: RefCell<Waits>,
    /// Cancelled, and still to be told.
    must_cancel: Cell<bool>,
    /// To be thrown in at the next step: the leaf cannot be waited for.
    throw_next: Cell<Option<Error>>,
    /// To be dropped at the next step.
    aborted: Cell<bool>,
    /// Whether a panic goes through to the caller of `run_until_complete`.
    is_main: Cell<bool>,
    waker: Waker,
    /// The same waker, to be told when its note was taken out of the mailbox.
    posted: Arc<TaskWaker>,
}

impl<F, T> Run for TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    fn run(self: Rc<Self>) -> Result<()> {
        let (Some(event_loop), Some(coroutine)) = (self.future.event_loop(), self.coroutine.take())
        else {
            return Ok(());
        };
        if self.aborted.get() {
            return self.drop_unfinished(coroutine);
        }
        self.step(&event_loop, coroutine);
        Ok(())
    }
}

impl<F, T> TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    /// A new task, which nobody knows yet. See [`EventLoop::create_task`].
    pub(crate) fn new(event_loop: &EventLoop, coroutine: F) -> Rc<Self> {
        let key = event_loop.core.tasks.borrow().next_key();
        let posted = TaskWaker::new(event_loop, key);
        Rc::new(TaskCell {
            future: Settable::new(event_loop),
            key,
            name: RefCell::new(event_loop.next_task_name()),
            state: Cell::new(State::Queued),
            coroutine: Cell::new(Some(Coroutine::new(coroutine))),
            waits: RefCell::default(),
            must_cancel: Cell::new(false),
            throw_next: Cell::new(None),
            aborted: Cell::new(false),
            is_main: Cell::new(false),
            waker: Waker::from(posted.clone()),
            posted,
        })
    }

    /// Sends into the coroutine, once.
    fn step(self: Rc<Self>, event_loop: &EventLoop, mut coroutine: Coroutine<F>) {
        self.state.set(State::Running { woken: false });
        drop(self.waits.take());
        let thrown = self.take_thrown();
        event_loop.tell(|| Event::StepBegan {
            task: self.future.id,
        });
        let stepper = AnyFuture(self.clone());
        let current = Current::set(event_loop, self.clone());
        let progress = catch_unwind(AssertUnwindSafe(|| {
            coroutine.resume(&self.waker, thrown, Some(stepper))
        }));
        drop(current);
        match progress {
            Ok(Progress::Returned(result)) => self.finish(event_loop, result),
            Ok(Progress::Suspended(waits)) => {
                self.coroutine.set(Some(coroutine));
                self.park(event_loop, waits);
            }
            Err(panic) => {
                let is_main = self.is_main.get();
                self.finish(event_loop, Err(Error::from_panic(&*panic)));
                if is_main {
                    resume_unwind(panic);
                }
            }
        }
    }

    /// The coroutine has ended, and is dropped already.
    fn finish(self: Rc<Self>, event_loop: &EventLoop, result: Result<T>) {
        self.leave(event_loop);
        event_loop.tell(|| Event::Returned {
            task: self.future.id,
        });
        let cancelled_at_the_end = self.must_cancel.get() && result.is_ok();
        let fut = FutureCell::of(self);
        match result {
            _ if cancelled_at_the_end => fut.settle_as_cancelled(),
            Err(Error::Cancelled) => fut.settle_as_cancelled(),
            // The only error is that the loop is closed, and it is not: it runs.
            result => drop(fut.settle(result)),
        }
    }

    /// The coroutine is suspended. Is there a reason to go on at once?
    fn park(self: Rc<Self>, event_loop: &EventLoop, mut waits: Waits) {
        event_loop.tell(|| match waits.single() {
            Some(future) => Event::Parked {
                task: self.future.id,
                on: future.0.about().id(),
            },
            None => Event::Suspended {
                task: self.future.id,
            },
        });
        let refused = waits.refused.take();
        if self.must_cancel.get() && cancel_all(waits.futures()) {
            self.must_cancel.set(false);
        }
        let must_tell = self.must_cancel.get() && waits.is_foreign();
        let woken = self.state.get() == State::Running { woken: true };
        let go_on = woken || must_tell || refused.is_some() || self.aborted.get();
        self.throw_next.set(refused);
        self.waits.replace(waits);
        self.state.set(State::Parked);
        if go_on {
            self.wake();
        }
    }

    /// What is to be thrown in at this step.
    fn take_thrown(&self) -> Option<Error> {
        let refused = self.throw_next.take();
        if self.must_cancel.take() {
            Some(Error::Cancelled)
        } else {
            refused
        }
    }

    fn drop_unfinished(self: Rc<Self>, coroutine: Coroutine<F>) -> Result<()> {
        if let Some(event_loop) = self.future.event_loop() {
            self.leave(&event_loop);
        }
        drop(self.waits.take());
        let dropped = crate::handle::call(|| drop(coroutine));
        FutureCell::of(self).settle_as_cancelled();
        dropped
    }

    /// The task is done: it gives up its place in the loop's table.
    fn leave(&self, event_loop: &EventLoop) {
        self.state.set(State::Done);
        let entry = event_loop.core.tasks.borrow_mut().remove(self.key);
        drop(entry);
    }
}

/// Asks all of them; true if any said yes.
fn cancel_all<'a>(futures: impl Iterator<Item = &'a AnyFuture>) -> bool {
    futures.fold(false, |any, future| future.cancel() | any)
}

impl<F, T> LoopTask for TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    fn wake(self: Rc<Self>) {
        match self.state.get() {
            State::Queued | State::Done => {}
            State::Running { .. } => self.state.set(State::Running { woken: true }),
            State::Parked => {
                self.state.set(State::Queued);
                if let Some(event_loop) = self.future.event_loop() {
                    event_loop.tell(|| Event::Woken {
                        task: self.future.id,
                    });
                    event_loop.enqueue(self);
                }
            }
        }
    }

    fn wake_from_mailbox(self: Rc<Self>) {
        self.posted.taken_out();
        self.wake();
    }

    fn shut_down(&self) {
        self.state.set(State::Done);
        self.future.dissolve_line();
        drop(self.waits.take());
        drop(self.coroutine.take());
    }

    fn set_name(&self, name: &str) {
        *self.name.borrow_mut() = name.into();
    }

    fn set_main(&self, is_main: bool) {
        self.is_main.set(is_main);
    }

    fn abort(self: Rc<Self>) {
        self.aborted.set(true);
        self.wake();
    }

    fn when_done(self: Rc<Self>, callback: Box<dyn FnOnce()>) {
        FutureCell::of(self).add_done_callback(|_: &FutureCell<T>| callback());
    }
}

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
        self.waits.borrow().futures().cloned().collect()
    }

    fn cancel_here(self: Rc<Self>, passed_on: bool) -> bool {
        if !passed_on {
            self.must_cancel.set(true);
            // Parked on something that cannot be cancelled: only a step can tell it now.
            let must_tell = self.state.get() == State::Parked && self.waits.borrow().is_foreign();
            if must_tell {
                self.wake();
            }
        }
        true
    }
}

impl<F, T> AsCell<T> for TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    fn settable(&self) -> &Settable<T> {
        &self.future
    }

    fn is_task(&self) -> bool {
        true
    }
}

/// While it lives, the loop's current task is this one.
struct Current {
    event_loop: EventLoop,
}

impl Current {
    fn set(event_loop: &EventLoop, task: Rc<dyn LoopTask>) -> Self {
        event_loop.core.current.replace(Some(task));
        Current {
            event_loop: event_loop.clone(),
        }
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        // Not the last `Rc`: the step that is ending holds one.
        self.event_loop.core.current.replace(None);
    }
}
