//! Sleeping: a timer that settles a future.
//!
//! There is nothing in the loop that knows of sleep. It is the article's `call_later(20,
//! fut.set_result, …)`, with the timer withdrawn if nobody waits for it any more:
//!
//! ```text
//! let over = event_loop.create_future();
//! let setter = over.clone();
//! let timer = event_loop.call_later(delay, move || setter.set_result(()));
//! let _withdrawn_at_the_end = Withdraw(timer);
//! over.await
//! ```
//!
//! This is what [`sleep`] does. Only that a program may have a million sleepers; so the future and the timer
//! are one thing here, in one piece of memory: a [`Sleeper`]. And what withdraws it is a [`Wanted`].

use std::cell::Cell;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::any_future::{About, AnyCallback, AnyCell, Below};
use crate::error::{Error, Result};
use crate::future_cell::{AsCell, DoneCallback, FutureCell, Kind, Settable};
use crate::handle::{AmongTimers, Report, Run};
use crate::loop_event::LoopEvent;
use crate::step;
use crate::turn::open_event_loop;

/// Waits for so long, counted from the first poll. Zero is [`yield_now`]. Python: `asyncio.sleep`.
///
/// `sleep(Duration::MAX)` sleeps until it is cancelled.
///
/// # Errors
/// What is thrown in meanwhile, [`Error::Cancelled`] above all. And if
/// there is neither a running loop nor a default one.
#[track_caller]
pub fn sleep(delay: Duration) -> impl Future<Output = Result<()>> {
    sleep_with(delay, ())
}

/// Waits for so long and gives the value. Python: `asyncio.sleep(delay, value)`.
///
/// # Errors
/// As [`sleep`].
#[track_caller]
pub fn sleep_with<T>(delay: Duration, value: T) -> impl Future<Output = Result<T>> {
    let called_at = Location::caller();
    async move {
        if delay.is_zero() {
            YieldNow::new(called_at).await?;
            return Ok(value);
        }
        let (over, _timer_is_wanted) = Sleeper::begin(delay, called_at)?;
        over.await?;
        Ok(value)
    }
}

/// A future that is a timer as well: when it is due, it settles itself. (Two things in one piece of
/// memory, because a program may have a great many of them.)
struct Sleeper {
    future: Settable<()>,
    /// As a timer.
    number: u64,
    /// It was due, or is not wanted any more.
    over: Cell<bool>,
    among_timers: AmongTimers,
}

impl Sleeper {
    /// (Not part of the coroutine above, which would then hold its loop while it waits: a loop that is
    /// held by its own tasks is never dropped.)
    fn begin(
        delay: Duration,
        called_at: &'static Location<'static>,
    ) -> Result<(FutureCell<()>, Wanted)> {
        let event_loop = open_event_loop()?;
        let sleeper = Rc::new(Sleeper {
            future: Settable::made_at(&event_loop, "Future", called_at),
            number: event_loop.next_call_number(),
            over: Cell::new(false),
            among_timers: AmongTimers::default(),
        });
        let over = FutureCell::made(sleeper.clone());
        if event_loop.is_closed() {
            return Err(Error::closed()); // by whoever was told that it is made
        }
        let when = event_loop.time().saturating_add(delay);
        event_loop.set_timer(when, sleeper.clone());
        Ok((over, Wanted(sleeper)))
    }
}

/// As long as it lives, the sleep is wanted: one that is cancelled or dropped leaves no timer behind.
struct Wanted(Rc<Sleeper>);

impl Drop for Wanted {
    fn drop(&mut self) {
        let Sleeper { future, number, .. } = &*self.0;
        let told = || future.tell(&mut || LoopEvent::CallCancelled { call: *number });
        self.0.cancel(&told);
    }
}

impl Run for Sleeper {
    fn run(self: Rc<Self>) -> Result<(), Report> {
        if !self.over.replace(true) {
            settle_once(&FutureCell::of(self));
        }
        Ok(())
    }

    fn cancel(&self, tell: &dyn Fn()) {
        if !self.over.replace(true) {
            self.among_timers.one_is_cancelled();
            tell();
        }
    }

    fn number(&self) -> u64 {
        self.number
    }

    fn is_cancelled(&self) -> bool {
        self.over.get()
    }

    fn among_timers(&self) -> &AmongTimers {
        &self.among_timers
    }

    fn describe(&self) -> String {
        format!("<the end of {}>", self.future.name())
    }

    fn made_at(&self) -> &'static Location<'static> {
        self.future.made_at
    }
}

impl AnyCell for Sleeper {
    fn about(&self) -> &dyn About {
        &self.future
    }

    fn name(&self) -> String {
        self.future.name()
    }

    fn cancel_here(self: Rc<Self>, _below: Below) -> bool {
        FutureCell::of(self).settle_as_cancelled()
    }

    fn on_done(self: Rc<Self>, callback: AnyCallback, made_at: &'static Location<'static>) -> u64 {
        FutureCell::of(self).call_when_done(DoneCallback(Kind::Any(callback)), made_at)
    }
}

impl AsCell<()> for Sleeper {
    fn settable(&self) -> &Settable<()> {
        &self.future
    }
}

/// Settles it, unless it is settled. (The sleeper may have been cancelled in the very batch in which
/// its timer is due.)
pub(crate) fn settle_once(over: &FutureCell<()>) {
    if !over.done() {
        // The only other error is that the loop is closed: then nobody waits.
        let _closed = over.set_result(());
    }
}

/// Lets everything else that is ready run first. Python: a bare `yield`, or `asyncio.sleep(0)`.
///
/// # Errors
/// What is thrown in meanwhile.
#[track_caller]
pub fn yield_now() -> impl Future<Output = Result<()>> {
    YieldNow::new(Location::caller())
}

struct YieldNow {
    yielded: bool,
    called_at: &'static Location<'static>,
}

impl YieldNow {
    fn new(called_at: &'static Location<'static>) -> Self {
        YieldNow {
            yielded: false,
            called_at,
        }
    }
}

impl Future for YieldNow {
    type Output = Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<()>> {
        if let Some(error) = step::take_thrown(cx.waker()) {
            return Poll::Ready(Err(error));
        }
        if self.yielded {
            return Poll::Ready(Ok(()));
        }
        self.yielded = true;
        step::with_record(cx.waker(), |record| record.park_on_nothing(self.called_at));
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}
