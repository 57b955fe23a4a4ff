//! A future that somebody else settles.
//!
//! It holds an outcome, once there is one: a result, an error, or that it was cancelled. Until then
//! it holds a line of those who wait for it, in the order in which they came: callbacks to be
//! called, and the wakers of whoever awaits it. std has a type for the first half, `OnceCell`;
//! hence the name. The word `Future` is left to std's trait, which this type implements.
//!
//! There is no waiting here: to ask for a result that is not there is an error, at once. Waiting is
//! what a coroutine does, and one thread has no time for any other kind.
//!
//! **Invariant.** The outcome is written once and never changed, so it can be read without a
//! borrow; and from then on the line is empty.
//!
//! Next: [`asking`](crate::asking), what can be asked of it.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::panic::Location;
use std::rc::{Rc, Weak};
use std::task::Waker;

use crate::any_future::{About, AnyCallback, AnyCell, AnyFuture};
use crate::error::Result;
use crate::event_loop::{Core, EventLoop, LoopTask};
use crate::handle::call_guarded;
use crate::loop_event::LoopEvent;
use crate::observer::{ExceptionContext, does_anybody_watch};
use crate::waiters::Line;

/// A result that will be there later. Python: `asyncio.Future`.
///
/// Make one with [`EventLoop::create_future`]. Cloning gives another handle of the same future, and
/// `==` tells whether two are the same. The result is cloned for each who reads it, so awaiting
/// needs `T: Clone`; put what cannot be cloned into an `Rc`.
///
/// ```
/// use send_none::EventLoop;
/// use std::time::Duration;
///
/// let event_loop = EventLoop::with_virtual_clock();
/// let fut = event_loop.create_future();
/// let setter = fut.clone();
/// event_loop.call_later(Duration::from_secs(20), move || setter.set_result("my result"));
/// assert_eq!(event_loop.run_until_complete(fut)?, "my result");
/// # Ok::<(), send_none::Error>(())
/// ```
#[doc(alias = "Future")]
#[must_use = "a future does nothing unless somebody awaits it, reads it or settles it"]
pub struct FutureCell<T: 'static> {
    held: Held<T>,
    /// This handle's place in the line, from the first poll that had to wait.
    pub(crate) place: Option<u64>,
}

/// The future, as a handle holds it. When the last handle of a task goes, the task's memory is kept for the next
/// one: see [`recycling`](crate::recycling).
struct Held<T: 'static>(Option<Rc<dyn AsCell<T>>>);

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        if let Some(last) = self.0.take_if(|cell| Rc::strong_count(cell) == 1) {
            last.recycle();
        }
    }
}

/// How a future ended.
pub(crate) enum Outcome<T> {
    Cancelled,
    Done(Result<T>),
}

/// The future itself; also the part of a task, or of a `gather`, that makes it a future.
pub(crate) struct Settable<T: 'static> {
    pub(crate) id: u64,
    /// For reports.
    pub(crate) kind: &'static str,
    pub(crate) made_at: &'static Location<'static>,
    pub(crate) event_loop: Weak<Core>,
    /// Whether anybody asked for the error, if there is one.
    pub(crate) looked_at: Cell<bool>,
    pub(crate) outcome: OnceCell<Outcome<T>>,
    pub(crate) line: RefCell<Line<Waiter<T>>>,
}

pub(crate) enum Waiter<T: 'static> {
    Task(Waker),
    /// And where it was added.
    Callback(DoneCallback<T>, &'static Location<'static>),
    /// A future that is settled when this one is.
    Follower(AnyCallback),
}

/// What is called when a future is done: a closure, or an `Rc` of one, which can be removed again.
///
/// A closure must name the type of its argument: `|fut: &FutureCell<_>| …`.
pub struct DoneCallback<T: 'static>(pub(crate) Kind<T>);

pub(crate) enum Kind<T: 'static> {
    Once(OnceCallback<T>),
    Shared(SharedCallback<T>),
    Any(AnyCallback),
}

pub(crate) type OnceCallback<T> = Box<dyn FnOnce(&FutureCell<T>) -> Result<()>>;
pub(crate) type SharedCallback<T> = Rc<dyn Fn(&FutureCell<T>)>;

/// Everything that has a [`Settable`] in it and so can stand behind a [`FutureCell`].
pub(crate) trait AsCell<T: 'static>: AnyCell {
    fn settable(&self) -> &Settable<T>;
    /// Why its outcome cannot be set from outside, if so.
    fn sets_itself(&self) -> Option<&'static str> {
        None
    }
    /// The last handle goes. A task keeps its memory for the next one; others are just dropped.
    fn recycle(self: Rc<Self>) {}
    /// The task, if it is one.
    fn loop_task(self: Rc<Self>) -> Option<Rc<dyn LoopTask>> {
        None
    }
}

