//! Waiting for several, side by side.
//!
//! A gather is a future of its own kind. It hangs a callback on each of its members and is settled
//! by the last of them, or by the first that goes wrong; and to cancel it is to cancel them.
//!
//! It belongs to its loop until it is done, as a task does. The callbacks refer to it weakly: a
//! member that holds its gather, which holds its members, could never be freed.

use std::cell::{Cell, RefCell};
use std::future::IntoFuture;
use std::rc::{Rc, Weak};

use crate::any_future::{About, AnyCell, AnyFuture};
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::future_cell::{AsCell, FutureCell, Settable};
use crate::program::ensure_future;
use crate::turn::get_event_loop;

/// Runs them side by side and gives their results in the order of the arguments.
/// Python: `asyncio.gather`.
///
/// They are all started now, in order, not when the gather is awaited. Futures and tasks are taken
/// as they are, coroutines are made tasks of. A gather of nothing is done at once.
///
/// The first error, or cancellation, ends the gather with it; the other members run on, and their
/// errors are ignored. Cancelling the gather cancels all members that are not done.
///
/// # Panics
/// If nothing tells the loop: there is neither a running loop nor a default one.
#[track_caller]
pub fn gather<T, I>(awaitables: I) -> FutureCell<Vec<T>>
where
    T: Clone + 'static,
    I: IntoIterator<Item: IntoFuture<Output = Result<T>, IntoFuture: 'static>>,
{
    Gather::start(awaitables, |result| result)
}

/// The same, but waits for all of them and gives their errors among the results.
/// Python: `asyncio.gather(…, return_exceptions=True)`.
///
/// # Panics
/// As [`gather`].
#[doc(alias = "return_exceptions")]
#[track_caller]
pub fn gather_results<T, I>(awaitables: I) -> FutureCell<Vec<Result<T>>>
where
    T: Clone + 'static,
    I: IntoIterator<Item: IntoFuture<Output = Result<T>, IntoFuture: 'static>>,
{
    Gather::start(awaitables, Ok)
}

struct Gather<T: 'static, U: 'static> {
    future: Settable<Vec<U>>,
    members: RefCell<Vec<AnyFuture>>,
    results: RefCell<Vec<Option<U>>>,
    unfinished: Cell<usize>,
    cancel_requested: Cell<bool>,
    /// Turns how a member ended into an entry of the list, or into the end of the gather.
    judge: fn(Result<T>) -> Result<U>,
}

impl<T: Clone + 'static, U: 'static> Gather<T, U> {
    #[track_caller]
    fn start<I>(awaitables: I, judge: fn(Result<T>) -> Result<U>) -> FutureCell<Vec<U>>
    where
        I: IntoIterator<Item: IntoFuture<Output = Result<T>, IntoFuture: 'static>>,
    {
        let members: Vec<FutureCell<T>> = awaitables.into_iter().map(ensure_future).collect();
        let event_loop = Self::loop_of(&members);
        let gather = Rc::new(Gather {
            future: Settable::new(&event_loop),
            members: RefCell::new(members.iter().map(FutureCell::as_any).collect()),
            results: RefCell::new(members.iter().map(|_| None).collect()),
            unfinished: Cell::new(members.len()),
            cancel_requested: Cell::new(false),
            judge,
        });
        let future = FutureCell::of(gather.clone());
        if members.is_empty() {
            gather.settle(Ok(Vec::new()));
            return future;
        }
        event_loop.keep(gather.future.id, gather.clone());
        for (place, member) in members.iter().enumerate() {
            let gather = Rc::downgrade(&gather);
            member.add_done_callback(move |member: &FutureCell<T>| {
                Self::member_done(&gather, place, member);
            });
        }
        future
    }

    #[track_caller]
    fn loop_of(members: &[FutureCell<T>]) -> EventLoop {
        let of_first = members
            .first()
            .and_then(|first| first.shared.settable().event_loop());
        of_first.unwrap_or_else(|| get_event_loop().unwrap_or_else(|error| panic!("{error:?}")))
    }

    fn member_done(gather: &Weak<Self>, place: usize, member: &FutureCell<T>) {
        let Some(gather) = gather
            .upgrade()
            .filter(|gather| !gather.future.is_settled())
        else {
            return;
        };
        gather.unfinished.set(gather.unfinished.get() - 1);
        match (gather.judge)(member.result()) {
            Err(error) => return gather.settle(Err(error)),
            Ok(entry) => gather.results.borrow_mut()[place] = Some(entry),
        }
        if gather.unfinished.get() == 0 {
            let results = gather.results.take().into_iter().flatten().collect();
            let cancelled = gather.cancel_requested.get();
            gather.settle(if cancelled {
                Err(Error::Cancelled)
            } else {
                Ok(results)
            });
        }
    }

    fn settle(self: Rc<Self>, result: Result<Vec<U>>) {
        let members = self.members.take();
        if let Some(event_loop) = self.future.event_loop() {
            event_loop.release(self.future.id);
        }
        drop(members);
        // Called once, and from the loop: nothing can be wrong.
        drop(FutureCell::of(self).settle(result));
    }
}

impl<T: Clone + 'static, U: 'static> AnyCell for Gather<T, U> {
    fn about(&self) -> &dyn About {
        &self.future
    }

    fn name(&self) -> String {
        format!("Gather-{}", self.future.id)
    }

    fn waits_for(&self) -> Vec<AnyFuture> {
        self.members.borrow().clone()
    }

    /// It is over when its members are; until then a cancellation is only remembered.
    fn cancel_here(self: Rc<Self>, passed_on: bool) -> bool {
        if passed_on {
            self.cancel_requested.set(true);
        }
        passed_on
    }
}

impl<T: Clone + 'static, U: 'static> AsCell<Vec<U>> for Gather<T, U> {
    fn settable(&self) -> &Settable<Vec<U>> {
        &self.future
    }
}
