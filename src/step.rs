//! The step in progress.
//!
//! While a coroutine is polled, a record lies in a thread-local: which waker the step was given,
//! whether an error is to be thrown in, and what the leaves say they wait for. [`Record::begin`]
//! lays it out, and the guard that it returns puts back the one that lay there before. So steps can
//! nest: a coroutine may send into another one by hand.
//!
//! A leaf is a future that says `Pending` itself. On each poll, ours do three things:
//!
//! 1. [`take_thrown`]: is there an error for me? Then that is what comes out of this `await`.
//! 2. Store the waker that they were polled with, in place of the one from the last poll.
//! 3. [`park`]: note in the record what they wait for.
//!
//! A leaf can also sit inside a combinator from another crate, which polls it with a waker of its
//! own. Then the step is not blocked on this leaf alone, and the leaf leaves the record as it is.
//! It can tell by the waker: it is not the one that the step was given.
//!
//! Next: [`coroutine`](crate::coroutine), which takes the steps.

use std::cell::RefCell;
use std::task::{RawWakerVTable, Waker};

use crate::any_future::AnyFuture;
use crate::error::Error;

/// What a suspended coroutine waits for, as its leaves told it.
#[derive(Clone, Default)]
pub(crate) struct Waits {
    /// Nearly always the only one.
    first: Option<AnyFuture>,
    /// A hand-written combinator may pass its waker on to several leaves.
    more: Vec<AnyFuture>,
    yielded: bool,
    /// The leaf cannot be waited for here; this is to be thrown in next.
    pub(crate) refused: Option<Error>,
}

impl Waits {
    /// The one future that it waits for, if it is one.
    pub(crate) fn single(&self) -> Option<&AnyFuture> {
        if self.more.is_empty() && !self.yielded {
            self.first.as_ref()
        } else {
            None
        }
    }

    pub(crate) fn is_bare_yield(&self) -> bool {
        self.yielded && self.first.is_none()
    }

    /// Nothing of this crate will wake it.
    pub(crate) fn is_foreign(&self) -> bool {
        self.first.is_none()
    }

    pub(crate) fn futures(&self) -> impl Iterator<Item = &AnyFuture> {
        self.first.iter().chain(&self.more)
    }

    fn add(&mut self, future: AnyFuture) {
        match self.first {
            None => self.first = Some(future),
            Some(_) => self.more.push(future),
        }
    }

    fn remove(&mut self, address: *const ()) -> Option<AnyFuture> {
        if let Some(place) = self
            .more
            .iter()
            .position(|future| future.address() == address)
        {
            return Some(self.more.remove(place));
        }
        let first = self.first.take_if(|first| first.address() == address)?;
        self.first = self.more.pop();
        Some(first)
    }
}

/// A waker's identity: cloned ones have the same.
type WakerId = (*const (), &'static RawWakerVTable);

fn id_of(waker: &Waker) -> WakerId {
    (waker.data(), waker.vtable())
}

/// The record of one step.
pub(crate) struct Record {
    waker: WakerId,
    thrown: Option<Error>,
    /// The task that takes the step, if it is one.
    stepper: Option<AnyFuture>,
    waits: Waits,
}

thread_local! {
    static RECORD: RefCell<Option<Record>> = const { RefCell::new(None) };
}

/// Puts another record there, and gives back the one that was. (While a thread ends its
/// thread-locals are gone; then there is none.)
fn replace(record: Option<Record>) -> Option<Record> {
    RECORD
        .try_with(|place| place.replace(record))
        .ok()
        .flatten()
}

/// Does something with the record, if the waker is the one that its step was given.
fn with<R>(waker: &Waker, act: impl FnOnce(&mut Record) -> R) -> Option<R> {
    let find = |place: &RefCell<Option<Record>>| {
        let mut place = place.borrow_mut();
        let record = place.as_mut().filter(|record| {
            let (data, vtable) = id_of(waker);
            record.waker.0 == data && std::ptr::eq(record.waker.1, vtable)
        });
        record.map(act)
    };
    RECORD.try_with(find).ok().flatten()
}

/// Puts the outer step's record back when it goes.
pub(crate) struct Guard {
    outer: Option<Record>,
}

impl Record {
    pub(crate) fn begin(waker: &Waker, thrown: Option<Error>, stepper: Option<AnyFuture>) -> Guard {
        let waits = Waits::default();
        Guard {
            outer: replace(Some(Record {
                waker: id_of(waker),
                thrown,
                stepper,
                waits,
            })),
        }
    }
}

impl Guard {
    /// Ends the step: the error that no leaf took, and what the leaves wait for.
    pub(crate) fn end(mut self) -> (Option<Error>, Waits) {
        let record = replace(self.outer.take());
        // The outer record is back already, and must not be put away once more.
        std::mem::forget(self);
        record
            .map(|record| (record.thrown, record.waits))
            .unwrap_or_default()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let record = replace(self.outer.take());
        drop(record);
    }
}

/// The error that is to be thrown in at this leaf.
pub(crate) fn take_thrown(waker: &Waker) -> Option<Error> {
    with(waker, |record| record.thrown.take()).flatten()
}

/// Notes that the step ends in waiting for this future. If that cannot be, notes why not, and
/// answers false: then the leaf must not wait, and will be thrown the reason.
pub(crate) fn park(waker: &Waker, future: impl FnOnce() -> AnyFuture) -> bool {
    let Some(stepper) = with(waker, |record| record.stepper.clone()) else {
        return true;
    };
    let future = future();
    let refusal = stepper.and_then(|task| refusal(&task, &future));
    let accepted = refusal.is_none();
    with(waker, |record| match refusal {
        None => record.waits.add(future),
        Some(_) => record.waits.refused = refusal,
    });
    accepted
}

fn refusal(task: &AnyFuture, future: &AnyFuture) -> Option<Error> {
    if future.address() == task.address() {
        let text = format!("Task cannot await on itself: {future:?}");
        return Some(Error::runtime(
            &text,
            "await another task, or return the value",
        ));
    }
    if future.0.about().event_loop() != task.0.about().event_loop() {
        let text = format!("Task {task:?} got Future {future:?} attached to a different loop");
        let advice = "create the future with the loop that the task runs on";
        return Some(Error::runtime(&text, advice));
    }
    None
}

/// Notes that the step ends in a bare yield.
pub(crate) fn park_on_nothing(waker: &Waker) {
    with(waker, |record| record.waits.yielded = true);
}

/// A leaf that waited for this future was dropped in the course of the step.
pub(crate) fn forget(address: *const ()) {
    let remove = |place: &RefCell<Option<Record>>| {
        place
            .borrow_mut()
            .as_mut()
            .and_then(|record| record.waits.remove(address))
    };
    drop(RECORD.try_with(remove));
}
