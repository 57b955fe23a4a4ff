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
//! Next: [`step`](crate::step), what is known of a step in progress.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

use crate::event_loop::EventLoop;
use crate::mailbox::{Mailbox, Note};
use crate::task_table::TaskKey;

/// What is behind the `Waker` of a task.
pub(crate) struct TaskWaker {
    /// The number of the loop, not the loop: that must not leave its thread.
    pub(crate) event_loop: u64,
    pub(crate) task: TaskKey,
    pub(crate) mailbox: Arc<Mailbox>,
    /// Whether a note of this task lies in the mailbox; a second one would say nothing new.
    ///
    /// Set by a `swap` before the note is posted, cleared by a `swap` before the task is queued.
    /// Both must be `swap`s: the one who sees `true` here relies on the other to look at what it
    /// wrote before. A plain store could be overtaken, and that wake-up would be lost.
    pub(crate) posted: AtomicBool,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if let Some(event_loop) = EventLoop::on_this_thread(self.event_loop) {
            if let Some(task) = event_loop.task(self.task) {
                task.wake();
            }
        } else if !self.posted.swap(true, Ordering::AcqRel) {
            // A closed loop gives the note back: there is nobody to wake.
            let _refused = self.mailbox.post(Note::Wake(self.task));
        }
    }
}
