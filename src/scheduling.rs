//! How something gets onto the run queue.
//!
//! Callbacks are put there by whoever schedules them, at once or when their timer is due. The next
//! step of a task is put there by its waker, and that is all that waking is: the task's state becomes
//! Queued, and its key joins the end of the queue.
//!
//! Next: [`reports`](crate::reports), or straight on to [`turn`](crate::turn).

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use crate::error::Error;
use crate::event_loop::{EventLoop, LoopTask, Ready};
use crate::handle::{Call, Handle, Run, TimerHandle};
use crate::loop_event::LoopEvent;
use crate::mailbox::Note;
use crate::task_table::{TaskKey, Whereabouts};
use crate::timers::Timers;

/// Scheduling callbacks.
///
/// A callback may return anything. If it returns a [`Result<()>`](Result) that is an `Err`, or
/// panics, this is reported to the exception handler and the loop goes on. (Any other type is let go unseen. A
/// closure with a `?` in it ends in `Ok::<(), Error>(())`.)
impl EventLoop {
    /// Queues a callback for the next turn, behind all that is queued already.
    ///
    /// # Panics
    /// If the loop is closed.
    #[track_caller]
    pub fn call_soon<F, R>(&self, callback: F) -> Handle
    where
        F: FnOnce() -> R + 'static,
        R: 'static,
    {
        let call = Call::new(self.next_call_number(), callback);
        if self.may_schedule() {
            self.enqueue(call.clone());
        } else {
            let refused = call.clone();
            drop_refused(move || refused.cancel(&|| ()));
        }
        let watched = self.watched();
        Handle { call, watched }
    }

    /// Schedules a callback for `delay` from now; zero means the next turn, behind what is ready by
    /// then.
    ///
    /// A delay that leads beyond the end of the clock, `Duration::MAX` above all, makes a timer
    /// that never fires.
    ///
    /// # Panics
    /// If the loop is closed.
    #[track_caller]
    pub fn call_later<F, R>(&self, delay: Duration, callback: F) -> TimerHandle
    where
        F: FnOnce() -> R + 'static,
        R: 'static,
    {
        self.call_at(self.time().saturating_add(delay), callback)
    }

    /// Schedules a callback for a moment on the loop's clock. One that is past is due at once.
    ///
    /// # Panics
    /// If the loop is closed.
    #[track_caller]
    pub fn call_at<F, R>(&self, when: Duration, callback: F) -> TimerHandle
    where
        F: FnOnce() -> R + 'static,
        R: 'static,
    {
        let call = Call::new(self.next_call_number(), callback);
        if self.may_schedule() {
            self.set_timer(when, call.clone());
        } else {
            let refused = call.clone();
            drop_refused(move || refused.cancel(&|| ()));
        }
        self.timer_handle(when, call)
    }

    /// Puts something among the timers.
    pub(crate) fn set_timer(&self, when: Duration, call: Rc<dyn Run>) {
        self.timers(|timers| timers.push(when, call.clone()));
        self.tell(|| LoopEvent::TimerSet {
            call: call.number(),
            when,
            what: call.describe(),
            made_at: call.made_at(),
        });
    }

    /// Does something with the timers. The cancelled ones that it takes out are dropped afterwards.
    pub(crate) fn timers<R>(&self, f: impl FnOnce(&mut Timers) -> R) -> R {
        let mut timers = self.core.timers.borrow_mut();
        let result = f(&mut timers);
        if !timers.swept.is_empty() {
            let swept = std::mem::take(&mut timers.swept);
            drop(timers);
            self.tell(|| LoopEvent::TimersSwept {
                calls: swept.iter().map(|call| call.number()).collect(),
            });
        }
        result
    }

    #[inline]
    pub(crate) fn timer_handle(&self, when: Duration, call: Rc<dyn Run>) -> TimerHandle {
        let watched = self.watched();
        TimerHandle {
            call,
            watched,
            when,
        }
    }

    /// Whether anything may still be scheduled. Misuse panics, but not on top of another panic.
    #[track_caller]
    pub(crate) fn may_schedule(&self) -> bool {
        if self.is_closed() && !std::thread::panicking() {
            panic!("{:?}", Error::closed());
        }
        !self.is_closed()
    }

    /// Puts a callback on the run queue, behind what other threads have left in the mailbox before.
    pub(crate) fn enqueue(&self, call: Rc<dyn Run>) {
        self.take_mail();
        self.push_call(call, false);
    }

