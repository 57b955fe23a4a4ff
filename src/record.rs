//! What a coroutine says beside the poll.
//!
//! A poll gives nothing back but "Pending". So each coroutine has a [`Record`]: in it stands what its
//! leaves, the futures at the bottom of all its awaits, say they wait for; and on the way in, whether
//! an error is to be thrown in at one of them.
//!
//! The waking does not need it, for a leaf has the waker. It is there for those who ask what happened,
//! and for cancelling, which must find the innermost thing waited for.
//!
//! Next: [`recycling`](crate::recycling), or straight on to [`task_table`](crate::task_table), the list of
//! all unfinished tasks.

use std::cell::{Cell, Ref, RefCell};
use std::panic::Location;
use std::task::Waker;

use crate::any_future::{AnyFuture, ids};
use crate::error::{Error, printed};
use crate::loop_event::{LoopEvent, Sends};

/// A line of the source.
type SourceLine = &'static Location<'static>;

/// What a leaf waits for.
#[derive(Clone)]
struct Wait {
    future: AnyFuture,
    /// The leaf's place in that future's line.
    place: u64,
    /// Where the leaf was polled: at the `await`.
    at: SourceLine,
}

/// What a suspended coroutine waits for, as its leaves told it.
#[derive(Clone, Default)]
pub(crate) struct Waits {
    /// Nearly always the only one.
    first: Option<Wait>,
    /// A hand-written combinator may pass its waker on to several leaves. (Boxed, so that it takes no
    /// place in those that do not.)
    #[allow(
        clippy::box_collection,
        reason = "an empty `Vec` is three times as large"
    )]
    more: Option<Box<Vec<Wait>>>,
    /// The `await` that was a bare yield.
    yielded: Option<SourceLine>,
}

impl Waits {
    /// The one future that it waits for, if it is one.
    #[inline]
    pub(crate) fn single(&self) -> Option<&AnyFuture> {
        let first = self.first.as_ref()?;
        (self.more.is_none() && self.yielded.is_none()).then_some(&first.future)
    }

    /// The `await` where it waits, the last one if there are several. If that stands in this crate, then it is the
    /// line where the program has asked for what is awaited there. If a leaf was polled as a `dyn Future`, nobody
    /// knows.
    pub(crate) fn at(&self) -> Option<SourceLine> {
        let last = self.more.as_ref().and_then(|more| more.last());
        let at = match last.or(self.first.as_ref()) {
            Some(wait) if is_poll_itself(wait.at) => return None,
            Some(wait) if is_ours(wait.at) => wait.future.0.about().made_at(),
            Some(wait) => wait.at,
            None => self.yielded?,
        };
        (!at.file().starts_with("/rustc/")).then_some(at)
    }

    /// What came of a task's step, for those who watch that loop. They know nothing of futures of others.
    pub(crate) fn told(
        &self,
        (task, waker): (u64, &Waker),
        event_loop: *const (),
        queued: bool,
        elsewhere: bool,
    ) -> LoopEvent {
        let id = |future: &AnyFuture| future.0.about().id();
        let is_here = |future: &&AnyFuture| future.event_loop() == event_loop;
        let single = self.single_that_wakes(waker).filter(is_here);
        match (single.filter(|_| !elsewhere).map(id), self.at()) {
            (Some(on), Some(at)) => LoopEvent::Parked {
                task,
                on,
                at,
                queued,
            },
            (_, at) => LoopEvent::Suspended {
                task,
                yields: self.is_bare_yield(),
                on: ids(self.that_wake(waker).filter(is_here).cloned()),
                elsewhere: elsewhere || !self.that_wake(waker).all(|future| is_here(&future)),
                at,
                queued,
            },
        }
    }

    pub(crate) fn is_bare_yield(&self) -> bool {
        self.yielded.is_some() && self.first.is_none()
    }

    /// It waits, but for nothing of this crate.
    #[inline]
    pub(crate) fn is_foreign(&self) -> bool {
        self.first.is_none() && self.yielded.is_none()
    }

    /// Looks at the futures that it waits for and that are done.
    pub(crate) fn look(&self) {
        let done = self.all().filter(|wait| wait.future.done());
        done.for_each(|wait| drop(wait.future.0.about().failure()));
    }

    fn all(&self) -> impl Iterator<Item = &Wait> {
        self.first
            .iter()
            .chain(self.more.iter().flat_map(|more| more.iter()))
    }

    /// The pending futures in whose line this waker really stands. (A leaf may be gone, and the step
    /// that it told not be the one in progress then. Or another leaf waits for the same future.)
    pub(crate) fn held<'a>(&'a self, waker: &'a Waker) -> impl Iterator<Item = &'a AnyFuture> {
        self.that_wake(waker).filter(|future| !future.done())
    }

    /// These, and those that are done: they have woken it.
    pub(crate) fn that_wake<'a>(&'a self, waker: &'a Waker) -> impl Iterator<Item = &'a AnyFuture> {
        let wakes = |wait: &&Wait| {
            let future = wait.future.0.about();
            future.done() || future.holds(wait.place, waker) || future.holds_anywhere(waker)
        };
        self.all().filter(wakes).map(|wait| &wait.future)
    }

