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
//! Where a task is, on the run queue or running or parked, it notes itself. Its loop has it in the
//! [`task_table`](crate::task_table), and so keeps it alive.
//!
//! **Invariants.** The coroutine is dropped before its result is announced, and is never polled
//! after that.
//!
//! Next: [`cancelling`](crate::cancelling), how it is cancelled.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::task::{Poll, Waker};

use crate::any_future::{About, AnyCallback, AnyFuture, PassedTo};
use crate::coroutine;
use crate::error::{Error, Result};
use crate::event_loop::{Core, EventLoop, LoopTask};
use crate::future_cell::{FutureCell, Settable};
use crate::loop_event::{LoopEvent, Sends};
use crate::observer::ExceptionContext;
use crate::record::Record;
use crate::step::refusal;
use crate::task_table::{TaskKey, Whereabouts};
use crate::waker::TaskWaker;

/// A coroutine. The box stays when the coroutine is gone, for the next task: see
/// [`recycling`](crate::recycling). Else this were `Pin<Box<F>>`.
pub(crate) type Body<F> = Pin<Box<Option<F>>>;

/// The task itself: a future, and what fills it.
pub(crate) struct TaskCell<F, T: 'static> {
    pub(crate) future: Settable<T>,
    pub(crate) key: TaskKey,
    pub(crate) whereabouts: Whereabouts,
    /// For its name, unless it was given another one.
    pub(crate) number: u64,
    pub(crate) given_name: RefCell<Option<Box<str>>>,
    /// Taken out while it is polled. Once the task is done it is an empty box; none is left of one that has
    /// panicked, or was aborted.
    pub(crate) body: Cell<Option<Body<F>>>,
    /// What it is parked on, and what is to be thrown in next.
    pub(crate) record: Record,
    pub(crate) asked: Asked,
    /// To whom a cancellation was passed on. (Boxed, for that is seldom.)
    pub(crate) passed_to: Cell<Option<Box<PassedTo>>>,
    pub(crate) waker: Waker,
    /// The same waker, to be told when its note was taken out of the mailbox.
    pub(crate) task_waker: Arc<TaskWaker>,
}

/// What others want of it.
#[derive(Default)]
pub(crate) struct Asked {
    /// A cancellation is owed, and the task must see to it itself: see [`cancelling`](crate::cancelling).
    pub(crate) must_cancel: Cell<bool>,
    /// It was passed on to what the task waits for, and should come out of that. (A flag, for each step
    /// asks.)
    pub(crate) passed_on: Cell<bool>,
    /// A cancellation was thrown in, or came out of an `await`.
    pub(crate) cancelled: Cell<bool>,
    /// To be dropped at the next step.
    pub(crate) aborted: Cell<bool>,
    /// Whether a panic goes through to the caller of `run_until_complete`.
    pub(crate) is_main: Cell<bool>,
    /// Whether nobody is to be told if it is never done.
    quiet: Cell<bool>,
}

