//! A line of waiters: what everything else in this folder is made of.
//!
//! To wait is to put a future at the end of a `VecDeque` and await it. To let the first waiter go is
//! to settle the first future that is still pending. The rest deals with waiters that leave early. A
//! waiter leaves early when it is cancelled, when an error is thrown in at its `await`, or when its
//! coroutine is dropped. Its place is then taken out; and if it had been let go but has not run
//! since, somebody else must be let go in its stead.
//!
//! A waiter that was let go stays in the line until it runs, so a newcomer can see that it is not
//! first. It stands in a deque of its own there: to find the next one to let go takes no search.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::panic::Location;
use std::rc::{Rc, Weak};

use crate::any_future::{About, AnyCallback, AnyCell, Below};
use crate::error::Result;
use crate::event_loop::{Core, EventLoop};
use crate::future_cell::{AsCell, DoneCallback, FutureCell, Kind, Settable};
use crate::loop_event::LoopEvent;
use crate::observer::does_anybody_watch;
use crate::turn::{get_event_loop, with_running};

/// Those that stand in line, under ascending numbers.
type Waiting = VecDeque<(u64, FutureCell<()>)>;

pub(crate) struct Line {
    /// Let go, or cancelled; they had no turn since.
    leaving: RefCell<Waiting>,
    waiting: RefCell<Waiting>,
    next_number: Cell<u64>,
    /// Which line it is, for those who watch.
    id: u64,
    /// Who has taken what all of them wait for, if it is a task and a lock. It is for those who ask why a
    /// program hangs.
    held_by: Rc<Cell<Option<Holder>>>,
    /// The loops whose tasks have waited here, or have taken it, if any is watched.
    told: RefCell<Vec<Weak<Core>>>,
}

/// A task, by its number, which counts in its loop; and that loop, by its own.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Holder {
    task: u64,
    event_loop: u64,
}

thread_local! {
    /// Counts the lines.
    static LINES: Cell<u64> = const { Cell::new(0) };
}

impl Default for Line {
    fn default() -> Self {
        let id = LINES.replace(LINES.get() + 1);
        Line {
            leaving: RefCell::default(),
            waiting: RefCell::default(),
            next_number: Cell::default(),
            id,
            held_by: Rc::default(),
            told: RefCell::default(),
        }
    }
}

impl Line {
    /// Waits to be let go. A waiter that leaves early is taken out; then `pass_on` is called and told
    /// whether it had been let go. What it waits for, and where, is for reports.
    pub(crate) async fn wait(
        &self,
        what: &'static str,
        called_at: &'static Location<'static>,
        pass_on: impl FnOnce(bool),
    ) -> Result<()> {
        let (number, turn) = self.join(what, called_at)?;
        let mut place = Place {
            line: self,
            number,
            turn,
            pass_on: Some(pass_on),
        };
        (&place.turn).await?;
        place.pass_on = None;
        Ok(())
    }

    /// A new place at the end.
    fn join(
        &self,
        what: &'static str,
        called_at: &'static Location<'static>,
    ) -> Result<(u64, FutureCell<()>)> {
        let event_loop = get_event_loop()?;
        let turn = FutureCell::of(Rc::new(Turn {
            future: Settable::made_at(&event_loop, what, called_at),
            event_loop: event_loop.core.id,
            line: self.id,
            held_by: self.held_by.clone(),
        }));
        let number = self.next_number.replace(self.next_number.get() + 1);
        self.waiting.borrow_mut().push_back((number, turn.clone()));
        if does_anybody_watch() {
            self.tell_newcomer(&event_loop, &turn);
        }
        Ok((number, turn))
    }

    /// Notes which task has taken what all of them wait for.
    pub(crate) fn set_holder(&self, task: Option<u64>) {
        let event_loop = with_running(|event_loop| event_loop.core.id);
        let holder = task.zip(event_loop);
        let holder = holder.map(|(task, event_loop)| Holder { task, event_loop });
        if self.held_by.replace(holder) != holder && does_anybody_watch() {
            self.tell_all();
        }
    }

    /// The running loop is told of the holder, and the loops of those who have waited or have taken it.
    fn tell_all(&self) {
        if let Ok(event_loop) = get_event_loop() {
            self.note_loop(&event_loop);
        }
        let told = self
            .told
            .borrow()
            .iter()
            .filter_map(Weak::upgrade)
            .collect();
        let told: Vec<Rc<Core>> = told;
        let mut event_loops: Vec<_> = told.into_iter().map(|core| EventLoop { core }).collect();
        event_loops.sort_by_key(|event_loop| event_loop.core.id);
        event_loops.dedup_by_key(|event_loop| event_loop.core.id);
        for event_loop in event_loops {
            event_loop.tell(|| self.holder(&event_loop, self.first_of(&event_loop)));
        }
    }

    /// From now on that loop is told of who holds it.
    fn note_loop(&self, event_loop: &EventLoop) {
        let core = Rc::downgrade(&event_loop.core);
        let mut told = self.told.borrow_mut();
        told.retain(|other| other.strong_count() > 0 && !other.ptr_eq(&core));
        told.push(core);
    }

