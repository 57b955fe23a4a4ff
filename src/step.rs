//! The step in progress.
//!
//! Each coroutine has a [`Record`]: whether an error is to be thrown in, and what its leaves say they
//! wait for. While it is polled the record lies open in a thread-local, beside the waker that the step
//! was given, for the leaves to find it. [`open`] opens it, and the guard that this returns puts back
//! the one that lay there before. So steps can nest: a coroutine may send into another one by hand.
//!
//! A leaf is a future that says `Pending` itself. On each poll, ours ask for the step
//! [`in_progress`] and do three things with it:
//!
//! 1. [`take_thrown`](InProgress::take_thrown): is there an error for me? Then that is what comes
//!    out of this `await`.
//! 2. Store the waker that they were polled with, in place of the one from the last poll.
//! 3. [`park`](InProgress::park): note in the record what they wait for. (And [`forget`] it if they
//!    are dropped before the step is over, because another branch has won.)
//!
//! A leaf can also sit inside a combinator from another crate, which polls it with a waker of its
//! own. Then the step is not blocked on this leaf alone, and the leaf leaves the record as it is.
//! It can tell by the waker: it is not the one that the step was given.
//!
//! Next: [`coroutine`](crate::coroutine), which takes the steps.

use std::cell::{Cell, Ref, RefCell};
use std::rc::Rc;
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
    /// A hand-written combinator may pass its waker on to several leaves. (Boxed, so that it takes no
    /// place in those that do not.)
    #[allow(
        clippy::box_collection,
        reason = "an empty `Vec` is three times as large"
    )]
    more: Option<Box<Vec<Wait>>>,
    yielded: bool,
}

impl Waits {
    /// The one future that it waits for, if it is one.
    pub(crate) fn single(&self) -> Option<&AnyFuture> {
        let (future, _) = self.first.as_ref()?;
        (self.more.is_none() && !self.yielded).then_some(future)
    }

    pub(crate) fn is_bare_yield(&self) -> bool {
        self.yielded && self.first.is_none()
    }

    /// It waits, but for nothing of this crate.
    pub(crate) fn is_foreign(&self) -> bool {
        self.first.is_none() && !self.yielded
    }

    /// One of the futures that it waits for was cancelled.
    pub(crate) fn any_cancelled(&self) -> bool {
        let cancelled = |future: &AnyFuture| {
            future.done() && matches!(future.0.about().failure(), Some(Error::Cancelled))
        };
        self.all().any(|(future, _)| cancelled(future))
    }

    fn all(&self) -> impl Iterator<Item = &Wait> {
        self.first
            .iter()
            .chain(self.more.iter().flat_map(|more| more.iter()))
    }

    /// The pending futures in whose line this waker really stands. (A leaf may be gone, and the step
    /// that it told not be the one in progress then.)
    pub(crate) fn held<'a>(&'a self, waker: &'a Waker) -> impl Iterator<Item = &'a AnyFuture> {
        self.all()
            .filter(|(future, place)| future.0.about().holds(*place, waker))
            .map(|(future, _)| future)
    }

    fn add(&mut self, future: AnyFuture, place: u64) {
        drop(self.remove(future.address(), place)); // polled twice in one step
        match self.first {
            None => self.first = Some((future, place)),
            Some(_) => self.more.get_or_insert_default().push((future, place)),
        }
    }

    fn remove(&mut self, address: *const (), place: u64) -> Option<Wait> {
        let is_it = |wait: &Wait| wait.0.address() == address && wait.1 == place;
        let more = self.more.as_mut();
        let removed = more.and_then(|more| Some(more.remove(more.iter().position(is_it)?)));
        let removed = removed.or_else(|| {
            let first = self.first.take_if(|first| is_it(first))?;
            self.first = self.more.as_mut().and_then(|more| more.pop());
            Some(first)
        });
        self.more.take_if(|more| more.is_empty());
        removed
    }
}

/// A waker's identity: cloned ones have the same.
type WakerId = (*const (), *const RawWakerVTable);

