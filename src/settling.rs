//! Settling a future, and its callbacks.
//!
//! **Settling runs nothing.** It writes the outcome down, and then puts each callback and each
//! parked task on the loop's run queue, in the order in which they came to wait. Why not call them
//! on the spot? They would run in the midst of whatever the one who settles is doing, on top of its
//! stack, and settle other futures in turn. From the queue they run one after the other, behind all
//! that was queued before, in an order that can be told in advance. (Only a follower is settled on the
//! spot, which again does nothing but queue.)
//!
//! A queued callback holds its future. So one may drop every handle of a future that was settled,
//! and its callbacks are called with it nevertheless, in whatever run of the loop comes next.
//!
//! Next: [`awaiting`](crate::awaiting), what `fut.await` does.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::panic::Location;
use std::rc::Rc;

use crate::any_future::{About, AnyCallback, AnyCell, AnyFuture, Below, Watch};
use crate::error::{ALREADY_DONE, Error, Result, printed};
use crate::event_loop::EventLoop;
use crate::future_cell::{AsCell, DoneCallback, FutureCell, Kind, Outcome, Settable, Waiter};
use crate::handle::{Call, call_guarded, error_in};
use crate::loop_event::{Ended, LoopEvent, Who};
use crate::observer::ExceptionContext;

impl<T, R, F> From<F> for DoneCallback<T>
where
    F: FnOnce(&FutureCell<T>) -> R + 'static,
    R: 'static,
{
    fn from(callback: F) -> Self {
        let call = |fut: &_| call_guarded(|| error_in::<T, R>(callback(fut)));
        DoneCallback(Kind::Once(Box::new(call)))
    }
}

impl<T> From<Rc<dyn Fn(&FutureCell<T>)>> for DoneCallback<T> {
    fn from(callback: Rc<dyn Fn(&FutureCell<T>)>) -> Self {
        DoneCallback(Kind::Shared(callback))
    }
}

impl<T> From<&Rc<dyn Fn(&FutureCell<T>)>> for DoneCallback<T> {
    fn from(callback: &Rc<dyn Fn(&FutureCell<T>)>) -> Self {
        DoneCallback(Kind::Shared(callback.clone()))
    }
}

impl<T> DoneCallback<T> {
    fn call(self, fut: &FutureCell<T>) -> Result<()> {
        match self.0 {
            Kind::Once(callback) => callback(fut),
            Kind::Shared(callback) => call_guarded(|| callback(fut)),
            Kind::Any(callback) => call_guarded(|| callback(&fut.as_any())),
        }
    }
}