    /// At how many of the places that were noted it stands.
    pub(crate) fn places_of(&self, waker: &Waker) -> usize {
        let stands = |wait: &&Wait| wait.future.0.about().holds(wait.place, waker);
        self.all().filter(stands).count()
    }

    /// The one future that it waits for, if it is one.
    pub(crate) fn single_that_wakes<'a>(&'a self, waker: &'a Waker) -> Option<&'a AnyFuture> {
        self.single().and(self.that_wake(waker).next())
    }

    fn add(&mut self, wait: Wait) {
        if self.first.is_some() {
            drop(self.remove(wait.future.address(), wait.place)); // polled twice in one step
        }
        match self.first {
            None => self.first = Some(wait),
            Some(_) => self.more.get_or_insert_default().push(wait),
        }
    }

    fn remove(&mut self, address: *const (), place: u64) -> Option<Wait> {
        let is_it = |wait: &Wait| wait.future.address() == address && wait.place == place;
        let removed = if self.first.as_ref().is_some_and(is_it) {
            let next = self.more.as_mut().map(|more| more.remove(0));
            std::mem::replace(&mut self.first, next)
        } else {
            let more = self.more.as_mut()?;
            Some(more.remove(more.iter().position(is_it)?))
        };
        self.more.take_if(|more| more.is_empty());
        removed
    }
}

/// Whether it is a line of this crate.
pub(crate) fn is_ours(at: SourceLine) -> bool {
    let folder = file!().strip_suffix("record.rs").unwrap_or_default();
    at.file().starts_with(folder)
}

/// That is the place of who polls, if nobody has written a call of `poll` there.
fn is_poll_itself(at: SourceLine) -> bool {
    let polls = ["awaiting.rs", "task_handle.rs"];
    is_ours(at) && polls.iter().any(|room| at.file().ends_with(room))
}

/// The record of a coroutine's step in progress, and of its last step when none is.
#[derive(Default)]
pub(crate) struct Record {
    /// Whether there was a step at all.
    pub(crate) started: Cell<bool>,
    /// The coroutine was dropped, for nothing in it could give an error out.
    pub(crate) dropped: Cell<bool>,
    /// To be thrown in, until a leaf takes it.
    thrown: Cell<Option<Box<Error>>>,
    waits: RefCell<Waits>,
}

impl Record {
    /// Has an error thrown in at the next step.
    pub(crate) fn throw(&self, error: Error) {
        self.thrown.set(Some(Box::new(error)));
    }

    /// Whether there is one.
    pub(crate) fn throws(&self) -> bool {
        let thrown = self.thrown.take();
        let throws = thrown.is_some();
        self.thrown.set(thrown);
        throws
    }

    #[inline]
    pub(crate) fn take_thrown(&self) -> Option<Error> {
        self.thrown.take().map(|error| *error)
    }

    /// What the next step will send, for those who watch.
    pub(crate) fn sends(&self) -> Sends {
        let Some(thrown) = self.thrown.take() else {
            return Sends::Waker;
        };
        let error = printed(|| format!("{thrown:?}"));
        self.thrown.set(Some(thrown));
        match self.somebody_can_give_it_out() {
            true => Sends::Error { error },
            false => Sends::ItsEnd { error },
        }
    }

    /// What the coroutine waits for.
    #[inline]
    pub(crate) fn waits(&self) -> Ref<'_, Waits> {
        self.waits.borrow()
    }

    /// Whether a leaf is there for an error that is thrown in: not before the first step, and not while it waits
    /// for something from elsewhere.
    pub(crate) fn somebody_can_give_it_out(&self) -> bool {
        self.started.get() && !self.waits().is_foreign()
    }

    /// Notes that the step ends in waiting for this future, at that place in its line.
    pub(crate) fn park(&self, future: AnyFuture, place: u64, at: SourceLine) {
        self.waits.borrow_mut().add(Wait { future, place, at });
    }

    /// Notes that the step ends in a bare yield.
    pub(crate) fn park_on_nothing(&self, at: SourceLine) {
        self.waits.borrow_mut().yielded = Some(at);
    }

    /// What waited for this future, at that place in its line, is gone.
    pub(crate) fn forget(&self, address: *const (), place: u64) {
        let wait = self.waits.borrow_mut().remove(address, place);
        drop(wait);
    }

    /// As if it were new.
    pub(crate) fn reset(&self) {
        self.started.set(false);
        self.dropped.set(false);
        drop(self.thrown.take());
        self.clear();
    }

    /// Forgets what it waited for.
    #[inline]
    pub(crate) fn clear(&self) {
        let mut waits = self.waits.borrow_mut();
        waits.yielded = None;
        if waits.first.is_some() {
            let futures = std::mem::take(&mut *waits);
            drop(waits);
            drop(futures);
        }
    }
}
