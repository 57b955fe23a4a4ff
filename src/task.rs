//! A task: a future that the loop fills by stepping a coroutine.
//!
//! Driving a coroutine by hand is clumsy: send into it, see what it waits for, wait for that, send
//! again. A task does just this. One [`step`](TaskCell::step) of it is:
//!
//! 1. **Send** into the coroutine, with the task's own waker.
//! 2. If it **returned**, that is the task's outcome: settle, which queues all who await the task.
//! 3. If it is **suspended**, the task is parked: off the run queue, and kept by nothing but its
//!    loop's table. The leaf has its waker, which knows it only by number. When the leaf's future is
//!    settled the waker is called, and that puts the task back on the run queue.
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
//! Next: [`task_future`](crate::task_future), what a task is to those who wait for it.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;

use crate::any_future::About;
use crate::coroutine::{Body, Progress};
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::future_cell::{FutureCell, Settable};
use crate::handle::{Report, Run, call_guarded};
use crate::observer::{ExceptionContext, LoopEvent};
use crate::step::Record;
use crate::task_table::{LoopTask, TaskKey, TaskState};
use crate::turn::Current;
use crate::waker::TaskWaker;

/// Where a task is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum State {
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
    pub(crate) future: Settable<T>,
    key: TaskKey,
    pub(crate) name: RefCell<String>,
    pub(crate) state: Cell<State>,
    /// Taken out while it is polled, and gone once the task is done.
    body: Cell<Option<Body<F>>>,
    /// What it is parked on, and what is to be thrown in next.
    pub(crate) record: Record,
    /// Cancelled, and still to be told.
    pub(crate) must_cancel: Cell<bool>,
    /// To be dropped at the next step.
    aborted: Cell<bool>,
    /// Whether a panic goes through to the caller of `run_until_complete`.
    is_main: Cell<bool>,
    /// Whether nobody is to be told if it is never done.
    quiet: Cell<bool>,
    waker: Waker,
    /// The same waker, to be told when its note was taken out of the mailbox.
    task_waker: Arc<TaskWaker>,
}

impl<F, T> Run for TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    fn run(self: Rc<Self>) -> Result<(), Report> {
        let (Some(event_loop), Some(body)) = (self.future.event_loop(), self.body.take()) else {
            return Ok(());
        };
        if self.aborted.get() {
            return self.drop_unfinished(body);
        }
        self.step(&event_loop, body);
        Ok(())
    }

    fn discard(&self) {
        // The loop drops all its tasks, whether they are queued or not.
    }

    fn describe(&self) -> String {
        format!("<{}>", self.name.borrow())
    }

    fn made_at(&self) -> &'static Location<'static> {
        self.future.made_at()
    }
}