impl<F, T> TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    /// A new task, which nobody knows yet. See [`EventLoop::create_task`].
    pub(crate) fn new(
        event_loop: &EventLoop,
        coroutine: F,
        made_at: &'static Location<'static>,
    ) -> Rc<Self> {
        let key = event_loop.core.tasks.borrow().next_key();
        let spare = event_loop.core.spare.borrow_mut().take(Self::BYTES);
        if let Some(task) = spare {
            return Self::refill(task, event_loop, key, coroutine, made_at);
        }
        let task_waker = TaskWaker::new(event_loop, key);
        Rc::new(TaskCell {
            future: Settable::made_at(event_loop, "Task", made_at),
            key,
            whereabouts: Whereabouts::default(),
            number: event_loop.next_task_number(),
            given_name: RefCell::new(None),
            body: Cell::new(Some(Box::pin(Some(coroutine)))),
            record: Record::default(),
            asked: Asked::default(),
            passed_to: Cell::default(),
            waker: Waker::from(task_waker.clone()),
            task_waker,
        })
    }

    /// A new task in what is left of another one. See [`recycling`](crate::recycling).
    fn refill(
        mut spare: Rc<Self>,
        event_loop: &EventLoop,
        key: TaskKey,
        coroutine: F,
        made_at: &'static Location<'static>,
    ) -> Rc<Self> {
        let task = Rc::get_mut(&mut spare).expect("nobody else has it");
        task.future.renew(event_loop, made_at);
        task.key = key;
        task.whereabouts = Whereabouts::default();
        task.number = event_loop.next_task_number();
        *task.given_name.get_mut() = None;
        task.asked = Asked::default();
        task.task_waker.recycle(key);
        let body = task.body.get_mut().as_mut().expect("it was kept for this");
        body.as_mut().set(Some(coroutine));
        spare
    }

    /// How much memory it takes, about.
    pub(crate) const BYTES: usize = size_of::<Self>() + size_of::<F>() + size_of::<TaskWaker>();

    /// Sends into the coroutine. What it returned, if it has; then it is dropped, and what it has polled.
    #[inline(always)] // else a yield takes 27 instructions more
    pub(crate) fn send(&self, body: &mut Body<F>) -> Option<Result<T>> {
        let coroutine = body.as_mut().as_pin_mut()?;
        match coroutine::resume(coroutine, &self.record, &self.waker) {
            Poll::Pending => None,
            Poll::Ready(result) => {
                body.set(None);
                self.record.clear();
                Some(result)
            }
        }
    }

    /// The coroutine is suspended.
    fn park(self: Rc<Self>, event_loop: &EventLoop) {
        // This comes first: what follows may run a program's own code, and that may panic.
        let queued = event_loop.park(self.key, &self.whereabouts);
        event_loop.tell(|| {
            let here = self.future.event_loop.as_ptr().cast();
            let (id, elsewhere) = (self.future.id, self.waker_is_elsewhere());
            let waits = self.record.waits();
            waits.told((id, &self.waker), here, queued, elsewhere)
        });
        // Whoever is woken already is not kept waiting.
        if !queued || self.asked.must_cancel.get() {
            self.begin_to_wait(event_loop);
        }
    }

    /// Is there a reason to go on at once?
    fn begin_to_wait(self: Rc<Self>, event_loop: &EventLoop) {
        if self.asked.aborted.get() {
            return; // it waits for nothing any more
        }
        if let Some(error) = self.refusal() {
            let cancelled = self.asked.must_cancel.get().then_some(Error::Cancelled);
            self.may_not_wait(event_loop, cancelled.unwrap_or(error));
        } else if self.asked.must_cancel.get() {
            self.pass_on(event_loop);
        }
    }

    /// There are futures that a task cannot wait for, if it waits for nothing else. Why not will be
    /// thrown in at its `await`.
    fn refusal(self: &Rc<Self>) -> Option<Error> {
        let waits = self.record.waits();
        let future = waits.single()?;
        // Nearly always nobody waits for the task: then no way leads from the future back to it.
        let same_loop = future.event_loop() == About::event_loop(&self.future);
        if same_loop && !self.future.is_waited_for() || future.done() {
            return None;
        }
        let refusal = refusal(&AnyFuture(self.clone()), future)?;
        (!self.waker_is_elsewhere()).then_some(refusal)
    }

    /// An error comes out of its `await`, at the next step.
    pub(crate) fn may_not_wait(&self, event_loop: &EventLoop, error: Error) {
        // (A cancellation is owed, and so thrown in in any case.)
        if !error.is_cancelled() {
            self.record.throw(error.clone());
        }
        event_loop.tell(|| LoopEvent::MayNotWait {
            task: self.future.id,
            error: format!("{error:?}"),
        });
        event_loop.wake(self.key);
    }

    fn began(&self) -> LoopEvent {
        LoopEvent::StepBegan {
            task: self.future.id,
            sends: match self.asked.aborted.get() {
                true => Sends::Nothing,
                false if self.answer_is_there() => Sends::Error {
                    error: format!("{:?}", Error::Cancelled),
                },
                false => self.record.sends(),
            },
        }
    }
}

