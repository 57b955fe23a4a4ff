//! A semaphore: a lock for several holders at once.
//!
//! Giving a permit back hands it to the first in line at once: the counter does not go up in
//! between, so nobody can snatch it.

use std::cell::Cell;
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::Location;
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::sync::line::Line;

/// So many permits. Python: `asyncio.Semaphore`.
#[derive(Clone)]
pub struct Semaphore {
    inside: Rc<Inside>,
}

struct Inside {
    permits: Cell<usize>,
    /// How many there can be, in the bounded kind.
    bound: Option<usize>,
    line: Line,
}

impl Inside {
    /// Hands a permit to the first in line who was not let go yet.
    fn hand_on(&self) {
        if self.permits.get() > 0 && self.line.wake_first() {
            self.permits.set(self.permits.get() - 1);
        }
    }

    fn give_back(&self) -> Result<()> {
        if self.bound.is_some_and(|bound| self.permits.get() >= bound) {
            return Err(Error::value("BoundedSemaphore released too many times"));
        }
        let more = self.permits.get().checked_add(1);
        let too_many = || Error::value("Semaphore released too many times");
        self.permits.set(more.ok_or_else(too_many)?);
        self.hand_on();
        Ok(())
    }
}

impl Semaphore {
    /// A semaphore with so many permits.
    pub fn new(permits: usize) -> Self {
        Self::with_bound(permits, None)
    }

    fn with_bound(permits: usize, bound: Option<usize>) -> Self {
        let inside = Inside {
            permits: Cell::new(permits),
            bound,
            line: Line::default(),
        };
        Semaphore {
            inside: Rc::new(inside),
        }
    }

    /// Whether one would have to wait for a permit now.
    pub fn locked(&self) -> bool {
        self.inside.permits.get() == 0 || self.inside.line.anybody()
    }

    /// Waits for a permit and takes it; the answer is always `true`. It must be
    /// [`release`](Semaphore::release)d; [`permit`](Semaphore::permit) gives a guard that does it.
    ///
    /// # Errors
    /// What is thrown in while it waits: then no permit is taken.
    #[track_caller]
    pub fn acquire(&self) -> impl Future<Output = Result<bool>> + use<> {
        self.clone().acquire_at(Location::caller())
    }

    async fn acquire_at(self, called_at: &'static Location<'static>) -> Result<bool> {
        let inside = &*self.inside;
        if !self.locked() {
            inside.permits.set(inside.permits.get() - 1);
            return Ok(true);
        }
        let pass_on = |let_go| {
            // Refused if somebody released too often meanwhile. The permit that is there is the next
            // one's in any case.
            if let_go && inside.give_back().is_err() {
                inside.hand_on();
            }
        };
        let what = "Semaphore.acquire";
        inside.line.wait(what, called_at, pass_on).await?;
        inside.hand_on();
        Ok(true)
    }

    /// Gives a permit back, or adds one.
    ///
    /// # Errors
    /// Only of a [`BoundedSemaphore`]: if all its permits are there already.
    pub fn release(&self) -> Result<()> {
        self.inside.give_back()
    }

    /// Waits for a permit and takes it; the guard gives it back when it is dropped.
    ///
    /// # Errors
    /// As [`acquire`](Semaphore::acquire).
    #[track_caller]
    pub fn permit(&self) -> impl Future<Output = Result<Permit>> + use<> {
        let (semaphore, acquire) = (self.clone(), self.acquire());
        async move {
            acquire.await?;
            Ok(Permit { semaphore })
        }
    }
}

/// Holds a permit of a [`Semaphore`], and gives it back when it is dropped.
#[must_use = "the permit is given back when this is dropped"]
#[derive(Debug)]
pub struct Permit {
    semaphore: Semaphore,
}

impl Drop for Permit {
    fn drop(&mut self) {
        // Somebody may have released it all the same.
        let _too_many = self.semaphore.inside.give_back();
    }
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inside { permits, line, .. } = &*self.inside;
        write!(
            f,
            "<Semaphore {} permits, {} waiting>",
            permits.get(),
            line.len()
        )
    }
}

/// A [`Semaphore`] that refuses to get more permits than it began with.
/// Python: `asyncio.BoundedSemaphore`.
#[derive(Clone, Debug)]
pub struct BoundedSemaphore(Semaphore);

impl BoundedSemaphore {
    /// A semaphore with so many permits, and never more.
    pub fn new(permits: usize) -> Self {
        BoundedSemaphore(Semaphore::with_bound(permits, Some(permits)))
    }
}

/// All else is as in the unbounded kind.
impl Deref for BoundedSemaphore {
    type Target = Semaphore;

    fn deref(&self) -> &Semaphore {
        &self.0
    }
}