impl<F, T> TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    /// A new task, which nobody knows yet. See [`EventLoop::create_task`].
    #[track_caller]
    pub(crate) fn new(event_loop: &EventLoop, coroutine: F) -> Rc<Self> {
        let key = event_loop.core.tasks.borrow().next_key();
        let task_waker = TaskWaker::new(event_loop, key);
        Rc::new(TaskCell {
            future: Settable::new(event_loop, "Task"),
            key,
            name: RefCell::new(event_loop.next_task_name()),
            state: Cell::new(State::Queued),
            body: Cell::new(Some(Body::new(coroutine))),
            record: Record::default(),
            must_cancel: Cell::new(false),
            aborted: Cell::new(false),
            is_main: Cell::new(false),
            quiet: Cell::new(false),
            waker: Waker::from(task_waker.clone()),
            task_waker,
        })
    }

    /// Sends into the coroutine, once.
    fn step(self: Rc<Self>, event_loop: &EventLoop, body: Body<F>) {
        self.state.set(State::Running { woken: false });
        if self.must_cancel.take() {
            self.record.thrown.set(Some(Error::Cancelled));
        }
        event_loop.tell(|| LoopEvent::StepBegan {
            task: self.future.id,
        });
        let current = Current::set(event_loop, self.clone());
        let step = || body.resume(self.clone(), &self.waker);
        let progress = catch_unwind(AssertUnwindSafe(step));
        drop(current);
        match progress {
            Ok(Progress::Returned(result)) => self.finish(event_loop, result),
            Ok(Progress::Suspended(body)) => {
                self.body.set(Some(body));
                self.park(event_loop);
            }
            Err(panic) => {
                let error = Error::from_panic(&*panic);
                if self.is_main.get() {
                    event_loop.core.main_panic.set(Some(panic));
                    self.future.looked_at.set(true);
                }
                self.finish(event_loop, Err(error));
            }
        }
    }

    /// The coroutine has ended, and is dropped already.
    fn finish(self: Rc<Self>, event_loop: &EventLoop, result: Result<T>) {
        self.leave(event_loop);
        event_loop.tell(|| LoopEvent::Returned {
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
    fn park(self: Rc<Self>, event_loop: &EventLoop) {
        event_loop.tell(|| match self.record.waits.borrow().single() {
            Some(future) => LoopEvent::Parked {
                task: self.future.id,
                on: future.0.about().id(),
            },
            None => LoopEvent::Suspended {
                task: self.future.id,
            },
        });
        if self.must_cancel.get() && self.cancel_what_it_waits_for() {
            self.must_cancel.set(false);
        }
        let must_tell = self.must_cancel.get() && self.record.waits.borrow().all_done();
        let refused = self.record.refused.take();
        let woken = self.state.get() == State::Running { woken: true };
        let go_on = woken || must_tell || refused.is_some();
        self.record.thrown.set(refused);
        self.state.set(State::Parked);
        if go_on {
            self.wake();
        }
    }

    /// Asks all of it; true if any said yes.
    fn cancel_what_it_waits_for(&self) -> bool {
        let futures: Vec<_> = self.record.waits.borrow().futures().cloned().collect();
        futures
            .iter()
            .fold(false, |any, future| future.cancel() | any)
    }

    fn drop_unfinished(self: Rc<Self>, body: Body<F>) -> Result<(), Report> {
        if let Some(event_loop) = self.future.event_loop() {
            self.leave(&event_loop);
        }
        drop(self.record.waits.take());
        let dropped = call_guarded(|| drop(body));
        let dropped = dropped.map_err(|error| {
            let context = ExceptionContext::new("Exception in the drop of an aborted task");
            Box::new(
                context
                    .with_exception(error)
                    .about(self.describe(), self.made_at()),
            )
        });
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
                    event_loop.tell(|| LoopEvent::Woken {
                        task: self.future.id,
                    });
                    event_loop.enqueue(self);
                }
            }
        }
    }

    fn wake_from_mailbox(self: Rc<Self>) {
        self.task_waker.taken_out();
        self.wake();
    }

    fn shut_down(&self) {
        if self.state.replace(State::Done) == State::Done {
            return;
        }
        if let Some(event_loop) = self.future.event_loop().filter(|_| !self.quiet.get()) {
            let context = ExceptionContext::new("Task was destroyed but it is pending!");
            let subject = match self.record.waits.borrow().single() {
                Some(future) => format!("<{} waiting for {future:?}>", self.name.borrow()),
                None => self.describe(),
            };
            event_loop.call_exception_handler(&context.about(subject, self.made_at()));
        }
        self.future.dissolve_line();
        drop(self.record.waits.take());
        drop(self.body.take());
    }

    fn state(&self) -> TaskState {
        match self.state.get() {
            State::Queued => TaskState::Queued,
            State::Running { .. } => TaskState::Running,
            State::Parked | State::Done => TaskState::Parked,
        }
    }

    fn waker_is_elsewhere(&self) -> bool {
        // Two are here, and one in the line of each future that it is known to wait for.
        let in_lines = self.record.waits.borrow().count_held(&self.waker);
        Arc::strong_count(&self.task_waker) > 2 + in_lines
    }

    fn set_name(&self, name: &str) {
        *self.name.borrow_mut() = name.into();
    }

    fn set_main(&self, is_main: bool) {
        self.is_main.set(is_main);
    }

    fn keep_quiet(&self) {
        self.quiet.set(true);
    }

    fn abort(self: Rc<Self>) {
        self.aborted.set(true);
        self.wake();
    }
}
