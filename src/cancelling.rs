//! How a task is cancelled.
//!
//! Cancelling throws [`Error::Cancelled`] in at the `await` where the coroutine is suspended. If the task waits
//! for a future, that is done by cancelling the future: it comes out of the `await`, and the future's other
//! waiters learn of it, too. Only where there is none the task must see to it itself. Caught and not raised again,
//! the task goes on: it was asked, and has refused.
//!
//! So a cancellation is *owed* for a while: from when somebody [asks](TaskCell::ask), until it comes out of an
//! `await`, or all who were asked have refused, or the task is over. (If the coroutine returns a value before, or
//! must be dropped because nothing in it can give an error out, the task ends as cancelled. If it returns an error,
//! it ends with that.) Meanwhile it stands in one of two ways, or in both if somebody asks again.
//!
//! | flag | because | and then |
//! |---|---|---|
//! | `must_cancel` | there is nothing that could be asked, or that says yes | it is thrown in [when the next step begins](TaskCell::throw_what_is_owed); but if a step is in progress, and ends in waiting for a future, it is [passed on](TaskCell::pass_on) |
//! | `passed_on` | what the task waits for was asked, and said yes | that ends: as cancelled, which comes out of its `await`; or else it has refused |
//!
//! A task may wait for several, and be woken before those that were asked have ended. As long as it still stands
//! in the line of one of them, [it waits for their answer](TaskCell::send_meanwhile). The first that comes out as
//! cancelled decides. One that has refused is not looked at any more, whether it was polled or not. One that has not,
//! and in whose line the task stands no more, is given up. Either another branch has won, and nobody would hear how it
//! ends; or it has ended as cancelled, and the step that this woke did not poll it. If then the others refuse, or there
//! are none, the cancellation is owed as if it had never been passed on.
//!
//! **The way down.** Who is asked first asks those he waits for, and then answers himself: yes, he will be cancelled
//! or told; or no, it is not for him to do. Two may wait for each other. Then the way comes back to one who has not
//! answered yet. That is a circle; and if nobody else in it says yes, he must be told himself, for nothing else would
//! wake him.
//!
//! Next: [`task_end`](crate::task_end), what happens when a task is done.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::rc::{Rc, Weak};

use crate::any_future::{About, AnyCell, AnyFuture, Below, PassedTo};
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::loop_event::LoopEvent;
use crate::task::{Body, TaskCell};
use crate::task_table::TaskState;

/// The way down.
impl AnyFuture {
    /// Asks it to cancel itself; false if it is done. See [`FutureCell::cancel`](crate::FutureCell::cancel).
    pub fn cancel(&self) -> bool {
        self.tell_asked(None);
        self.cancel_from_below()
    }

    /// Tells the observer that it is asked, and by whom, if one above passes it on.
    fn tell_asked(&self, above: Option<&AnyFuture>) {
        let about = self.0.about();
        about.tell(&mut || LoopEvent::CancelAsked {
            future: about.id(),
            by: above
                .filter(|above| above.event_loop() == about.event_loop())
                .map(|above| above.0.about().id()),
        });
    }

    /// Asks all that it waits for to cancel themselves, the innermost first, and then itself. False if it says no.
    ///
    /// Tasks can wait for each other in a chain of any length, so the way down is kept in a `Vec`,
    /// and not on the call stack. Many ways can lead to one of them. Who is asked again may find
    /// that those below have ended meanwhile, and must see to it himself then. A third time would find what the
    /// second found.
    pub(crate) fn cancel_from_below(&self) -> bool {
        let mut way_down = vec![Level::of(self.clone())];
        // Of those who have somebody to ask: how often they have answered, and what. Nothing if on the way down.
        let mut answers: HashMap<_, (u8, Option<bool>)> = HashMap::new();
        let mut answer = false;
        while let Some(mut here) = way_down.pop() {
            let address = here.future.address();
            if let Some(next) = here.to_ask.next() {
                answers.entry(address).or_default().1 = None;
                let before = answers.get(&next.address()).copied();
                match before {
                    Some((2, Some(true))) => here.said_yes(next.clone()),
                    before => here.or_a_circle(matches!(before, Some((_, None)))),
                }
                let goes_down = matches!(before, None | Some((1, Some(true))));
                if goes_down {
                    next.tell_asked(Some(&here.future));
                }
                way_down.push(here);
                way_down.extend(goes_down.then(|| Level::of(next)));
                continue;
            }
            answer = here.future.0.clone().cancel_here(here.below);
            if answer && here.below == Below::SaidYes {
                here.future.0.was_passed_to(&here.said_yes);
            }
            if let Some((times, said)) = answers.get_mut(&address) {
                (*times, *said) = (*times + 1, Some(answer));
            }
            match way_down.last_mut() {
                Some(above) if answer => above.said_yes(here.future),
                Some(above) => above.or_a_circle(here.below == Below::IsACircle),
                None => {}
            }
        }
        answer
    }
}

/// One who is asked to cancel himself, who has said yes to him, and whom he has still to ask.
struct Level {
    future: AnyFuture,
    said_yes: Vec<AnyFuture>,
    to_ask: std::vec::IntoIter<AnyFuture>,
    below: Below,
}

impl Level {
    fn of(future: AnyFuture) -> Self {
        Level {
            said_yes: Vec::new(),
            to_ask: future.0.to_ask().into_iter(),
            future,
            below: Below::SaidNo,
        }
    }

    fn said_yes(&mut self, future: AnyFuture) {
        self.said_yes.push(future);
        self.below = Below::SaidYes;
    }

    fn or_a_circle(&mut self, is_one: bool) {
        if is_one && self.below == Below::SaidNo {
            self.below = Below::IsACircle;
        }
    }
}

