//! What `fut.await` does.
//!
//! An `await` polls. If the future is done, its result comes back at once and nobody is suspended.
//! If not, the one who awaits it gets a place in the line, between the callbacks, in the order of
//! coming; what stands in that place is the waker of this poll. And the step in progress is told
//! what it ended in, so that `coro.send(None)` can hand back the very future it is blocked on.
//!
//! Each handle is a std future of its own, with its own place in the line. A clone of a handle gets
//! a place of its own when it is polled, and to drop a handle is to give its place up.
//!
//! Why must each poll replace the waker that is stored? Because the future may have been moved into
//! another task since the last poll, and the old waker would wake the wrong one.
//!
//! Next: [`task`](crate::task), which does by itself what we did by hand with `send`.

use std::future::{Future, IntoFuture};
use std::panic::Location;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::any_future::About;
use crate::error::{Error, Result};
use crate::future_cell::{FutureCell, Waiter};
use crate::loop_event::LoopEvent;
use crate::step;

impl<T: Clone + 'static> Future for FutureCell<T> {
    type Output = Result<T>;

    #[track_caller] // so it is known at which `await` it was polled
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        if self.done() && self.place.is_none() {
            return Poll::Ready(self.outcome_of_await()); // there is nothing to wait for
        }
        // An error that is thrown in comes before a result that nobody has taken yet.
        if let Some(error) = step::take_thrown(cx.waker()) {
            self.leave_line();
            return Poll::Ready(Err(error));
        }
        if self.done() {
            self.place = None;
            return Poll::Ready(self.outcome_of_await());
        }
        let place = self.stand_in_line(cx.waker().clone());
        let settable = self.shared().settable();
        settable.tell(&mut || LoopEvent::Joined {
            future: settable.id,
            place,
            who: step::who(cx.waker(), About::event_loop(settable)),
        });
        let at = Location::caller();
        step::with_record(cx.waker(), |record| record.park(self.as_any(), place, at));
        Poll::Pending
    }
}

impl<T> FutureCell<T> {
    /// If it was cancelled, this may be the answer to a cancellation.
    fn outcome_of_await(&self) -> Result<T>
    where
        T: Clone,
    {
        let result = self.result();
        if let Err(Error::Cancelled) = result {
            step::hear(self.as_any().address());
        }
        result
    }

    /// Puts the waker into this handle's place, which is a new one if it has none yet.
    fn stand_in_line(&mut self, waker: Waker) -> u64 {
        let settable = self.shared().settable();
        match self.place {
            Some(place) => {
                settable.replace_in_line(place, waker);
                place
            }
            None => {
                let place = settable.stand_in_line(Waiter::Task(waker));
                self.place = Some(place);
                place
            }
        }
    }

    fn leave_line(&mut self) {
        if let Some(place) = self.place.take() {
            self.shared().settable().leave_line(place);
        }
    }
}

/// A handle that is dropped while it waits, because another branch won, waits no more.
impl<T> Drop for FutureCell<T> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            step::forget(self.as_any().address(), place);
            self.leave_line();
        }
    }
}

/// `(&fut).await`, `run_until_complete(&fut)`, `gather([&a, &b])`: the handle can be used again.
impl<T: Clone + 'static> IntoFuture for &FutureCell<T> {
    type Output = Result<T>;
    type IntoFuture = FutureCell<T>;

    fn into_future(self) -> FutureCell<T> {
        self.clone()
    }
}
