//! Waiting for several, side by side.
//!
//! A gather is a future of its own kind. It hangs a callback on each of its members and is settled
//! by the last of them, or by the first that goes wrong; and to cancel it is to cancel them.
//!
//! It belongs to its loop until it is done, as a task does. The callbacks refer to it weakly: a
//! member that holds its gather, which holds its members, could never be freed.

use std::cell::{Cell, OnceCell, RefCell};
use std::future::IntoFuture;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::rc::{Rc, Weak};

use crate::any_future::{About, AnyCallback, AnyCell, AnyFuture, Below};
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
/// different types, and for coroutines of different functions, there is [`gather!`](crate::gather!).
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
    let (gathering, members) = members(awaitables);
    gathering.start(true, move || {
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
    let (gathering, members) = members(awaitables);
    gathering.start(false, move || {
        Ok(members.iter().map(FutureCell::result).collect())
    })
}

#[track_caller]
fn members<T, I>(awaitables: I) -> (Gathering, Vec<FutureCell<T>>)
where
    T: 'static,
    I: IntoIterator<Item: IntoFuture<Output = Result<T>, IntoFuture: 'static>>,
{
    let (mut gathering, mut members) = (Gathering::default(), Vec::new());
    for awaitable in awaitables {
        members.push(gathering.member(awaitable)); // a closure would hide who called us
    }
    (gathering, members)
}

/// The members that a gather has so far. It is public for [`gather!`](crate::gather!) alone.
#[derive(Default)]
pub struct Gathering {
    members: Vec<AnyFuture>,
    /// Of the first member; all must have the same.
    event_loop: Option<EventLoop>,
    /// The gather itself, once there is one. That is before anybody is told: settling runs nothing.
    gather: Rc<OnceCell<Weak<dyn Gathers>>>,
}

impl Gathering {
    /// Takes one more: a coroutine becomes a task. If that is not done when its loop is closed, it is
    /// not reported: the gather is what somebody made.
    #[track_caller]
    pub fn member<T, A>(&mut self, awaitable: A) -> FutureCell<T>
    where
        T: 'static,
        A: IntoFuture<Output = Result<T>, IntoFuture: 'static>,
    {
        let (future, task) = wrapped(awaitable, Location::caller());
        if let Some(task) = task {
            task.keep_quiet();
        }
        self.event_loop = self.event_loop.take().or_else(|| future.event_loop());
        self.members.push(future.as_any());
        let gather = self.gather.clone();
        let is_done = move |member: &AnyFuture| {
            let failure = member.0.about().failure(); // also if nobody asks: it was looked at
            if let Some(gather) = gather.get().and_then(Weak::upgrade) {
                gather.member_done(failure);
            }
        };
        future
            .shared()
            .clone()
            .on_done(Box::new(is_done), Location::caller());
        future
    }

    /// All are there; they are those of the tuple.
    #[track_caller]
    pub fn tuple<M: Members>(self, members: M) -> FutureCell<M::Results> {
        self.start(true, move || members.results())
    }
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
    ($($awaitable:expr),+ $(,)?) => {{
        let mut gathering = $crate::combinators::gather::Gathering::default();
        let members = ($(gathering.member($awaitable),)+);
        gathering.tuple(members)
    }};
}

/// A tuple of futures, as [`gather!`](crate::gather!) has it.
pub trait Members: 'static {
    /// The tuple of their results.
    type Results: 'static;
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

impl Gathering {
    #[track_caller]
    fn start<V: 'static>(
        self,
        stops_at_error: bool,
        assemble: impl FnOnce() -> Result<V> + 'static,
    ) -> FutureCell<V> {
        let event_loop = self.event_loop.unwrap_or_else(expect_event_loop);
        let gather = Rc::new(Gather {
            future: Settable::new(&event_loop, "_GatheringFuture"),
            unfinished: Cell::new(self.members.len()),
            members: RefCell::new(self.members),
            cancel_requested: Cell::new(false),
            stops_at_error,
            assemble: Cell::new(Some(Box::new(assemble))),
        });
        let future = FutureCell::made(gather.clone());
        let here = future.as_any().event_loop();
        let elsewhere = |member: &AnyFuture| member.event_loop() != here;
        if gather.unfinished.get() == 0 {
            gather.all_done();
        } else if gather.members.borrow().iter().any(elsewhere) {
            gather.settle(Err(Error::of_a_different_loop()));
        } else {
            event_loop.keep(gather.future.id, gather.clone());
            let gather: Rc<dyn Gathers> = gather;
            self.gather.get_or_init(|| Rc::downgrade(&gather));
        }
        future
    }
}

/// A gather, whatever the type of its result.
trait Gathers {
    /// One of its members is done, and that is why there is no result.
    fn member_done(self: Rc<Self>, failure: Option<Error>);
}

impl<V: 'static> Gathers for Gather<V> {
    fn member_done(self: Rc<Self>, failure: Option<Error>) {
        if self.future.is_settled() {
            return;
        }
        self.unfinished.set(self.unfinished.get() - 1);
        match failure {
            Some(error) if self.stops_at_error => self.settle(Err(error)),
            _ if self.unfinished.get() == 0 => self.all_done(),
            _ => {}
        }
    }
}

impl<V: 'static> Gather<V> {
    fn all_done(self: Rc<Self>) {
        let assemble = self.assemble.take().expect("all are done once");
        drop(self.members.take()); // then that one has the last handles of them: see `recycling`
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
        // Called once, and from the loop: nothing can be wrong.
        drop(FutureCell::of(self).settle(result));
        drop(done_with);
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

    /// One error may be the end of it, while all the others wait; or it is already, and only its callback
    /// had no turn yet.
    fn blocked_on(&self) -> Vec<AnyFuture> {
        let members = self.waits_for();
        let has_failed = |member: &AnyFuture| member.0.about().error().is_some();
        let fails = self.stops_at_error && members.iter().any(has_failed);
        let (done, pending): (Vec<_>, Vec<_>) = members.into_iter().partition(AnyFuture::done);
        drop(done);
        if fails || self.stops_at_error && pending.len() > 1 {
            return Vec::new();
        }
        pending
    }

    /// It ends with a member that is cancelled, or when all are done; until then a cancellation is only
    /// remembered.
    fn cancel_here(self: Rc<Self>, below: Below) -> bool {
        let cancelled = below == Below::SaidYes && !self.future.is_settled();
        if cancelled {
            self.cancel_requested.set(true);
        }
        cancelled
    }

    fn on_done(self: Rc<Self>, callback: AnyCallback, made_at: &'static Location<'static>) -> u64 {
        FutureCell::of(self).call_when_done(DoneCallback(Kind::Any(callback)), made_at)
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
