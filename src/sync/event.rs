//! An event: a flag that one can wait for.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::rc::Rc;

use crate::error::Result;
use crate::sync::line::Line;

/// A flag; tasks wait until it is set. Python: `asyncio.Event`.
#[derive(Clone, Default)]
pub struct Event {
    inside: Rc<Inside>,
}

#[derive(Default)]
struct Inside {
    set: Cell<bool>,
    line: Line,
}

impl Event {
    /// An event that is not set.
    pub fn new() -> Self {
        Event::default()
    }

    /// Whether it is set.
    pub fn is_set(&self) -> bool {
        self.inside.set.get()
    }

    /// Sets it, and lets everybody go who waits. Clearing it at once does not call them back.
    pub fn set(&self) {
        if !self.inside.set.replace(true) {
            self.inside.line.wake(usize::MAX);
        }
    }

    /// From now on one has to wait again.
    pub fn clear(&self) {
        self.inside.set.set(false);
    }

    /// Waits until it is set; the answer is always `true`. If it is set now, nobody is suspended.
    ///
    /// # Errors
    /// What is thrown in while it waits.
    #[track_caller]
    pub fn wait(&self) -> impl Future<Output = Result<bool>> + use<> {
        self.clone().wait_at("Event.wait", Location::caller())
    }

    pub(crate) async fn wait_at(
        self,
        what: &'static str,
        called_at: &'static Location<'static>,
    ) -> Result<bool> {
        if !self.is_set() {
            self.inside.line.wait(what, called_at, |_let_go| ()).await?;
        }
        Ok(true)
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.is_set() { "set" } else { "unset" };
        write!(f, "<Event {state}, {} waiting>", self.inside.line.len())
    }
}
