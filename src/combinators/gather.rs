//! Waiting for several, side by side.
//!
//! A gather is a future of its own kind. It hangs a callback on each of its members and is settled
//! by the last of them, or by the first that goes wrong; and to cancel it is to cancel them.
//!
//! It belongs to its loop until it is done, as a task does. The callbacks refer to it weakly: a
//! member that holds its gather, which holds its members, could never be freed.

use std::cell::{Cell, RefCell};
use std::future::IntoFuture;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::{Rc, Weak};

use crate::any_future::{About, AnyCallback, AnyCell, AnyFuture};
use crate::error::{Error, Result};
use crate::event_loop::{EventLoop, Kept};
use crate::future_cell::{AsCell, DoneCallback, FutureCell, Kind, Settable};
use crate::program::wrapped;
use crate::turn::expect_event_loop;

/// Runs them side by side and gives their results in the order of the arguments.
/// Python: `asyncio.gather`.
///
/// They are all started now, in order, not when the gather is awaited. Futures and tasks are taken
/// as they are, coroutines are wrapped in tasks. A gather of nothing is done at once. For results of
/// different types there is [`gather!`](crate::gather!).
///
/// The first error, or cancellation, ends the gather with it; the other members run on, and their
/// errors are ignored. Cancelling the gather cancels all members that are not done.
///
/// # Panics
/// If no loop is running and the thread has no default loop.
#[track_caller]
pub fn gather<T, I>(awaitables: I) -> FutureCell<Vec<T>>
where
    T: Clone + 'static,
    I: IntoIterator<Item: IntoFuture<Output = Result<T>, IntoFuture: 'static>>,
{
    let members = members(awaitables);
    let event_loop = members.first().and_then(FutureCell::event_loop);
    let any = members.iter().map(FutureCell::as_any).collect();
    Gather::start(event_loop, any, true, move || {
        members.iter().map(FutureCell::result).collect()
    })
}

/// The same, but waits for all of them and gives their errors among the results.
/// Python: `asyncio.gather(…, return_exceptions=True)`.
///
/// # Panics
/// As [`gather`].
#[doc(alias = "return_exceptions")]
#[track_caller]
pub fn gather_results<T, I>(awaitables: I) -> FutureCell<Vec<Result<T>>>
where
    T: Clone + 'static,
    I: IntoIterator<Item: IntoFuture<Output = Result<T>, IntoFuture: 'static>>,
{
    let members = members(awaitables);
    let event_loop = members.first().and_then(FutureCell::event_loop);
    let any = members.iter().map(FutureCell::as_any).collect();
    Gather::start(event_loop, any, false, move || {
        Ok(members.iter().map(FutureCell::result).collect())
    })
}

#[track_caller]
fn members<T, I>(awaitables: I) -> Vec<FutureCell<T>>
where
    T: 'static,
    I: IntoIterator<Item: IntoFuture<Output = Result<T>, IntoFuture: 'static>>,
{
    let mut members = Vec::new();
    for awaitable in awaitables {
        members.push(member(awaitable)); // a closure would hide who called us
    }
    members
}

/// What [`gather!`](crate::gather!) makes of each of its members: a coroutine becomes a task. If that
/// is not done when its loop is closed, it is not reported: the gather is what somebody made.
#[track_caller]
pub fn member<T, A>(awaitable: A) -> FutureCell<T>
where
    T: 'static,
    A: IntoFuture<Output = Result<T>, IntoFuture: 'static>,
{
    let (future, task) = wrapped(awaitable, Location::caller());
    if let Some(task) = task {
        task.keep_quiet();
    }
    future
}

/// [`gather`](fn@crate::gather) for up to eight members of different types; it gives a tuple.
///
/// ```
/// use send_none::{EventLoop, gather};
///
/// let event_loop = EventLoop::new();
/// let pair = event_loop.run_until_complete(async {
///     gather!(async { Ok(1) }, async { Ok("two") }).await
/// })?;
/// assert_eq!(pair, (1, "two"));
/// # Ok::<(), send_none::Error>(())
/// ```
#[macro_export]
macro_rules! gather {
    ($($awaitable:expr),+ $(,)?) => {
        $crate::combinators::gather::gather_tuple((
            $($crate::combinators::gather::member($awaitable),)+
        ))
    };
}

/// What [`gather!`](crate::gather!) calls.
#[track_caller]
pub fn gather_tuple<M: Members>(members: M) -> FutureCell<M::Results> {
    Gather::start(members.event_loop(), members.as_any(), true, move || {
        members.results()
    })
}

/// A tuple of futures, as [`gather!`](crate::gather!) has it.
pub trait Members: 'static {
    /// The tuple of their results.
    type Results: 'static;
    /// The loop of the first of them.
    fn event_loop(&self) -> Option<EventLoop>;
    /// Them, with their types forgotten.
    fn as_any(&self) -> Vec<AnyFuture>;
    /// All their results.
    ///
    /// # Errors
    /// The first error among them.
    fn results(&self) -> Result<Self::Results>;
}