impl<F, T> LoopTask for TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    fn step(self: Rc<Self>, event_loop: &EventLoop) {
        let Some(mut body) = self.body.take() else {
            return;
        };
        self.whereabouts.begin();
        if self.asked.must_cancel.get() {
            self.throw_what_is_owed();
        }
        event_loop.tell(|| self.began());
        if self.asked.aborted.get() {
            return self.drop_unfinished(event_loop, body);
        }
        let send = || match self.asked.passed_on.take() {
            false => self.send(&mut body),
            true => self.send_meanwhile(&mut body),
        };
        match catch_unwind(AssertUnwindSafe(send)) {
            Ok(None) => {
                self.body.set(Some(body));
                self.park(event_loop);
            }
            Ok(Some(result)) => {
                self.body.set(Some(body));
                event_loop.tell(|| LoopEvent::Returned {
                    task: self.future.id,
                    dropped: self.record.dropped.get(),
                    swallows: self.asked.cancelled.get()
                        && !matches!(result, Err(Error::Cancelled)),
                    too_late: self.asked.must_cancel.get() && result.is_ok(),
                });
                self.finish(event_loop, result);
            }
            Err(panic) => {
                let _second_panic = self.drop_all(Some(body));
                self.panicked(event_loop, panic);
            }
        }
    }

    fn whereabouts(&self) -> &Whereabouts {
        &self.whereabouts
    }

    fn record(&self) -> &Record {
        &self.record
    }

    fn has_waker(&self, waker: &Waker) -> bool {
        self.waker.will_wake(waker)
    }

    fn shut_down(&self) -> Result<()> {
        if self.future.done() {
            return Ok(());
        }
        if let Some(event_loop) = self.future.event_loop().filter(|_| !self.asked.quiet.get()) {
            let context = ExceptionContext::new("Task was destroyed but it is pending!");
            let name = self.name();
            let waits_for = self.record.waits().single_that_wakes(&self.waker).cloned();
            let subject = match waits_for {
                Some(future) => format!("<{name} waiting for {future:?}>"),
                None => format!("<{name}>"),
            };
            event_loop.call_exception_handler(&context.about(subject, self.future.made_at()));
        }
        self.future.dissolve_line();
        self.drop_all(self.body.take())
    }

    fn hear(&self, future: *const ()) {
        self.hear(future);
    }

    fn note_taken(&self) {
        self.task_waker.taken_out();
    }

    fn waker_is_elsewhere(&self) -> bool {
        // Two are here, and one in the line of each future that it is known to wait for.
        let in_lines = self.record.waits().places_of(&self.waker);
        Arc::strong_count(&self.task_waker) > 2 + in_lines || self.task_waker.has_called()
    }

    fn set_name(&self, name: String) {
        *self.given_name.borrow_mut() = Some(name.clone().into());
        self.future.tell(&mut || LoopEvent::Renamed {
            task: self.future.id,
            name: name.clone(),
        });
    }

    fn set_main(&self, is_main: bool) {
        self.asked.is_main.set(is_main);
    }

    fn keep_quiet(&self) {
        self.asked.quiet.set(true);
    }

    fn abort(&self) {
        if self.future.done() {
            return;
        }
        self.asked.aborted.set(true);
        self.future.tell(&mut || LoopEvent::AbortAsked {
            task: self.future.id,
        });
        self.wake();
    }

    fn is_aborted(&self) -> bool {
        self.asked.aborted.get()
    }

    fn core(&self) -> Weak<Core> {
        self.future.event_loop.clone()
    }

    fn follow(self: Rc<Self>, end: AnyCallback) {
        FutureCell::of(self).ends_with(end);
    }
}
