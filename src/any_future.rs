//! A future, whatever the type of its result.
//!
//! Much can be done with a future by somebody who does not care for its value: ask whether it is
//! done, tell it from others, cancel it. An [`AnyFuture`] is that much of it. The loop keeps its
//! tasks as such, and a suspended coroutine names the one that it waits for.
//!
//! **Cancelling** goes down to the innermost thing waited for, and the answer comes back up: a task
//! that waits for a future is cancelled by cancelling that future. How, is told in
//! [`cancelling`](crate::cancelling), once there are tasks.
//!
//! Next: [`record`](crate::record), what a coroutine says beside the poll.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::Location;
use std::rc::{Rc, Weak};
use std::task::Waker;

use crate::error::Error;
use crate::loop_event::LoopEvent;

/// A future or a task, whatever the type of its result.
#[derive(Clone)]
pub struct AnyFuture(pub(crate) Rc<dyn AnyCell>);

/// What stands behind an [`AnyFuture`]: a plain future, a task, a gather, a sleep, and so on.
pub(crate) trait AnyCell {
    /// The part that is the same in all of them.
    fn about(&self) -> &dyn About;
    /// What kind it is, and which one.
    fn name(&self) -> String;
    /// What it waits for itself.
    fn waits_for(&self) -> Vec<AnyFuture> {
        Vec::new()
    }
    /// To whom a cancellation is passed on.
    fn to_ask(&self) -> Vec<AnyFuture> {
        self.waits_for()
    }
    /// What it cannot go on without.
    fn blocked_on(&self) -> Vec<AnyFuture> {
        self.waits_for()
    }
    /// The task of its loop that has taken what it waits for, if that is known.
    fn held_by(&self) -> Option<u64> {
        None
    }
    /// The number of the line in which it stands, if it is one of [`sync`](crate::sync).
    fn waits_in(&self) -> Option<u64> {
        None
    }
    /// Cancels it, now that what it waits for was asked, and maybe said yes. False if it is done; then
    /// nobody needs to be told any more of an error that is in it.
    fn cancel_here(self: Rc<Self>, below: Below) -> bool;
    /// It said yes because these did: their end will be the answer.
    fn was_passed_to(&self, _said_yes: &[AnyFuture]) {}
    /// Has the callback queued when it is done; gives the callback's place in the line.
    fn on_done(self: Rc<Self>, callback: AnyCallback, made_at: &'static Location<'static>) -> u64;
}

/// What came of asking all that something waits for to cancel itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Below {
    /// There is nothing, or it said no.
    SaidNo,
    /// Some of it said yes, and its end will be the answer.
    SaidYes,
    /// Some of it waits in the end for one that is being asked, and the rest said no.
    IsACircle,
}

/// Those to whom a cancellation was passed on.
#[derive(Default)]
pub(crate) struct PassedTo {
    /// They have not refused so far, and the task has not heard that they are cancelled. (To have asked somebody is no
    /// reason to keep him.)
    pub(crate) asked: Vec<Weak<dyn AnyCell>>,
    /// Others were given up: they had not refused when they were not waited for any more.
    pub(crate) given_up: bool,
}

/// A done-callback that does not care for the type of the result.
pub(crate) type AnyCallback = Box<dyn FnOnce(&AnyFuture)>;

/// What can be told of every future.
pub(crate) trait About {
    /// Its number among the futures and tasks of its loop.
    fn id(&self) -> u64;
    fn done(&self) -> bool;
    /// Which loop is its own; only to be compared.
    fn event_loop(&self) -> *const ();
    fn describe(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result;
    /// Where in the source it was made.
    fn made_at(&self) -> &'static Location<'static>;
    /// Why there is no result: an error, or that it was cancelled. `None` also if it is
    /// not done.
    fn error(&self) -> Option<Error>;
    /// The same; but to ask is to have looked.
    fn failure(&self) -> Option<Error>;
    /// Gives a place in the line up. Fine if the line is gone already.
    fn leave_line(&self, place: u64);
    /// Whether this waker stands at that place in the line.
    fn holds(&self, place: u64, waker: &Waker) -> bool;
    /// Whether it stands at any place.
    fn holds_anywhere(&self, waker: &Waker) -> bool;
    /// Whether anybody stands in the line.
    fn is_waited_for(&self) -> bool;
    /// How many stand there.
    fn waiting(&self) -> usize;
    /// Tells its loop's observer, if there is one.
    fn tell(&self, event: &mut dyn FnMut() -> LoopEvent);
}

/// Tasks are kept from waiting for each other in a circle, if it is found among so many futures. To
/// look at more of them, at each wait, would make a long chain of tasks slow.
const FAR: usize = 256;

impl AnyFuture {
    /// Whether it has a result, an error, or was cancelled.
    pub fn done(&self) -> bool {
        self.0.about().done()
    }

