//! The step in progress.
//!
//! A leaf is a future that says `Pending` itself. When one of ours is polled, and what it waits for is not simply
//! there, it does three things.
//!
//! 1. [`take_thrown`]: is there an error for me? Then that is what comes out of this `await`.
//! 2. Store the waker that they were polled with, in place of the one from the last poll. (A bare yield calls it.)
//! 3. [`park`](Record::park): note in the [`Record`] of the step what they wait for. (And [`forget`] it if they
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
use crate::event_loop::{EventLoop, LoopTask};
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

/// The error that is being thrown in, for the leaf that was polled with this waker, if there is one. (Nearly always
/// there is none, and then nobody needs to ask whose step it is.)
#[inline]
pub(crate) fn take_thrown(waker: &Waker) -> Option<Error> {
    match THROWING.get() {
        true => with_record(waker, Record::take_thrown).flatten(),
        false => None,
    }
}

/// Does something with the record of the step in progress, if this waker is the one that it was given. That must run
/// no code of others.
pub(crate) fn with_record<R>(waker: &Waker, f: impl FnOnce(&Record) -> R) -> Option<R> {
    if let Some(record) = by_hand(|open| open.waker == id_of(waker)) {
        return Some(f(&record));
    }
    with_current(|task| task.has_waker(waker).then(|| f(task.record()))).flatten()
}

/// The record of a coroutine that is driven by hand, if there is one, and it is this.
fn by_hand(is_it: impl FnOnce(&Open) -> bool) -> Option<Rc<Record>> {
    let find = |open: &RefCell<Option<Open>>| {
        let open = open.borrow();
        let open = open.as_ref().filter(|open| is_it(open))?;
        Some(open.record.clone())
    };
    OPEN.try_with(find).ok().flatten()
}

/// Does something with the task whose step is in progress.
fn with_current<R>(f: impl FnOnce(&Rc<dyn LoopTask>) -> R) -> Option<R> {
    let call = |event_loop: &EventLoop| {
        let tasks = event_loop.core.tasks.borrow();
        Some(f(tasks.get(event_loop.core.current.get()?)?))
    };
    with_running(call).flatten()
}

pub(crate) fn current_task() -> Option<Rc<dyn LoopTask>> {
    with_current(Rc::clone)
}

/// This future was cancelled, and that comes out of its `await` in this step. The task may have asked for it.
#[cold]
pub(crate) fn hear(future: *const ()) {
    if let Some(task) = current_task() {
        task.hear(future);
    }
}

/// Whose waker this is, as those see it who watch that loop. They know nothing of tasks of others.
pub(crate) fn who(waker: &Waker, event_loop: *const ()) -> Who {
    let task = current_task().filter(|task| task.has_waker(waker));
    match task.filter(|task| task.about().event_loop() == event_loop) {
        Some(task) => Who::Task {
            task: task.about().id(),
        },
        None => Who::Waker,
    }
}

/// The leaf that waited for this future, at that place in its line, was dropped in this step. Both are asked:
/// a step by hand may be in the midst of a task's.
pub(crate) fn forget(address: *const (), place: u64) {
    if let Some(record) = by_hand(|_| true) {
        record.forget(address, place);
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
