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
use std::rc::Rc;

use crate::any_future::{About, AnyCallback, AnyCell, AnyFuture, Below};
use crate::error::Result;
use crate::future_cell::{AsCell, DoneCallback, FutureCell, Kind, Settable};
use crate::loop_event::LoopEvent;
use crate::observer::does_anybody_watch;
use crate::turn::get_event_loop;

/// Those that stand in line, under ascending numbers.
type Waiting = VecDeque<(u64, FutureCell<()>)>;

#[derive(Default)]
pub(crate) struct Line {
    /// Let go, or cancelled; they had no turn since.
    leaving: RefCell<Waiting>,
    waiting: RefCell<Waiting>,
    next_number: Cell<u64>,
    /// The number of the task that all of them wait for, if it is one: the holder of a lock. It is
    /// for those who ask why a program hangs.
    held_by: Rc<Cell<Option<u64>>>,
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
        let turn = FutureCell::made(Rc::new(Turn {
            future: Settable::made_at(&get_event_loop()?, what, called_at),
            held_by: self.held_by.clone(),
        }));
        let number = self.next_number.replace(self.next_number.get() + 1);
        if self.held_by.get().is_some() {
            self.tell_holder(&[turn.as_any()]);
        }
        self.waiting.borrow_mut().push_back((number, turn.clone()));
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

    /// Notes which task all of them wait for.
    pub(crate) fn set_holder(&self, task: Option<u64>) {
        let before = self.held_by.replace(task);
        if before != task && does_anybody_watch() {
            let waiting = self.waiting.borrow();
            let waiting = waiting.iter().filter(|(_, turn)| !turn.done());
            let waiting: Vec<_> = waiting.map(|(_, turn)| turn.as_any()).collect();
            self.tell_holder(&waiting);
            if let (true, Ok(event_loop)) = (waiting.is_empty(), get_event_loop()) {
                let futures = Vec::new();
                event_loop.tell(|| LoopEvent::Holder { futures, task });
            }
        }
    }

    /// Each loop is told of those that are its own.
    fn tell_holder(&self, waiting: &[AnyFuture]) {
        let task = self.held_by.get();
        for turns in waiting.chunk_by(|a, b| a.event_loop() == b.event_loop()) {
            let futures: Vec<_> = turns.iter().map(|turn| turn.0.about().id()).collect();
            turns[0].0.about().tell(&mut || LoopEvent::Holder {
                futures: futures.clone(),
                task,
            });
        }
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
        for line in [&self.leaving, &self.waiting] {
            let mut line = line.borrow_mut();
            let place = line.binary_search_by_key(&number, |(number, _)| *number);
            let taken = place.ok().and_then(|place| line.remove(place));
            drop(line);
            drop(taken);
        }
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
    held_by: Rc<Cell<Option<u64>>>,
}

impl AnyCell for Turn {
    fn about(&self) -> &dyn About {
        &self.future
    }

    fn name(&self) -> String {
        self.future.name()
    }

    fn held_by(&self) -> Option<u64> {
        self.held_by.get()
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