impl EventLoop {
    /// Makes a future that belongs to this loop: its callbacks will run here.
    #[track_caller]
    pub fn create_future<T: 'static>(&self) -> FutureCell<T> {
        self.create_future_for("Future", Location::caller())
    }

    /// A future that one waits for in place of something else. What that is, and where, is for
    /// reports.
    pub(crate) fn create_future_for<T: 'static>(
        &self,
        what: &'static str,
        made_at: &'static Location<'static>,
    ) -> FutureCell<T> {
        FutureCell::made(Rc::new(Settable::made_at(self, what, made_at)))
    }
}

/// The handle.
impl<T: 'static> FutureCell<T> {
    pub(crate) fn of(shared: Rc<dyn AsCell<T>>) -> Self {
        FutureCell {
            held: Held(Some(shared)),
            place: None,
        }
    }

    /// A new one.
    #[inline]
    pub(crate) fn made(shared: Rc<dyn AsCell<T>>) -> Self {
        let future = FutureCell::of(shared);
        if does_anybody_watch() {
            future.as_any().tell_made();
        }
        future
    }

    pub(crate) fn shared(&self) -> &Rc<dyn AsCell<T>> {
        let held = self.held.0.as_ref();
        held.expect("it is there until this is dropped")
    }

    pub(crate) fn sets_itself(&self) -> bool {
        self.shared().sets_itself().is_some()
    }

    /// Its loop, unless that is gone.
    pub(crate) fn event_loop(&self) -> Option<EventLoop> {
        self.shared().settable().event_loop()
    }

    pub(crate) fn outcome(&self) -> Option<&Outcome<T>> {
        self.shared().settable().outcome.get()
    }
}

impl<T: 'static> Settable<T> {
    #[track_caller]
    pub(crate) fn new(event_loop: &EventLoop, kind: &'static str) -> Self {
        Self::made_at(event_loop, kind, Location::caller())
    }

    pub(crate) fn made_at(
        event_loop: &EventLoop,
        kind: &'static str,
        made_at: &'static Location<'static>,
    ) -> Self {
        Settable {
            id: event_loop.next_id(),
            kind,
            made_at,
            looked_at: Cell::new(false),
            event_loop: Rc::downgrade(&event_loop.core),
            outcome: OnceCell::new(),
            line: RefCell::default(),
        }
    }

    /// Makes a new one of what is left of another: it has no outcome, and nobody waits for it.
    pub(crate) fn renew(&mut self, event_loop: &EventLoop, made_at: &'static Location<'static>) {
        self.id = event_loop.next_id();
        self.made_at = made_at;
        self.looked_at.set(false);
        self.event_loop = Rc::downgrade(&event_loop.core);
    }

    pub(crate) fn event_loop(&self) -> Option<EventLoop> {
        self.event_loop.upgrade().map(|core| EventLoop { core })
    }

    pub(crate) fn is_settled(&self) -> bool {
        self.outcome.get().is_some()
    }

    pub(crate) fn stand_in_line(&self, waiter: Waiter<T>) -> u64 {
        self.line.borrow_mut().stand(waiter)
    }

    pub(crate) fn tell_left(&self, place: u64) {
        self.tell(&mut || LoopEvent::Left {
            future: self.id,
            place,
        });
    }

    /// Puts the waker in the place of the one that stands there.
    pub(crate) fn replace_in_line(&self, place: u64, waker: Waker) {
        let mut line = self.line.borrow_mut();
        let who = line.get_mut(place);
        let old = who.map(|who| std::mem::replace(who, Waiter::Task(waker)));
        drop(line);
        drop(old);
    }

    /// Sends everybody away, because the loop is closing.
    pub(crate) fn dissolve_line(&self) {
        let next = || self.line.borrow_mut().pop();
        while let Some((place, waiter)) = next() {
            self.tell_left(place);
            // One panic in a drop must not keep the others from being dropped.
            if let Err(error) = call_guarded(move || drop(waiter)) {
                let context = ExceptionContext::new("Exception while closing");
                let context = context.with_exception(error);
                let tell = |event_loop: EventLoop| event_loop.call_exception_handler(&context);
                self.event_loop().map_or_else(|| context.print(), tell);
            }
        }
    }
}

impl AnyFuture {
    /// Whether it is this very future. Python: `is`.
    pub fn is<T>(&self, fut: &FutureCell<T>) -> bool {
        self.address() == fut.as_any().address()
    }
}

impl<T> Clone for FutureCell<T> {
    fn clone(&self) -> Self {
        FutureCell::of(self.shared().clone())
    }
}

impl<T> PartialEq for FutureCell<T> {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(self.shared(), other.shared())
    }
}

impl<T> Eq for FutureCell<T> {}

impl<T> fmt::Debug for FutureCell<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        AnyFuture(self.shared().clone()).fmt(f)
    }
}