    /// What other threads wish for joins the end of the run queue.
    pub(crate) fn take_mail(&self) {
        if self.core.mailbox.has_notes() {
            self.take_notes();
        }
    }

    #[cold]
    fn take_notes(&self) {
        for note in self.core.mailbox.take_all() {
            match note {
                Note::Call(callback, made_at) => {
                    self.push_call(
                        Call::made_at(self.next_call_number(), callback, made_at),
                        true,
                    );
                }
                Note::Wake(key) => {
                    if let Some(task) = self.task(key) {
                        task.note_taken();
                        self.queue_step(key, true); // what arrives meanwhile comes behind this mail
                    }
                }
            }
        }
    }

    fn push_call(&self, call: Rc<dyn Run>, by_mail: bool) {
        self.push(Ready::Callback(call.clone()));
        self.tell(|| LoopEvent::CallQueued {
            call: call.number(),
            what: call.describe(),
            made_at: call.made_at(),
            by_mail,
        });
    }

    /// The one way in.
    #[inline(always)] // else a yield takes 22 instructions more
    pub(crate) fn push(&self, entry: Ready) {
        if !self.is_closed() {
            self.core.ready.borrow_mut().push_back(entry);
        }
    }
}

/// The tasks.
impl EventLoop {
    /// The task of that key, unless it is done.
    pub(crate) fn task(&self, key: TaskKey) -> Option<Rc<dyn LoopTask>> {
        self.core.tasks.borrow().get(key).cloned()
    }

    /// All unfinished tasks, oldest first.
    pub(crate) fn all_tasks(&self) -> Vec<Rc<dyn LoopTask>> {
        let mut all: Vec<_> = self.core.tasks.borrow().all().cloned().collect();
        all.sort_by_key(|task| task.about().id());
        all
    }

    /// Queues the next step of a task: at once if it is parked, at the end of its step if it is in one. Does
    /// nothing to a queued or done one.
    pub(crate) fn wake(&self, key: TaskKey) {
        self.take_mail();
        self.queue_step(key, false);
    }

    /// The same, but only if that runs no code of others: nobody watches, and there is no mail. Else it does
    /// nothing, and says false.
    #[inline]
    pub(crate) fn wake_quietly(&self, key: TaskKey) -> bool {
        let quiet = !self.core.watched.get() && !self.core.mailbox.has_notes();
        if quiet {
            self.queue_step(key, false);
        }
        quiet
    }

    #[inline(always)] // else a yield takes 20 instructions more
    fn queue_step(&self, key: TaskKey, by_mail: bool) {
        let in_step = self.core.current.get() == Some(key);
        if in_step {
            // The task is not put on the queue while it runs: `park` does that when its step is over.
            if self.core.woken.replace(true) {
                return;
            }
        } else {
            let tasks = self.core.tasks.borrow();
            if !tasks.get(key).is_some_and(|task| task.whereabouts().wake()) {
                return;
            }
            self.push(Ready::Step(key));
        }
        self.tell(|| LoopEvent::Woken {
            task: self.task(key).map_or(0, |task| task.about().id()),
            in_step,
            by_mail,
        });
    }

    /// The step of the current task is over, and it waits. If it was woken meanwhile, its next step is
    /// queued. Tells whether it was.
    #[inline]
    pub(crate) fn park(&self, key: TaskKey, whereabouts: &Whereabouts) -> bool {
        if self.core.woken.get() {
            self.take_mail(); // what other threads have left before comes first
        }
        self.core.current.set(None); // who wakes it from now on finds it parked
        let woken = self.core.woken.take();
        whereabouts.park(woken);
        if woken {
            self.push(Ready::Step(key));
        }
        woken
    }
}

thread_local! {
    /// Something that was refused is being dropped.
    static DROPPING: Cell<bool> = const { Cell::new(false) };
}

/// Drops what a closed loop has refused. The drop may hand in the next thing, and that one the next,
/// without end. So what is handed in meanwhile is not dropped but leaked.
pub(crate) fn drop_refused(drop_it: impl FnOnce()) {
    struct Done;
    impl Drop for Done {
        fn drop(&mut self) {
            DROPPING.set(false);
        }
    }
    if DROPPING.replace(true) {
        std::mem::forget(drop_it);
    } else {
        let _done = Done; // also if it panics
        drop_it();
    }
}
