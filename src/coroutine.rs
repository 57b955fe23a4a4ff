//! A coroutine, and what it is to send into it.
//!
//! A coroutine does nothing until somebody sends into it. In Python that is `coro.send(None)`, and
//! what comes back is the very future on which the coroutine is now blocked. In Rust a coroutine is
//! any `Future<Output = Result<T>>`, to send is to poll, and what must be sent is a `Waker`:
//!
//! | Python | here |
//! |---|---|
//! | `coro.send(None)` | [`coro.send(None)`](Coroutine::send): step it, nobody wants to be told |
//! | | `coro.send(Some(&waker))`: step it, and tell this waker when to step it again |
//! | returns the future it waits for | [`Step::Suspended`]`(`[`Suspended::On`]`(future))` |
//! | returns None: a bare yield | `Step::Suspended(Suspended::Yield)` |
//! | raises `StopIteration(value)` | [`Step::Returned`]`(Ok(value))` |
//! | raises another error | `Step::Returned(Err(error))` |
//!
//! A poll, though, gives nothing back but "Pending". How do we know *what* the coroutine waits
//! for? The leaf tells us: the future at the bottom of all those awaits, which is the one that
//! says Pending, notes itself in the coroutine's [`record`](crate::record).
//!
//! **Invariants.** A coroutine that has ended, one way or other, is dropped and never polled again.
//! The record of a step by hand is put away by a guard, so also when the step panics. (A task's is found by
//! way of its loop, which forgets the current task also after a panic.)
//!
//! Next: [`waiters`](crate::waiters), or straight on to [`future_cell`](crate::future_cell), a leaf that
//! others settle.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::any_future::AnyFuture;
use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::observer::ExceptionContext;
use crate::record::{Record, Waits};
use crate::step;
use crate::turn::get_event_loop;

/// A coroutine that is driven by hand. Python: a coroutine object.
///
/// It is also a future, so it can be awaited, or wrapped in a task, in place of being driven.
///
/// ```
/// use send_none::{Coroutine, EventLoop, Step, Suspended};
///
/// let event_loop = EventLoop::new();
/// let fut = event_loop.create_future::<&str>();
/// let waited_for = fut.clone();
/// let mut coro = Coroutine::new(async move { waited_for.await });
///
/// let Step::Suspended(Suspended::On(result)) = coro.send(None) else { panic!() };
/// assert!(result.is(&fut)); // Python: `result is fut`
///
/// fut.set_result("my result")?;
/// let Step::Returned(result) = coro.send(None) else { panic!() };
/// assert_eq!(result?, "my result");
/// # Ok::<(), send_none::Error>(())
/// ```
pub struct Coroutine<F> {
    /// Boxed, because a future must not move once it was polled. Gone when it has ended.
    body: Option<Pin<Box<F>>>,
    /// What it waits for since the last step.
    record: Rc<Record>,
    made_at: &'static Location<'static>,
}

/// What came of a step. Python: what `send` returns or raises.
#[derive(Debug)]
pub enum Step<T> {
    /// The coroutine has ended. Python: `StopIteration` with the value, or the error itself.
    #[doc(alias = "StopIteration")]
    Returned(Result<T>),
    /// It waits.
    Suspended(Suspended),
}

/// What a suspended coroutine waits for.
#[derive(Debug)]
pub enum Suspended {
    /// A [`FutureCell`](crate::FutureCell) or a [`Task`](crate::Task).
    On(AnyFuture),
    /// Nothing: it only lets others go first. Python: a bare `yield`.
    Yield,
    /// Something that is not of this crate, or several things at once.
    Foreign,
}

/// One poll. What is to be thrown in stands in the record before it, and what the coroutine waits
/// for stands there after it.
pub(crate) fn resume<F, T>(body: Pin<&mut F>, record: &Record, waker: &Waker) -> Poll<Result<T>>
where
    F: Future<Output = Result<T>>,
{
    if let Some(error) = record.take_thrown() {
        return throw_in(error, body, record, waker);
    }
    record.started.set(true);
    record.clear();
    body.poll(&mut Context::from_waker(waker))
}

/// The same if there is something to be thrown in. (Cold, for that is seldom.)
#[cold]
fn throw_in<F, T>(
    error: Error,
    body: Pin<&mut F>,
    record: &Record,
    waker: &Waker,
) -> Poll<Result<T>>
where
    F: Future<Output = Result<T>>,
{
    let for_nobody = !record.somebody_can_give_it_out();
    record.started.set(true);
    if for_nobody {
        record.dropped.set(true);
        return Poll::Ready(Err(error));
    }
    record.throw(error); // there the leaf looks for it
    record.clear();
    let throwing = step::Throwing::begin();
    let poll = body.poll(&mut Context::from_waker(waker));
    drop(throwing);
    // If it is still there, then no leaf of this crate was polled.
    match (poll, record.take_thrown()) {
        (poll, None) => poll,
        (Poll::Pending, Some(error)) => {
            record.dropped.set(true);
            Poll::Ready(Err(error))
        }
        (Poll::Ready(result), Some(error)) => Poll::Ready(result.and(Err(error))),
    }
}