/// The task.
impl<F, T> TaskCell<F, T>
where
    F: Future<Output = Result<T>> + 'static,
{
    /// It is asked, now that those it waits for were; `below` is what came of that. False if it is done.
    pub(crate) fn ask(&self, below: Below) -> bool {
        if self.future.done() {
            self.future.looked_at.set(true);
            return false;
        }
        if below == Below::SaidYes {
            return true; // The end of those below will be the answer.
        }
        let state = self.whereabouts.state();
        let answers = |asked: &Weak<_>| asked.upgrade().is_some_and(|it| is_cancelled(&*it));
        if state == TaskState::Queued && self.any_asked(answers) {
            return true; // Its next step hears the answer, or owes it then: either way once.
        }
        self.asked.must_cancel.set(true);
        // Nothing that it waits for will ever wake it: only a step can tell it now.
        let hangs = below == Below::IsACircle || self.waits_for().is_empty();
        if state == TaskState::Parked && hangs {
            self.wake();
        }
        true
    }

    /// Whether there is such a one among those to whom it was passed on.
    fn any_asked(&self, is_it: impl Fn(&Weak<dyn AnyCell>) -> bool) -> bool {
        let passed_to = self.passed_to.take();
        let any = passed_to.iter().flat_map(|it| &it.asked).any(is_it);
        self.passed_to.set(passed_to);
        any
    }

    /// It was passed on to these.
    pub(crate) fn note_asked(&self, futures: &[AnyFuture]) {
        let mut passed_to = self.passed_to.take().unwrap_or_default();
        let weak = |future: &AnyFuture| Rc::downgrade(&future.0);
        let new: Vec<_> = futures.iter().map(weak).collect();
        let are_new: HashSet<_> = new.iter().map(address).collect();
        let asked = &mut passed_to.asked;
        asked.retain(|old| !are_new.contains(&address(old))); // who is asked again is not noted twice
        asked.extend(new);
        self.passed_to.set(Some(passed_to));
        self.asked.passed_on.set(true);
    }

    /// This future was cancelled, and that comes out of an `await`. If it is one of those who were asked, this is the
    /// answer, and what was passed on is not owed any more.
    pub(crate) fn hear(&self, future: *const ()) {
        if self.any_asked(|asked| address(asked) == future) {
            self.passed_to.take();
            self.asked.cancelled.set(true);
        }
    }

    /// Whether it waits for one only, who was asked and is cancelled. If that is polled, it comes out of the `await`,
    /// so whoever watches may call it thrown in, as it is in Python.
    pub(crate) fn answer_is_there(&self) -> bool {
        let was_asked = |it: &AnyFuture| self.any_asked(|asked| address(asked) == it.address());
        let answers = |future: &AnyFuture| is_cancelled(&*future.0) && was_asked(future);
        self.record.waits().single().is_some_and(answers)
    }

    /// A step begins, and the task must see to it itself.
    #[cold]
    pub(crate) fn throw_what_is_owed(&self) {
        self.asked.must_cancel.set(false);
        self.asked.passed_on.set(false);
        self.passed_to.take();
        self.asked.cancelled.set(true);
        self.record.waits().look(); // the error comes out in place of what these have, and nobody will look at that
        self.record.throw(Error::Cancelled);
    }

    /// Sends into the coroutine while those that were asked may not have answered yet.
    #[cold]
    pub(crate) fn send_meanwhile(&self, body: &mut Body<F>) -> Option<Result<T>> {
        let mut passed_to = self.passed_to.take().unwrap_or_default();
        let refused = |future: Rc<dyn AnyCell>| future.about().done() && !is_cancelled(&*future);
        let asked = &mut passed_to.asked;
        asked.retain(|future| !future.upgrade().is_some_and(refused));
        self.passed_to.set(Some(passed_to));
        let result = self.send(body);
        if let Some(passed_to) = self.passed_to.take() {
            self.look_who_is_given_up(passed_to, result.is_some());
        }
        result
    }

    /// The step is over, and none of them has come out as cancelled. (A task that has returned waits for nobody.)
    fn look_who_is_given_up(&self, mut passed_to: Box<PassedTo>, is_done: bool) {
        let stands_there = |future: Rc<dyn AnyCell>| future.about().holds_anywhere(&self.waker);
        let is_waited_for = |future: &Weak<_>| future.upgrade().is_some_and(stands_there);
        let before = passed_to.asked.len();
        passed_to
            .asked
            .retain(|future| !is_done && is_waited_for(future));
        passed_to.given_up |= passed_to.asked.len() < before;
        if !passed_to.asked.is_empty() {
            self.passed_to.set(Some(passed_to));
            self.asked.passed_on.set(true);
        } else if passed_to.given_up {
            self.asked.must_cancel.set(true);
        }
    }

    /// The step is over, and a cancellation is owed: the task is asked as if from outside, now that it waits.
    pub(crate) fn pass_on(self: &Rc<Self>, event_loop: &EventLoop) {
        if self.held().is_empty() {
            return self.may_not_wait(event_loop, Error::Cancelled);
        }
        self.asked.must_cancel.set(false); // else it would ask nobody; if nobody says yes, `ask` sets it again
        AnyFuture(self.clone()).cancel_from_below();
    }

    /// The futures that it waits for, and in whose lines it stands.
    pub(crate) fn held(&self) -> Vec<AnyFuture> {
        self.record.waits().held(&self.waker).cloned().collect()
    }
}

fn address(future: &Weak<dyn AnyCell>) -> *const () {
    future.as_ptr().cast()
}

fn is_cancelled(future: &dyn AnyCell) -> bool {
    matches!(future.about().error(), Some(Error::Cancelled))
}
