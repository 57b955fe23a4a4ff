//! The step in progress.
//!
//! A leaf is a future that says `Pending` itself. On a poll ours ask for the step [`in_progress`] and do three
//! things with its [`Record`]. (One that is done need not ask, unless an error is being thrown in: see
//! [`is_throwing`].)
//!
//! 1. [`take_thrown`](Record::take_thrown): is there an error for me? Then that is what comes
//!    out of this `await`.
//! 2. Store the waker that they were polled with, in place of the one from the last poll.
//! 3. [`park`](Record::park): note in the record what they wait for. (And [`forget`] it if they
//!    are dropped before the step is over, because another branch has won.)
//!
//! Which step is in progress? A loop runs one task at a time, and knows which. So nobody needs to lay a task's
//! record anywhere before each step: the leaf asks the loop that runs. A coroutine that is driven by hand has
//! no loop; its record lies [`open`] in a thread-local during the step. By hand, steps can nest: the guard
//! that `open` gives puts back the one that lay there before.
//!
//! A leaf can also sit inside a combinator from another crate, which polls it with a waker of its
//! own. Then the step is not blocked on this leaf alone, and the leaf leaves the record as it is.
//! It can tell by the waker: it is not the one that the step was given.
//!
//! Next: [`coroutine`](crate::coroutine), which takes the steps.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{RawWakerVTable, Waker};

use crate::any_future::AnyFuture;
use crate::error::Error;
use crate::event_loop::LoopTask;
use crate::loop_event::Who;
use crate::record::Record;
use crate::turn::with_running;

/// The open record of a coroutine that is driven by hand.
struct Open {
    record: Rc<Record>,
    /// The waker that the step was given.
    waker: WakerId,
}

/// A waker's identity. (A clone of `Waker::noop()` may have another one, so it will not do.)
type WakerId = (*const (), *const RawWakerVTable);

fn id_of(waker: &Waker) -> WakerId {
    (waker.data(), waker.vtable())
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

/// Begins a step by hand: opens the record.
pub(crate) fn open(record: Rc<Record>, waker: &Waker) -> Guard {
    let waker = id_of(waker);
    Guard {
        outer: replace(Some(Open { record, waker })),
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let inner = replace(self.outer.take());
        drop(inner);
    }
}

thread_local! {
    /// Whether an error is being thrown in.
    static THROWING: Cell<bool> = const { Cell::new(false) };
}

/// As long as it lives, an error is being thrown in.
pub(crate) struct Throwing {
    outer: bool,
}

impl Throwing {
    pub(crate) fn begin() -> Self {
        Throwing {
            outer: THROWING.replace(true),
        }
    }
}

impl Drop for Throwing {
    fn drop(&mut self) {
        THROWING.set(self.outer);
    }
}

/// Whether an error is being thrown in, maybe to another leaf. Nearly always there is none, and then a leaf that
/// is done need not ask whose step it is in.
#[inline]
pub(crate) fn is_throwing() -> bool {
    THROWING.get()
}

/// The step in progress, as a leaf sees it.
pub(crate) enum InProgress {
    OfTask(Rc<dyn LoopTask>),
    ByHand(Rc<Record>),
}

/// The step in progress, if this waker is the one that it was given.
pub(crate) fn in_progress(waker: &Waker) -> Option<InProgress> {
    by_hand(|open| open.waker == id_of(waker)).or_else(|| {
        let task = current_task().filter(|task| task.has_waker(waker))?;
        Some(InProgress::OfTask(task))
    })
}

fn by_hand(is_it: impl FnOnce(&Open) -> bool) -> Option<InProgress> {
    let find = |open: &RefCell<Option<Open>>| {
        let open = open.borrow();
        let open = open.as_ref().filter(|open| is_it(open))?;
        Some(InProgress::ByHand(open.record.clone()))
    };
    OPEN.try_with(find).ok().flatten()
}

pub(crate) fn current_task() -> Option<Rc<dyn LoopTask>> {
    with_running(|event_loop| event_loop.task(event_loop.core.current.get()?)).flatten()
}

impl InProgress {
    pub(crate) fn record(&self) -> &Record {
        match self {
            InProgress::OfTask(task) => task.record(),
            InProgress::ByHand(record) => record,
        }
    }

    /// Whose waker it was given, as those see it who watch that loop. They know nothing of tasks of others.
    pub(crate) fn who(&self, event_loop: *const ()) -> Who {
        match self {
            InProgress::OfTask(task) if task.about().event_loop() == event_loop => Who::Task {
                task: task.about().id(),
            },
            _ => Who::Waker,
        }
    }
}

/// The leaf that waited for this future, at that place in its line, was dropped in this step. Both are asked:
/// a step by hand may be in the midst of a task's.
pub(crate) fn forget(address: *const (), place: u64) {
    if let Some(step) = by_hand(|_| true) {
        step.record().forget(address, place);
    }
    if let Some(task) = current_task() {
        task.record().forget(address, place);
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
    if future.0.blocked_on().is_empty() {
        return None; // so no way leads from the one to the other
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