    /// Has a callback queued when it is done; at once, if it is done now. It is given the future.
    ///
    /// This is all that it takes to write a task of one's own:
    ///
    /// ```
    /// use send_none::{Coroutine, EventLoop, Result, Step, Suspended, sleep};
    /// use std::time::Duration;
    ///
    /// fn step<F>(mut coro: Coroutine<F>, event_loop: EventLoop)
    /// where
    ///     F: Future<Output = Result<()>> + 'static,
    /// {
    ///     match coro.send(None) {
    ///         Step::Returned(_) => event_loop.stop(),
    ///         Step::Suspended(Suspended::On(fut)) => {
    ///             fut.add_done_callback(move |_| step(coro, event_loop));
    ///         }
    ///         Step::Suspended(_) => {
    ///             let again = event_loop.clone();
    ///             event_loop.call_soon(move || step(coro, again));
    ///         }
    ///     }
    /// }
    ///
    /// let event_loop = EventLoop::with_virtual_clock();
    /// let coro = Coroutine::new(async {
    ///     sleep(Duration::from_secs(3)).await?;
    ///     sleep(Duration::from_secs(4)).await
    /// });
    /// let first = event_loop.clone();
    /// event_loop.call_soon(move || step(coro, first));
    /// event_loop.run_forever()?;
    /// assert_eq!(event_loop.time(), Duration::from_secs(7));
    /// # Ok::<(), send_none::Error>(())
    /// ```
    ///
    /// # Panics
    /// If it is done and its loop is closed.
    #[track_caller]
    pub fn add_done_callback(&self, callback: impl FnOnce(&AnyFuture) + 'static) {
        let future = self.0.clone();
        future.on_done(Box::new(callback), Location::caller());
    }

    /// Has a callback queued when it is done, unless what this gives is dropped before.
    #[track_caller]
    pub(crate) fn watch(&self, callback: impl FnOnce(&AnyFuture) + 'static) -> Watch {
        let future = self.0.clone();
        Watch::at(self, future.on_done(Box::new(callback), Location::caller()))
    }

    /// Tells that it was made, once all of it is there.
    pub(crate) fn tell_made(&self) {
        let about = self.0.about();
        about.tell(&mut || LoopEvent::FutureMade {
            future: about.id(),
            name: self.0.name(),
            waits_for: ids(self.pending_below()),
            waits_in: self.0.waits_in(),
            made_at: about.made_at(),
        });
    }

    /// What it waits for itself, and is of its loop, and not done.
    pub(crate) fn pending_below(&self) -> impl Iterator<Item = AnyFuture> + use<> {
        let (below, here) = (self.0.waits_for().into_iter(), self.event_loop());
        below.filter(move |future| !future.done() && future.event_loop() == here)
    }

    /// Which loop is its own; only to be compared.
    pub(crate) fn event_loop(&self) -> *const () {
        self.0.about().event_loop()
    }

    /// Python: `id(future)`.
    pub(crate) fn address(&self) -> *const () {
        Rc::as_ptr(&self.0).cast()
    }

    /// The way from this one to that one by what cannot go on without what, both included. It is not
    /// searched for ever: see [`FAR`].
    pub(crate) fn way_to(&self, target: &AnyFuture) -> Option<Vec<AnyFuture>> {
        let mut way = vec![(self.clone(), self.0.blocked_on())];
        let mut visited = 0;
        while let Some((here, below)) = way.last_mut() {
            if here.address() == target.address() {
                return Some(way.into_iter().map(|(future, _)| future).collect());
            }
            match below.pop() {
                Some(next) if visited < FAR && !next.done() => {
                    visited += 1;
                    let below = next.0.blocked_on();
                    way.push((next, below));
                }
                Some(_) => {}
                None => drop(way.pop()),
            }
        }
        None
    }
}

/// Their numbers, each once.
pub(crate) fn ids(futures: impl Iterator<Item = AnyFuture>) -> Vec<u64> {
    let mut seen = BTreeSet::new();
    let ids = futures.map(|future| future.0.about().id());
    ids.filter(|id| seen.insert(*id)).collect()
}

/// A callback in the line of a future; it is taken out again when this goes.
pub(crate) struct Watch {
    future: Weak<dyn AnyCell>,
    place: u64,
}

impl Watch {
    pub(crate) fn at(future: &AnyFuture, place: u64) -> Self {
        Watch {
            future: Rc::downgrade(&future.0),
            place,
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(future) = self.future.upgrade() {
            future.about().leave_line(self.place);
        }
    }
}

/// Whether the two are one. Python: `is`.
impl PartialEq for AnyFuture {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl Eq for AnyFuture {}

impl fmt::Debug for AnyFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.about().describe(&self.0.name(), f)
    }
}