macro_rules! tuples_of_members {
    ($(($($name:ident)+))*) => {$(
        impl<$($name: Clone + 'static),+> Members for ($(FutureCell<$name>,)+) {
            type Results = ($($name,)+);

            fn event_loop(&self) -> Option<EventLoop> {
                self.0.event_loop()
            }

            fn as_any(&self) -> Vec<AnyFuture> {
                #[allow(non_snake_case, reason = "the names of the types serve for the values")]
                let ($($name,)+) = self;
                vec![$($name.as_any()),+]
            }

            fn results(&self) -> Result<Self::Results> {
                #[allow(non_snake_case, reason = "the names of the types serve for the values")]
                let ($($name,)+) = self;
                Ok(($($name.result()?,)+))
            }
        }
    )*};
}
tuples_of_members!((A) (A B) (A B C) (A B C D) (A B C D E));
tuples_of_members!((A B C D E F) (A B C D E F G) (A B C D E F G H));

struct Gather<V: 'static> {
    future: Settable<V>,
    /// Until it is done.
    members: RefCell<Vec<AnyFuture>>,
    unfinished: Cell<usize>,
    cancel_requested: Cell<bool>,
    /// Whether the first error is the end of it.
    stops_at_error: bool,
    /// Makes its result of the members' results.
    assemble: Cell<Option<Assemble<V>>>,
}

type Assemble<V> = Box<dyn FnOnce() -> Result<V>>;

impl<V: 'static> Gather<V> {
    #[track_caller]
    fn start(
        event_loop: Option<EventLoop>,
        members: Vec<AnyFuture>,
        stops_at_error: bool,
        assemble: impl FnOnce() -> Result<V> + 'static,
    ) -> FutureCell<V> {
        let event_loop = event_loop.unwrap_or_else(expect_event_loop);
        let gather = Rc::new(Gather {
            future: Settable::new(&event_loop, "_GatheringFuture"),
            members: RefCell::new(members.clone()),
            unfinished: Cell::new(members.len()),
            cancel_requested: Cell::new(false),
            stops_at_error,
            assemble: Cell::new(Some(Box::new(assemble))),
        });
        let future = FutureCell::of(gather.clone());
        if members.is_empty() {
            gather.all_done();
            return future;
        }
        let elsewhere = |member: &AnyFuture| member.event_loop() != future.as_any().event_loop();
        if members.iter().any(elsewhere) {
            gather.settle(Err(Error::of_a_different_loop()));
            return future;
        }
        event_loop.keep(gather.future.id, gather.clone());
        for member in members {
            let gather = Rc::downgrade(&gather);
            member
                .0
                .on_done(Box::new(move |member| Self::member_done(&gather, member)));
        }
        future
    }

    fn member_done(gather: &Weak<Self>, member: &AnyFuture) {
        let failure = member.0.about().failure(); // also if nobody asks: then it was looked at
        let Some(gather) = gather
            .upgrade()
            .filter(|gather| !gather.future.is_settled())
        else {
            return;
        };
        gather.unfinished.set(gather.unfinished.get() - 1);
        match failure {
            Some(error) if gather.stops_at_error => gather.settle(Err(error)),
            _ if gather.unfinished.get() == 0 => gather.all_done(),
            _ => {}
        }
    }

    fn all_done(self: Rc<Self>) {
        let assemble = self.assemble.take().expect("all are done once");
        // It clones their results, and a clone can panic.
        let results = catch_unwind(AssertUnwindSafe(assemble));
        let results = results.unwrap_or_else(|panic| Err(Error::from_panic(panic)));
        let cancelled = self.cancel_requested.get();
        self.settle(if cancelled {
            Err(Error::Cancelled)
        } else {
            results
        });
    }

    fn settle(self: Rc<Self>, result: Result<V>) {
        let done_with = (self.members.take(), self.assemble.take());
        if let Some(event_loop) = self.future.event_loop() {
            drop(event_loop.release(self.future.id));
        }
        drop(done_with);
        // Called once, and from the loop: nothing can be wrong.
        drop(FutureCell::of(self).settle(result));
    }
}

impl<V: 'static> AnyCell for Gather<V> {
    fn about(&self) -> &dyn About {
        &self.future
    }

    fn name(&self) -> String {
        format!("Gather-{}", self.future.id)
    }

    fn waits_for(&self) -> Vec<AnyFuture> {
        self.members.borrow().clone()
    }

    /// It is over when its members are; until then a cancellation is only remembered.
    fn cancel_here(self: Rc<Self>, passed_on: bool) -> bool {
        if passed_on {
            self.cancel_requested.set(true);
        }
        passed_on
    }

    fn on_done(self: Rc<Self>, callback: AnyCallback) -> u64 {
        FutureCell::of(self).call_when_done(DoneCallback(Kind::Any(callback)))
    }
}

impl<V: 'static> Kept for Gather<V> {
    fn shut_down(&self) {
        self.future.dissolve_line();
        drop((self.members.take(), self.assemble.take()));
    }
}

impl<V: 'static> AsCell<V> for Gather<V> {
    fn settable(&self) -> &Settable<V> {
        &self.future
    }

    fn sets_itself(&self) -> Option<&'static str> {
        Some("Gather")
    }
}