    fn tell_newcomer(&self, event_loop: &EventLoop, turn: &FutureCell<()>) {
        self.note_loop(event_loop);
        turn.as_any().tell_made();
        if self.held_by.get().is_some() {
            let turn = turn.shared().about().id();
            event_loop.tell(|| self.holder(event_loop, vec![turn]));
        }
    }

    fn holder(&self, event_loop: &EventLoop, waiting: Vec<u64>) -> LoopEvent {
        let holder = self.held_by.get();
        let task = holder.filter(|holder| holder.event_loop == event_loop.core.id);
        LoopEvent::Holder {
            line: self.id,
            task: task.map(|holder| holder.task),
            elsewhere: holder.is_some() && task.is_none(),
            waiting,
        }
    }

    /// The first seven of that loop who wait.
    fn first_of(&self, event_loop: &EventLoop) -> Vec<u64> {
        let waiting = self.waiting.borrow();
        let here: *const () = Rc::as_ptr(&event_loop.core).cast();
        let turns = waiting.iter().map(|(_, turn)| turn.shared().about());
        let turns = turns.filter(|turn| turn.event_loop() == here && !turn.done());
        turns.take(7).map(|turn| turn.id()).collect()
    }

    /// Lets the first one go who still waits; false if there is none.
    pub(crate) fn wake_first(&self) -> bool {
        loop {
            let first = self.waiting.borrow_mut().pop_front();
            let Some((number, turn)) = first else {
                return false;
            };
            self.leaving.borrow_mut().push_back((number, turn.clone()));
            // It may be cancelled already; then it is the next one's turn.
            if turn.set_result(()).is_ok() {
                return true;
            }
        }
    }

    /// Lets so many go.
    pub(crate) fn wake(&self, at_most: usize) {
        for _ in 0..at_most {
            if !self.wake_first() {
                return;
            }
        }
    }

    /// Lets the first waiter go, but only if nobody stands before it. If an earlier one was let go or
    /// cancelled, that one sees to it when it runs.
    pub(crate) fn wake_if_first(&self) {
        let first_waits = self
            .waiting
            .borrow()
            .front()
            .is_some_and(|(_, turn)| !turn.done());
        if first_waits && self.leaving.borrow().is_empty() {
            self.wake_first();
        }
    }

    /// Whether anybody is in the line who was not cancelled.
    pub(crate) fn anybody(&self) -> bool {
        let anybody = |line: &Waiting| line.iter().any(|(_, turn)| !turn.cancelled());
        anybody(&self.leaving.borrow()) || anybody(&self.waiting.borrow())
    }

    /// How many are in the line.
    pub(crate) fn len(&self) -> usize {
        self.leaving.borrow().len() + self.waiting.borrow().len()
    }

    fn take_out(&self, number: u64) {
        let take = |line: &RefCell<Waiting>| {
            let mut line = line.borrow_mut();
            let place = line.binary_search_by_key(&number, |(number, _)| *number);
            line.remove(place.ok()?)
        };
        let taken = take(&self.leaving).or_else(|| take(&self.waiting));
        drop(taken);
    }
}

/// Who has taken what goes away has it no more.
impl Drop for Line {
    fn drop(&mut self) {
        self.set_holder(None);
    }
}

/// A place in the line, for as long as somebody stands there.
struct Place<'a, F: FnOnce(bool)> {
    line: &'a Line,
    number: u64,
    turn: FutureCell<()>,
    /// Gone once the waiter goes on as it should.
    pass_on: Option<F>,
}

impl<F: FnOnce(bool)> Drop for Place<'_, F> {
    fn drop(&mut self) {
        self.line.take_out(self.number);
        if let Some(pass_on) = self.pass_on.take() {
            pass_on(self.turn.done() && !self.turn.cancelled());
        }
    }
}

/// What one waits for in a line: a future that can tell who holds what.
struct Turn {
    future: Settable<()>,
    /// The number of its loop.
    event_loop: u64,
    line: u64,
    held_by: Rc<Cell<Option<Holder>>>,
}

impl AnyCell for Turn {
    fn about(&self) -> &dyn About {
        &self.future
    }

    fn name(&self) -> String {
        self.future.name()
    }

    fn held_by(&self) -> Option<u64> {
        let holder = self.held_by.get()?;
        (holder.event_loop == self.event_loop).then_some(holder.task)
    }

    fn waits_in(&self) -> Option<u64> {
        Some(self.line)
    }

    fn cancel_here(self: Rc<Self>, _below: Below) -> bool {
        FutureCell::of(self).settle_as_cancelled()
    }

    fn on_done(self: Rc<Self>, callback: AnyCallback, made_at: &'static Location<'static>) -> u64 {
        FutureCell::of(self).call_when_done(DoneCallback(Kind::Any(callback)), made_at)
    }
}

impl AsCell<()> for Turn {
    fn settable(&self) -> &Settable<()> {
        &self.future
    }
}