impl<F, T> Coroutine<F>
where
    F: Future<Output = Result<T>>,
{
    /// Makes a coroutine of a future. Nothing of it runs.
    #[track_caller]
    pub fn new(future: F) -> Self {
        Coroutine {
            body: Some(Box::pin(future)),
            record: Rc::default(),
            made_at: Location::caller(),
        }
    }

    /// Runs the coroutine until it waits for something or ends. Python: `coro.send(None)`.
    ///
    /// With `None` nobody will be told when it can go on. To send `None` again while the future it
    /// waits for is still pending is a mistake, and raises an error inside it, at the `await`.
    /// With a waker it is not a mistake but a spurious wake-up, and the coroutine goes on waiting.
    ///
    /// A coroutine that has ended answers with an error.
    pub fn send(&mut self, waker: Option<&Waker>) -> Step<T> {
        let pending = |waits: &Waits| waits.single().is_some_and(|future| !future.done());
        let record = &self.record;
        if waker.is_none() && pending(&record.waits()) {
            let advice = "settle the future it waits for, then send again";
            record.throw(Error::runtime("await wasn't used with future", advice));
        }
        self.step(waker.unwrap_or(Waker::noop()))
    }

    /// Raises an error inside the coroutine, at the `await` where it is suspended. It may catch it
    /// and go on. One that has not started ends with the error. Python: `coro.throw(error)`.
    ///
    /// The future that it waits for must be of this crate: others have no way to give out an error
    /// that is not theirs. A coroutine suspended on one of those is dropped, and the error
    /// returned.
    pub fn throw(&mut self, error: impl Into<Error>) -> Step<T> {
        self.record.throw(error.into());
        self.step(Waker::noop())
    }

    /// Drops the coroutine, with all that it holds, in the middle of its `await`. Whatever clean-up
    /// its values do when they are dropped is done. Python: `coro.close()`, which raises
    /// `GeneratorExit` at the `await`.
    pub fn close(&mut self) {
        let body = self.body.take();
        self.record.clear();
        drop(body);
    }

    fn step(&mut self, waker: &Waker) -> Step<T> {
        let Some(mut body) = self.body.take() else {
            return Step::Returned(Err(reused()));
        };
        let record = &self.record;
        let open = step::open(record.clone(), waker);
        let poll = resume(body.as_mut(), record, waker);
        drop(open);
        match poll {
            Poll::Ready(result) => {
                record.clear();
                Step::Returned(result)
            }
            Poll::Pending => {
                self.body = Some(body);
                Step::Suspended(record.waits().as_suspended())
            }
        }
    }
}

fn reused() -> Error {
    Error::runtime(
        "cannot reuse already awaited coroutine",
        "make a new one for each run",
    )
}

impl Waits {
    fn as_suspended(&self) -> Suspended {
        match self.single() {
            Some(future) => Suspended::On(future.clone()),
            None if self.is_bare_yield() => Suspended::Yield,
            None => Suspended::Foreign,
        }
    }
}

impl<F, T> Future for Coroutine<F>
where
    F: Future<Output = Result<T>>,
{
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T>> {
        // Awaited inside another coroutine: the record is that one's.
        self.record.clear();
        let Some(mut body) = self.body.take() else {
            return Poll::Ready(Err(reused()));
        };
        self.record.started.set(true);
        let poll = body.as_mut().poll(cx);
        if poll.is_pending() {
            self.body = Some(body);
        }
        poll
    }
}

/// In debug mode, one that goes away unstarted is reported: somebody forgot to await it. (Or awaits it in a
/// task that was cancelled before its first step. Python can tell the two apart.)
impl<F> Drop for Coroutine<F> {
    fn drop(&mut self) {
        if self.body.is_none() || self.record.started.get() {
            return;
        }
        if let Some(event_loop) = get_event_loop().ok().filter(EventLoop::debug) {
            let context = ExceptionContext::new("coroutine was never awaited");
            let subject = format!("<coroutine {}>", type_name::<F>());
            event_loop.call_exception_handler(&context.about(subject, self.made_at));
        }
    }
}

impl<F> fmt::Debug for Coroutine<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match &self.body {
            None => "finished",
            Some(_) if self.record.started.get() => "suspended",
            Some(_) => "not started",
        };
        write!(f, "<coroutine {state}>")
    }
}
