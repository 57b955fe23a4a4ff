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
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::error::Result;
use crate::future_cell::{FutureCell, Waiter};
use crate::step;

impl<T: Clone + 'static> Future for FutureCell<T> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        let waker = cx.waker();
        let suspended_here = self.place.is_some();
        if suspended_here || !self.done() {
            // An error thrown in comes before a result that was set but not delivered yet.
            if let Some(error) = step::take_thrown(waker) {
                self.leave_line();
                return Poll::Ready(Err(error));
            }
        }
        if self.done() {
            self.place = None;
            return Poll::Ready(self.result());
        }
        if !step::park(waker, || self.as_any()) {
            return Poll::Pending;
        }
        let waker = waker.clone();
        match self.place {
            Some(place) => self.shared.settable().replace_in_line(place, waker),
            None => self.place = Some(self.shared.settable().stand_in_line(Waiter::Task(waker))),
        }
        Poll::Pending
    }
}

impl<T> FutureCell<T> {
    fn leave_line(&mut self) {
        if let Some(place) = self.place.take() {
            self.shared.settable().leave_line(place);
        }
    }
}

/// A handle that is dropped while it waits, because another branch won, waits no more.
impl<T> Drop for FutureCell<T> {
    fn drop(&mut self) {
        if self.place.is_some() {
            step::forget(self.as_any().address());
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
