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
//! 3. [`park`]: note in the record what they wait for. (And [`forget`] it if they are dropped
//!    before the step is over, because another branch has won.)
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

/// A future that a leaf waits for, and the leaf's place in that future's line.
type Wait = (AnyFuture, u64);

/// What a suspended coroutine waits for, as its leaves told it.
#[derive(Clone, Default)]
pub(crate) struct Waits {
    /// Nearly always the only one.
    first: Option<Wait>,
    /// A hand-written combinator may pass its waker on to several leaves.
    more: Vec<Wait>,
    yielded: bool,
    /// The leaf cannot be waited for here; this is to be thrown in next.
    pub(crate) refused: Option<Error>,
}

impl Waits {
    /// The one future that it waits for, if it is one.
    pub(crate) fn single(&self) -> Option<&AnyFuture> {
        let (future, _) = self.first.as_ref()?;
        (self.more.is_empty() && !self.yielded).then_some(future)
    }

    pub(crate) fn is_bare_yield(&self) -> bool {
        self.yielded && self.first.is_none()
    }

    /// None of the futures that it waits for is pending; maybe there are none.
    pub(crate) fn all_done(&self) -> bool {
        self.futures().all(AnyFuture::done)
    }

    pub(crate) fn futures(&self) -> impl Iterator<Item = &AnyFuture> {
        self.first
            .iter()
            .chain(&self.more)
            .map(|(future, _)| future)
    }

    fn add(&mut self, future: AnyFuture, place: u64) {
        drop(self.remove(future.address(), place)); // polled twice in one step
        match self.first {
            None => self.first = Some((future, place)),
            Some(_) => self.more.push((future, place)),
        }
    }

    fn remove(&mut self, address: *const (), place: u64) -> Option<Wait> {
        let is_it = |wait: &Wait| wait.0.address() == address && wait.1 == place;
        if let Some(index) = self.more.iter().position(is_it) {
            return Some(self.more.remove(index));
        }
        let first = self.first.take_if(|first| is_it(first))?;
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
    /// Ends the step: the error that no leaf took, and what the leaves wait for. (The drop of this
    /// guard puts the outer record back.)
    pub(crate) fn end(self) -> (Option<Error>, Waits) {
        let record = replace(None);
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

/// Asks whether the step may wait for this future. If it may not, the reason is noted: then the leaf
/// must not wait, and the reason will be thrown in there.
pub(crate) fn may_wait_for(waker: &Waker, future: &AnyFuture) -> bool {
    let task = with(waker, |record| record.stepper.clone()).flatten();
    let Some(refusal) = task.and_then(|task| refusal(&task, future)) else {
        return true;
    };
    with(waker, |record| record.waits.refused = Some(refusal));
    false
}

/// Notes that the step ends in waiting for this future, at that place in its line.
pub(crate) fn park(waker: &Waker, future: AnyFuture, place: u64) {
    with(waker, |record| record.waits.add(future, place));
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
    circle(task, future)
}

/// If the future waits for the task, by whatever way, both would wait for ever.
fn circle(task: &AnyFuture, future: &AnyFuture) -> Option<Error> {
    if !task.0.about().is_waited_for() {
        return None; // so no way leads to it
    }
    let names: Vec<_> = future
        .way_to(task)?
        .iter()
        .map(|member| member.0.name())
        .collect();
    let circle = format!("{} -> {}", task.0.name(), names.join(" -> "));
    let text = format!("Tasks wait for each other in a circle: {circle}");
    Some(Error::runtime(
        &text,
        "let one of them go on without the other",
    ))
}

/// Notes that the step ends in a bare yield.
pub(crate) fn park_on_nothing(waker: &Waker) {
    with(waker, |record| record.waits.yielded = true);
}

/// The leaf that waited for this future, at that place in its line, was dropped in this step.
pub(crate) fn forget(address: *const (), place: u64) {
    let remove = |record: &RefCell<Option<Record>>| {
        let mut record = record.borrow_mut();
        record
            .as_mut()
            .and_then(|record| record.waits.remove(address, place))
    };
    drop(RECORD.try_with(remove));
}