fn id_of(waker: &Waker) -> WakerId {
    (waker.data(), waker.vtable())
}

/// The record of a coroutine's step in progress, and of its last step when none is.
#[derive(Default)]
pub(crate) struct Record {
    /// Whether there was a step at all.
    pub(crate) started: Cell<bool>,
    /// To be thrown in, until a leaf takes it.
    thrown: Cell<Option<Box<Error>>>,
    waits: RefCell<Waits>,
}

impl Record {
    /// Has an error thrown in at the next step.
    pub(crate) fn throw(&self, error: Error) {
        self.thrown.set(Some(Box::new(error)));
    }

    pub(crate) fn take_thrown(&self) -> Option<Error> {
        self.thrown.take().map(|error| *error)
    }

    /// What the coroutine waits for.
    pub(crate) fn waits(&self) -> Ref<'_, Waits> {
        self.waits.borrow()
    }

    /// Forgets what it waited for.
    pub(crate) fn clear(&self) {
        if self.waits.borrow().first.is_some() {
            let waits = self.waits.take();
            drop(waits);
        }
        self.waits.borrow_mut().yielded = false;
    }
}

/// Whose record it is: a task, or a coroutine that is driven by hand.
pub(crate) trait Stepped {
    fn record(&self) -> &Record;
}

/// The open record.
struct Open {
    stepped: Rc<dyn Stepped>,
    /// The waker that the step was given.
    waker: WakerId,
}

thread_local! {
    static OPEN: RefCell<Option<Open>> = const { RefCell::new(None) };
}

/// Puts another one there, and gives back the one that was. (While a thread ends its thread-locals
/// are gone; then there is none.)
fn replace(open: Option<Open>) -> Option<Open> {
    OPEN.try_with(|cell| cell.replace(open)).ok().flatten()
}

/// Closes the record, and opens that of the outer step again; also if the step panics.
pub(crate) struct Guard {
    outer: Option<Open>,
}

/// Begins a step: opens the record.
pub(crate) fn open(stepped: Rc<dyn Stepped>, waker: &Waker) -> Guard {
    let waker = id_of(waker);
    Guard {
        outer: replace(Some(Open { stepped, waker })),
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let inner = replace(self.outer.take());
        drop(inner);
    }
}

/// The step in progress, as a leaf sees it.
pub(crate) struct InProgress(Rc<dyn Stepped>);

/// The step in progress, if this waker is the one that it was given.
pub(crate) fn in_progress(waker: &Waker) -> Option<InProgress> {
    let find = |open: &RefCell<Option<Open>>| {
        let open = open.borrow();
        let open = open.as_ref().filter(|open| open.waker == id_of(waker))?;
        Some(InProgress(open.stepped.clone()))
    };
    OPEN.try_with(find).ok().flatten()
}

impl InProgress {
    /// The error that is to be thrown in at this leaf.
    pub(crate) fn take_thrown(&self) -> Option<Error> {
        self.0.record().take_thrown()
    }

    /// Notes that the step ends in waiting for this future, at that place in its line.
    pub(crate) fn park(&self, future: AnyFuture, place: u64) {
        self.0.record().waits.borrow_mut().add(future, place);
    }

    /// Notes that the step ends in a bare yield.
    pub(crate) fn park_on_nothing(&self) {
        self.0.record().waits.borrow_mut().yielded = true;
    }
}

/// Why a task may not wait for this future alone, if so.
pub(crate) fn refusal(task: &AnyFuture, future: &AnyFuture) -> Option<Error> {
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

/// The leaf that waited for this future, at that place in its line, was dropped in this step.
pub(crate) fn forget(address: *const (), place: u64) {
    let stepped = |open: &RefCell<Option<Open>>| Some(open.borrow().as_ref()?.stepped.clone());
    if let Some(stepped) = OPEN.try_with(stepped).ok().flatten() {
        let wait = stepped.record().waits.borrow_mut().remove(address, place);
        drop(wait);
    }
}
