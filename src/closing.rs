//! The end of a loop.
//!
//! Closing takes out all that is left, and then drops it in this order, each oldest first (but timers by
//! their deadlines): what lies in the mailbox, the run queue, the timers, the coroutines of unfinished tasks,
//! what the loop keeps for others, the memory that was kept for new tasks, and at last the observer. A handle
//! may hold an entry of the queue, or a task; so these are not just let go but emptied. Only the exception
//! handler stays: a future may go away later with an error that nobody has seen. It goes with the last handle
//! of the loop.
//!
//! The pool of threads is among what the loop keeps, and dropping it waits for the calls that run.
//! One of them may be waiting for a task; so the tasks go first.
//!
//! Whatever is dropped here may run code, which may use this very loop. It finds it closed and empty.
//!
//! Next: [`waker`](crate::waker), how a task gets onto the run queue again.

use std::rc::Rc;

use crate::error::{Error, Result};
use crate::event_loop::{EventLoop, Ready};
use crate::handle::{Run, call_guarded};
use crate::loop_event::LoopEvent;
use crate::mailbox::Note;
use crate::observer::ExceptionContext;

impl EventLoop {
    /// Closes the loop: drops all callbacks, timers and unfinished coroutines. Once is enough,
    /// twice is harmless. From now on nothing can be scheduled, and no run call will work.
    ///
    /// # Errors
    /// If the loop is running.
    pub fn close(&self) -> Result<()> {
        if self.is_running() {
            return Err(Error::runtime(
                "Cannot close a running event loop",
                "call stop(), and close it after the run",
            ));
        }
        self.shut_down();
        Ok(())
    }

    pub(crate) fn shut_down(&self) {
        if self.core.closed.replace(true) {
            return;
        }
        let notes = self.core.mailbox.close();
        let callbacks = self.take_callbacks();
        let tasks = self.all_tasks();
        drop(self.core.tasks.take()); // nobody goes with it: they are all in `tasks`
        let mailed = notes.iter().filter(|note| matches!(note, Note::Call(..)));
        let wanted = callbacks.iter().filter(|call| !call.is_cancelled());
        self.tell(|| LoopEvent::Closing {
            callbacks: mailed.count() + wanted.count(),
            tasks: tasks.len(),
            kept: self.core.kept.borrow().len(),
        });
        for note in notes {
            self.guard(move || drop(note));
        }
        for call in callbacks {
            self.guard(move || call.cancel(&|| ()));
        }
        for task in tasks {
            let id = task.about().id();
            self.tell(|| LoopEvent::Dropped { task: id });
            self.guard(move || task.shut_down());
            self.tell(|| LoopEvent::Destroyed { task: id });
        }
        for (_, kept) in self.core.kept.take() {
            self.guard(move || kept.shut_down());
        }
        drop(self.core.spare.take());
        self.tell(|| LoopEvent::Closed);
        self.core.watched.set(false);
        let (observer, recorder) = (self.core.observer.take(), self.core.recorder.take());
        self.guard(move || drop((observer, recorder)));
    }

    fn take_callbacks(&self) -> Vec<Rc<dyn Run>> {
        let ready = self.core.ready.take().into_iter();
        let ready = ready.filter_map(|entry| match entry {
            Ready::Callback(call) => Some(call),
            Ready::Step(_) => None, // a task has its place in the table
        });
        let timers = self.core.timers.borrow_mut().take_all();
        ready.chain(timers).collect()
    }

    /// Drops something; should that panic, it is reported, and the rest is dropped all the same.
    fn guard<R: 'static>(&self, drop_it: impl FnOnce() -> R) {
        if let Err(error) = call_guarded(drop_it) {
            self.call_exception_handler(
                &ExceptionContext::new("Exception while closing").with_exception(error),
            );
        }
    }
}

impl Drop for EventLoop {
    fn drop(&mut self) {
        if Rc::strong_count(&self.core) == 1 {
            self.shut_down();
            let handler = self.core.handler.take();
            self.guard(move || drop(handler));
        }
    }
}
