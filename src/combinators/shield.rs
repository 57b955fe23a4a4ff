//! Keeping a cancellation from something.
//!
//! A shield is a future of its own beside the shielded one. What happens to that happens to the
//! shield, but not the other way round.

use std::future::IntoFuture;
use std::panic::{AssertUnwindSafe, Location, catch_unwind};

use crate::error::{Error, Result};
use crate::future_cell::FutureCell;
use crate::program::ensure_future;
use crate::turn::expect_event_loop;

/// The same result, but cancelling this one leaves the shielded one alone.
/// Python: `asyncio.shield`.
///
/// A coroutine is wrapped in a task, now. The cancellation of the shielded one comes through.
///
/// # Panics
/// If no loop is running and the thread has no default loop.
#[track_caller]
pub fn shield<T, A>(awaitable: A) -> FutureCell<T>
where
    T: Clone + 'static,
    A: IntoFuture<Output = Result<T>>,
    A::IntoFuture: 'static,
{
    let inner = ensure_future(awaitable);
    if inner.done() {
        return inner;
    }
    let event_loop = inner.event_loop().unwrap_or_else(expect_event_loop);
    let outer = event_loop.create_future_for("shield", Location::caller());
    let passes_on = outer.clone();
    let watch = inner.watch(move |inner: &FutureCell<T>| pass_on(inner, &passes_on));
    // Once the shield is done, the inner one need not tell it.
    outer.add_done_callback(move |_: &FutureCell<T>| drop(watch));
    outer
}

/// It is an error if somebody else has settled the shield.
fn pass_on<T: Clone>(inner: &FutureCell<T>, outer: &FutureCell<T>) -> Result<()> {
    let failure = inner.as_any().0.about().failure(); // looked at, also if nobody waits any more
    match failure {
        _ if outer.cancelled() => {}
        Some(Error::Cancelled) if inner.cancelled() => drop(outer.cancel()),
        _ => {
            // It clones the result, and a clone can panic.
            let result = catch_unwind(AssertUnwindSafe(|| inner.result()));
            let result = result.unwrap_or_else(|panic| Err(Error::from_panic(panic)));
            return outer.settle(result);
        }
    }
    Ok(())
}