/// Settling, and being told.
impl<T: 'static> FutureCell<T> {
    /// Settles it with a result, and queues all who wait for it.
    ///
    /// # Errors
    /// If it is settled already ([`Error::InvalidState`], and nothing changes), or is a task or a
    /// gather. If the loop is closed and there are callbacks: then it is settled, but they cannot be
    /// queued.
    pub fn set_result(&self, result: T) -> Result<()> {
        self.set(Ok(result), "set_result")
    }

    /// Settles it with an error, and queues all who wait for it.
    ///
    /// # Errors
    /// As [`set_result`](FutureCell::set_result).
    pub fn set_exception(&self, error: impl Into<Error>) -> Result<()> {
        self.set(Err(error.into()), "set_exception")
    }

    fn set(&self, result: Result<T>, operation: &str) -> Result<()> {
        if let Some(kind) = self.shared().sets_itself() {
            let text = format!("{kind} does not support {operation} operation");
            let advice = "its outcome comes from its coroutine, or from its members";
            return Err(Error::runtime(&text, advice));
        }
        self.settle(result)
    }

    /// Settles it, whatever it is.
    pub(crate) fn settle(&self, result: Result<T>) -> Result<()> {
        self.shared()
            .settable()
            .settle(Outcome::Done(result), self.shared())
    }

    /// Settles it as cancelled, whatever it is. False if it is done.
    pub(crate) fn settle_as_cancelled(&self) -> bool {
        let settable = self.shared().settable();
        let pending = !settable.is_settled();
        // Else the only error is that the loop is closed: then nobody is there to be told.
        let _closed = settable.settle(Outcome::Cancelled, self.shared());
        pending
    }

    /// Cancels it, if it is not done: a plain future at once; a task, or what is made of tasks, by and by.
    /// False if it is done.
    pub fn cancel(&self) -> bool {
        self.as_any().cancel()
    }

    /// The same future, with the type of its result forgotten.
    pub fn as_any(&self) -> AnyFuture {
        AnyFuture(self.shared().clone())
    }

    /// Has a callback queued when it is done; at once, if it is done now. It is given the future.
    ///
    /// Its errors are handled as those of [`call_soon`](crate::EventLoop::call_soon); here a `Result<T>` is seen,
    /// too, as [`result`](FutureCell::result) gives it. A closure must name the type of its argument:
    /// `|fut: &FutureCell<_>| …`.
    ///
    /// # Panics
    /// If it is done and its loop is closed.
    #[track_caller]
    pub fn add_done_callback(&self, callback: impl Into<DoneCallback<T>>) {
        self.call_when_done(callback.into(), Location::caller());
    }

    /// Has a callback queued when it is done, unless what this gives is dropped before.
    #[track_caller]
    pub(crate) fn watch<R: 'static>(
        &self,
        callback: impl FnOnce(&FutureCell<T>) -> R + 'static,
    ) -> Watch {
        let place = self.call_when_done(callback.into(), Location::caller());
        Watch::at(&self.as_any(), place)
    }

    /// As `add_done_callback`; gives the callback's place in the line.
    pub(crate) fn call_when_done(
        &self,
        callback: DoneCallback<T>,
        made_at: &'static Location<'static>,
    ) -> u64 {
        let settable = self.shared().settable();
        let waiter = Waiter::Callback(callback, made_at);
        if !self.done() {
            let place = settable.stand_in_line(waiter);
            settable.tell(&mut || LoopEvent::Joined {
                future: settable.id,
                place,
                who: Who::Callback { made_at },
            });
            return place;
        }
        let queued = settable.queue(waiter, self.shared());
        assert!(queued || std::thread::panicking(), "{:?}", Error::closed());
        u64::MAX // nobody ever stands there
    }

    /// Has another future end when this one does, in the same moment; that may be now.
    pub(crate) fn ends_with(&self, end: AnyCallback) {
        if self.done() {
            return end(&self.as_any());
        }
        let line = self.shared().settable();
        let place = line.stand_in_line(Waiter::Follower(end));
        line.tell(&mut || LoopEvent::Joined {
            future: line.id,
            place,
            who: Who::Follower,
        });
    }

    /// Takes all copies of a callback out of the line and tells how many there were.
    ///
    /// Once the future is done its callbacks are on the run queue, and none is found.
    #[allow(clippy::type_complexity, reason = "the type is to be seen on the page")]
    pub fn remove_done_callback(&self, callback: &Rc<dyn Fn(&FutureCell<T>)>) -> usize {
        let same = |waiter: &Waiter<T>| match waiter {
            Waiter::Callback(DoneCallback(Kind::Shared(other)), _) => {
                std::ptr::addr_eq(Rc::as_ptr(other), Rc::as_ptr(callback))
            }
            _ => false,
        };
        let settable = self.shared().settable();
        let taken = settable.line.borrow_mut().take_if(same);
        for (place, _) in &taken {
            settable.tell_left(*place);
        }
        taken.len()
    }
}

