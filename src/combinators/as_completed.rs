//! Taking results as they finish.
//!
//! Each one that is done puts itself into a queue, and the iterator gets them out of it. When the
//! time is over, a `None` goes in for each that is still missing.

use std::cell::{Cell, RefCell};
use std::future::IntoFuture;
use std::rc::{Rc, Weak};
use std::time::Duration;

use crate::any_future::Watch;
use crate::combinators::sleep::Withdraw;
use crate::error::{Error, Result};
use crate::event_loop::{Core, EventLoop};
use crate::future_cell::FutureCell;
use crate::program::ensure_future;
use crate::protocols::async_for::AsyncIter;
use crate::sync::queue::Queue;
use crate::turn::expect_event_loop;

/// Gives their results in the order in which they end. Python: `asyncio.as_completed`.
///
/// They are all started now. An error of one comes out as that one's item, and the rest runs on.
///
/// ```
/// use send_none::{AsyncIter, EventLoop, as_completed, sleep_with};
/// use std::time::Duration;
///
/// let event_loop = EventLoop::with_virtual_clock();
/// let order = event_loop.run_until_complete(async {
///     let mut done = as_completed([3, 1, 2].map(|n| sleep_with(Duration::from_secs(n), n)));
///     let mut order = Vec::new();
///     while let Some(result) = done.anext().await? {
///         order.push(result?);
///     }
///     Ok(order)
/// })?;
/// assert_eq!(order, [1, 2, 3]);
/// # Ok::<(), send_none::Error>(())
/// ```
///
/// # Panics
/// If no loop is running and the thread has no default loop.
#[track_caller]
pub fn as_completed<T, I>(awaitables: I) -> AsCompleted<T>
where
    T: Clone + 'static,
    I: IntoIterator<Item: IntoFuture<Output = Result<T>, IntoFuture: 'static>>,
{
    let mut futures: Vec<FutureCell<T>> = Vec::new();
    for awaitable in awaitables {
        let future = ensure_future(awaitable); // a closure would hide who called us
        if !futures.contains(&future) {
            futures.push(future);
        }
    }
    let event_loop = futures
        .first()
        .and_then(FutureCell::event_loop)
        .unwrap_or_else(expect_event_loop);
    let missing = Rc::new(Missing {
        done: Queue::new(0),
        count: Cell::new(futures.len()),
        watches: RefCell::default(),
        timer: Cell::new(None),
    });
    for future in &futures {
        let missing_too = missing.clone();
        let watch = future.watch(move |future: &FutureCell<T>| missing_too.no_more(future));
        missing.watches.borrow_mut().push(watch);
    }
    AsCompleted {
        event_loop: Rc::downgrade(&event_loop.core),
        left: futures.len(),
        missing,
    }
}

/// The iterator that [`as_completed`] gives.
pub struct AsCompleted<T: 'static> {
    /// Held weakly: the iterator will live in a task of that loop.
    event_loop: Weak<Core>,
    /// How many items it will give yet.
    left: usize,
    missing: Rc<Missing<T>>,
}

/// Those that are not done yet, and where they go then.
struct Missing<T: 'static> {
    done: Queue<Option<FutureCell<T>>>,
    count: Cell<usize>,
    watches: RefCell<Vec<Watch>>,
    timer: Cell<Option<Withdraw>>,
}

impl<T> Missing<T> {
    /// This one is done.
    fn no_more(&self, future: &FutureCell<T>) {
        if self.count.get() == 0 {
            return; // the time was over before
        }
        self.count.set(self.count.get() - 1);
        self.put(Some(future.clone()));
        if self.count.get() == 0 {
            drop(self.timer.take());
        }
    }

    fn time_is_over(&self) {
        drop(self.watches.take());
        for _ in 0..self.count.take() {
            self.put(None);
        }
    }

    fn put(&self, future: Option<FutureCell<T>>) {
        // There is always room.
        let _full = self.done.put_nowait(future);
    }
}

impl<T> AsCompleted<T> {
    /// Sets a limit, counted from now (`None` sets none): then each one that is missing comes out as
    /// [`Error::Timeout`]. They themselves run on.
    pub fn timeout(self, limit: impl Into<Option<Duration>>) -> Self {
        let (Some(limit), Some(core)) = (limit.into(), self.event_loop.upgrade()) else {
            return self;
        };
        let missing = Rc::downgrade(&self.missing);
        let timer = EventLoop { core }.call_later(limit, move || {
            if let Some(missing) = missing.upgrade() {
                missing.time_is_over();
            }
        });
        self.missing.timer.set(Some(Withdraw(timer)));
        self
    }
}

impl<T: Clone> AsyncIter for AsCompleted<T> {
    type Item = Result<T>;

    async fn anext(&mut self) -> Result<Option<Result<T>>> {
        if self.left == 0 {
            return Ok(None);
        }
        let done = self.missing.done.get().await?;
        self.left -= 1;
        Ok(Some(
            done.map_or(Err(Error::Timeout), |future| future.result()),
        ))
    }
}

impl<T> Drop for AsCompleted<T> {
    fn drop(&mut self) {
        drop(self.missing.watches.take());
    }
}
