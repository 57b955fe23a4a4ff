//! Taking results as they finish.
//!
//! Each one that is done puts itself into a queue, and the iterator gets them out of it. When the
//! time is over, a `None` goes in for each that is still missing.

use std::cell::{Cell, RefCell};
use std::future::IntoFuture;
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

use crate::any_future::Watch;
use crate::combinators::wait::Withdraw;
use crate::error::{Error, Result};
use crate::future_cell::FutureCell;
use crate::program::wrapped;
use crate::protocols::async_for::AsyncIter;
use crate::sync::queue::Queue;
use crate::turn::open_event_loop;

/// Gives their results in the order in which they end. Python: `asyncio.as_completed`.
///
/// They are all started when the first item is asked for. An error of one comes out as that one's
/// item, and the rest runs on. If they cannot be started, because one is of another loop, say, that error is
/// all that comes.
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
#[track_caller]
pub fn as_completed<T, I>(awaitables: I) -> AsCompleted<T>
where
    T: Clone + 'static,
    I: IntoIterator<Item: IntoFuture<Output = Result<T>, IntoFuture: 'static>>,
{
    let called_at = Location::caller();
    let futures = awaitables.into_iter().map(IntoFuture::into_future);
    let start =
        futures.map(|future| -> Start<T> { Box::new(move || wrapped(future, called_at).0) });
    AsCompleted {
        called_at,
        to_start: start.collect(),
        limit: None,
        left: 0,
        missing: None,
    }
}

/// The iterator that [`as_completed`] gives.
///
/// To be cancelled while one waits for an item uses none up: the next one that is done comes out next.
pub struct AsCompleted<T: 'static> {
    called_at: &'static Location<'static>,
    /// Until the first item is asked for.
    to_start: Vec<Start<T>>,
    limit: Option<Duration>,
    /// How many items it will give yet, once they are started.
    left: usize,
    missing: Option<Rc<Missing<T>>>,
}

type Start<T> = Box<dyn FnOnce() -> FutureCell<T>>;

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

impl<T: 'static> AsCompleted<T> {
    /// Sets a limit, counted from the first item that is asked for (`None` sets none): then each one
    /// that is missing comes out as [`Error::Timeout`]. They themselves run on.
    pub fn timeout(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.limit = limit.into();
        self
    }

    /// Starts them, at the first item.
    fn start(&mut self) -> Result<Rc<Missing<T>>> {
        let event_loop = open_event_loop()?;
        let mut futures: Vec<FutureCell<T>> = Vec::new();
        for start in std::mem::take(&mut self.to_start) {
            open_event_loop()?; // whoever watches may have closed it meanwhile
            let future = start();
            if future.event_loop().as_ref() != Some(&event_loop) {
                return Err(Error::of_a_different_loop());
            }
            if !futures.contains(&future) {
                futures.push(future);
            }
        }
        self.left = futures.len();
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
        if let Some(limit) = self.limit.filter(|_| self.left > 0) {
            let weak = Rc::downgrade(&missing);
            let time_is_over = move || {
                if let Some(missing) = weak.upgrade() {
                    missing.time_is_over();
                }
            };
            let timer = Withdraw::later(&event_loop, limit, time_is_over, self.called_at);
            missing.timer.set(Some(timer));
        }
        Ok(missing)
    }
}

impl<T: Clone> AsyncIter for AsCompleted<T> {
    type Item = Result<T>;

    #[track_caller]
    fn anext(&mut self) -> impl Future<Output = Result<Option<Result<T>>>> {
        let called_at = Location::caller();
        async move {
            let missing = match self.missing.take() {
                Some(missing) => missing,
                None => self.start()?,
            };
            let done = self.missing.insert(missing).done.clone();
            if self.left == 0 {
                return Ok(None);
            }
            let done = done.get_for("as_completed", called_at).await?;
            self.left -= 1;
            Ok(Some(
                done.map_or(Err(Error::Timeout), |future| future.result()),
            ))
        }
    }
}

impl<T> Drop for AsCompleted<T> {
    fn drop(&mut self) {
        if let Some(missing) = &self.missing {
            drop(missing.watches.take());
        }
    }
}
