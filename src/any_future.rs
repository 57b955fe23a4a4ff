//! A future, whatever the type of its result.
//!
//! Much can be done with a future by somebody who does not care for its value: ask whether it is
//! done, tell it from others, cancel it. An [`AnyFuture`] is that much of it. The loop keeps its
//! tasks as such, and a suspended coroutine names the one that it waits for.
//!
//! **Cancelling** goes down to the innermost thing waited for, and the answer comes back up: a task
//! that waits for a future is cancelled by cancelling that future.
//!
//! Next: [`task_table`](crate::task_table), the list of all unfinished tasks.

use std::fmt;
use std::rc::Rc;

/// A future or a task, whatever the type of its result.
#[derive(Clone)]
pub struct AnyFuture(pub(crate) Rc<dyn AnyCell>);

/// What stands behind an [`AnyFuture`]: a plain future, a task, a gather.
pub(crate) trait AnyCell {
    /// The part that is the same in all of them.
    fn about(&self) -> &dyn About;
    /// What kind it is, and which one.
    fn name(&self) -> String;
    /// What it waits for itself, to which a cancellation is passed on.
    fn waits_for(&self) -> Vec<AnyFuture> {
        Vec::new()
    }
    /// Cancels it, now that what it waits for was asked, and maybe said yes.
    fn cancel_here(self: Rc<Self>, passed_on: bool) -> bool;
}

/// What can be told of every future.
pub(crate) trait About {
    /// Its number among the futures and tasks of its loop.
    fn id(&self) -> u64;
    fn done(&self) -> bool;
    /// Which loop is its own; only to be compared.
    fn event_loop(&self) -> *const ();
    fn describe(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

impl AnyFuture {
    /// Whether it has a result, an error, or was cancelled.
    pub fn done(&self) -> bool {
        self.0.about().done()
    }

    /// Python: `id(future)`.
    pub(crate) fn address(&self) -> *const () {
        Rc::as_ptr(&self.0).cast()
    }

    /// Asks it to cancel itself; false if it is done.
    ///
    /// Tasks can wait for each other in a chain of any length, so the way down is kept in a `Vec`,
    /// and not on the call stack.
    pub(crate) fn cancel(&self) -> bool {
        struct Level {
            future: AnyFuture,
            below: std::vec::IntoIter<AnyFuture>,
            passed_on: bool,
        }
        let level = |future: AnyFuture| {
            let below = future.0.waits_for().into_iter();
            Level {
                future,
                below,
                passed_on: false,
            }
        };
        let mut way_down = vec![level(self.clone())];
        let mut answer = false;
        while let Some(mut here) = way_down.pop() {
            if let Some(next) = here.below.next() {
                way_down.push(here);
                way_down.push(level(next));
                continue;
            }
            answer = !here.future.done() && here.future.0.cancel_here(here.passed_on);
            if let Some(above) = way_down.last_mut() {
                above.passed_on |= answer;
            }
        }
        answer
    }
}

impl fmt::Debug for AnyFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.about().describe(&self.0.name(), f)
    }
}
