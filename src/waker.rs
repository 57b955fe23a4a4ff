//! Where a Waker comes from.
//!
//! `coro.send(None)` in Python tells the coroutine nothing. In Rust each step is told one thing: a
//! [`Waker`](std::task::Waker), "call this when it is worth stepping me again". Whoever suspends
//! the coroutine stores a clone of it, and later calls it. That is all the protocol there is
//! between an executor and the things it can wait for.
//!
//! A Waker may be cloned, called and dropped on any thread, at any time, also when its task, its
//! loop or the whole program is as good as gone. A task is nothing of the kind: it lives on one
//! thread. So its Waker does not hold the task, only its [`TaskKey`] and its loop's number, and
//! calls are answered in one of two ways:
//!
//! - On the loop's own thread: look the task up and put it on the run queue.
//! - On any other: put a note into the loop's mailbox.
//!
//! Either way, to wake is only to queue. Nothing is polled inside `wake()`.
//!
//! Next: [`threadsafe`](crate::threadsafe), what else other threads can do.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::task::Wake;

use crate::event_loop::{Core, EventLoop};
use crate::mailbox::{Mailbox, Note};
use crate::task_table::TaskKey;
use crate::turn::with_running;

/// What is behind the `Waker` of a task.
pub(crate) struct TaskWaker {
    /// The number of the loop, not the loop: that must not leave its thread.
    event_loop: u64,
    /// Which task that is. It changes when the waker is recycled with its task, and then nobody else
    /// has it.
    task: AtomicU64,
    mailbox: Arc<Mailbox>,
    /// Whether a note of this task lies in the mailbox; a second one would say nothing new.
    ///
    /// Set by a `swap` before the note is posted, cleared by a `swap` before the task is queued.
    /// Both must be `swap`s: the one who sees `true` here relies on the other to look at what it
    /// wrote before. A plain store could be overtaken, and that wake-up would be lost.
    posted: AtomicBool,
}

impl TaskWaker {
    pub(crate) fn new(event_loop: &EventLoop, task: TaskKey) -> Arc<Self> {
        remember(event_loop);
        let core = &event_loop.core;
        let (event_loop, mailbox) = (core.id, core.mailbox.clone());
        Arc::new(TaskWaker {
            event_loop,
            task: AtomicU64::new(task.as_number()),
            mailbox,
            posted: AtomicBool::new(false),
        })
    }

    /// Whether it is only where its task has it, which is twice.
    pub(crate) fn is_nowhere_else(self: &Arc<Self>) -> bool {
        let nowhere_else = Arc::strong_count(self) == 2;
        fence(Ordering::Acquire); // the last who had it may be another thread: what it did came before
        nowhere_else
    }

    /// From now on it wakes another task. It is nowhere else, so plain stores will do.
    pub(crate) fn recycle(&self, task: TaskKey) {
        self.task.store(task.as_number(), Ordering::Relaxed);
        self.posted.store(false, Ordering::Relaxed); // a note that lies there is of the task before
    }

    fn task(&self) -> TaskKey {
        TaskKey::from_number(self.task.load(Ordering::Relaxed))
    }

    /// Whether its note lies in the mailbox: then another thread has called it. (To be asked *after* its handles were
    /// counted: who calls it posts the note first, and lets go of it then.)
    pub(crate) fn has_called(&self) -> bool {
        fence(Ordering::Acquire);
        self.posted.load(Ordering::Relaxed)
    }

    /// Its note was taken out of the mailbox.
    pub(crate) fn taken_out(&self) {
        self.posted.swap(false, Ordering::AcqRel);
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Nearly always it is the loop that runs, and nobody watches: then nobody needs to search for it, nor to take
        // a handle. (It is only borrowed, so no code of others may run.)
        let is_it = |running: &EventLoop| running.core.id == self.event_loop;
        let woken = with_running(|running| is_it(running) && running.wake_quietly(self.task()));
        if woken == Some(true) {
            return;
        }
        if let Some(event_loop) = on_this_thread(self.event_loop) {
            event_loop.wake(self.task());
        } else if !self.posted.swap(true, Ordering::AcqRel) {
            // A closed loop gives the note back: there is nobody to wake.
            let _refused = self.mailbox.post(Note::Wake(self.task()));
        }
    }
}

thread_local! {
    /// The loops of this thread that wakers and handles may look for, by their numbers.
    static LOOPS: RefCell<Vec<(u64, Weak<Core>)>> = const { RefCell::new(Vec::new()) };
}

pub(crate) fn remember(event_loop: &EventLoop) {
    if !event_loop.core.remembered.replace(true) {
        let entry = (event_loop.core.id, Rc::downgrade(&event_loop.core));
        let add = |loops: &RefCell<Vec<(u64, Weak<Core>)>>| {
            let mut loops = loops.borrow_mut();
            loops.retain(|(_, core)| core.strong_count() > 0);
            loops.push(entry);
        };
        // While a thread ends it has no list any more; then notes go through the mailbox.
        let _ending = LOOPS.try_with(add);
    }
}

/// The loop of that number, if it lives on this thread.
pub(crate) fn on_this_thread(id: u64) -> Option<EventLoop> {
    let find = |loops: &RefCell<Vec<(u64, Weak<Core>)>>| {
        let loops = loops.borrow();
        let (_, core) = loops.iter().find(|(other, _)| *other == id)?;
        core.upgrade()
    };
    // While a thread ends its thread-locals are gone, and so are its loops.
    LOOPS
        .try_with(find)
        .ok()
        .flatten()
        .map(|core| EventLoop { core })
}