impl<T: 'static> Settable<T> {
    /// Writes the outcome down, then queues the whole line in its order.
    fn settle(&self, outcome: Outcome<T>, shared: &Rc<dyn AsCell<T>>) -> Result<()> {
        if self.outcome.set(outcome).is_err() {
            return Err(Error::InvalidState(ALREADY_DONE));
        }
        let line = self.line.take(); // whatever runs below finds it empty
        let (future, waiting) = (self.id, line.len());
        self.tell(&mut || LoopEvent::Settled {
            future,
            waiting,
            how: self.ended(),
        });
        let mut all_queued = true;
        for waiter in line {
            all_queued &= self.queue(waiter, shared);
        }
        if waiting > 0 {
            self.tell(&mut || LoopEvent::SentOff { future });
        }
        all_queued.then_some(()).ok_or_else(Error::closed)
    }

    fn ended(&self) -> Ended {
        match self.outcome.get() {
            Some(Outcome::Done(Err(error))) => Ended::Error {
                error: printed(|| format!("{error:?}")),
            },
            Some(Outcome::Done(Ok(_))) => Ended::Result,
            _ => Ended::Cancelled,
        }
    }

    /// Puts one who waited on the run queue. False if that is closed.
    fn queue(&self, waiter: Waiter<T>, shared: &Rc<dyn AsCell<T>>) -> bool {
        let event_loop = || self.event_loop().filter(|it| !it.is_closed());
        match waiter {
            // The waker can be anybody's, and may panic: the rest of the line must not suffer.
            Waiter::Task(waker) => {
                let Err(error) = call_guarded(|| waker.wake()) else {
                    return true;
                };
                let context = ExceptionContext::new("Exception in waker").with_exception(error);
                let tell = |event_loop: EventLoop| event_loop.call_exception_handler(&context);
                event_loop().map(tell).is_some()
            }
            Waiter::Follower(end) => {
                end(&AnyFuture(shared.clone()));
                true
            }
            Waiter::Callback(callback, made_at) => {
                let Some(event_loop) = event_loop() else {
                    // Its drop may panic: the rest of the line must not suffer.
                    let _panicked = call_guarded(move || drop(callback));
                    return false;
                };
                let fut = FutureCell::of(shared.clone());
                let number = event_loop.next_call_number();
                let call = Call::made_at(number, move || callback.call(&fut), made_at);
                event_loop.enqueue(call);
                true
            }
        }
    }
}

impl<T: 'static> AnyCell for Settable<T> {
    fn about(&self) -> &dyn About {
        self
    }

    fn name(&self) -> String {
        format!("{}-{}", self.kind, self.id)
    }

    fn cancel_here(self: Rc<Self>, _below: Below) -> bool {
        self.looked_at.set(true);
        FutureCell::of(self).settle_as_cancelled()
    }

    fn on_done(self: Rc<Self>, callback: AnyCallback, made_at: &'static Location<'static>) -> u64 {
        FutureCell::of(self).call_when_done(DoneCallback(Kind::Any(callback)), made_at)
    }
}

impl<T: 'static> AsCell<T> for Settable<T> {
    fn settable(&self) -> &Settable<T> {
        self
    }
}

impl<T> Drop for Settable<T> {
    fn drop(&mut self) {
        if !self.is_settled() {
            self.tell(&mut || LoopEvent::Gone { future: self.id });
        }
        self.report_if_never_retrieved(|| format!("{}-{}", self.kind, self.id));
        if !self.line.get_mut().is_empty() {
            drop_in_turn(Box::new(self.line.take()));
        }
    }
}

thread_local! {
    /// What is still to be dropped, while something is.
    static TO_DROP: RefCell<Option<VecDeque<Box<dyn Any>>>> = const { RefCell::new(None) };
}

/// Drops one after the other. A callback may hold the last handle of the next future, and so on: to
/// drop the next one inside the drop of the one before would need a stack as long as that chain.
fn drop_in_turn(line: Box<dyn Any>) {
    let begins = |to_drop: &RefCell<Option<VecDeque<_>>>| match &mut *to_drop.borrow_mut() {
        Some(queue) => {
            queue.push_back(line);
            false
        }
        nobody => {
            *nobody = Some(VecDeque::from([line]));
            true
        }
    };
    // While a thread ends there is no list any more: then the line has been dropped already.
    if TO_DROP.try_with(begins) != Ok(true) {
        return;
    }
    struct Done;
    impl Drop for Done {
        fn drop(&mut self) {
            let rest = TO_DROP.take(); // something is left only if a drop panics
            drop(rest);
        }
    }
    let _done = Done;
    let next = || TO_DROP.with_borrow_mut(|to_drop| to_drop.as_mut()?.pop_front());
    while let Some(line) = next() {
        drop(line);
    }
}
