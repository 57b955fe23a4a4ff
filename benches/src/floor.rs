//! The floor: the least that a scheduler in safe Rust does.
//!
//! Whoever is on its queue is polled, first to last, and goes back to the end until he is ready. He
//! needs nobody to wake him. A task is its future in a box and a place for its result. Nobody can
//! cancel it or name it, and only one can wait for it.

use std::cell::{Cell, RefCell};
use std::cmp::{Ordering, Reverse};
use std::collections::binary_heap::PeekMut;
use std::collections::{BinaryHeap, VecDeque};
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use crate::gauge::stopwatch;
use crate::sides::{Side, Spawn, SpawnLocal, Who};

/// The side.
pub struct Floor;

/// Where a task puts its result.
pub type Place<T> = Rc<Cell<Option<T>>>;

/// What is on the queue.
pub type Boxed = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    static QUEUE: RefCell<VecDeque<Boxed>> = const { RefCell::new(VecDeque::new()) };
}

impl Floor {
    /// Polls all that is there, until nothing is.
    pub fn run(&self) {
        let mut cx = Context::from_waker(Waker::noop());
        QUEUE.with(|queue| {
            while let Some(mut future) = { queue.borrow_mut().pop_front() } {
                if future.as_mut().poll(&mut cx).is_pending() {
                    queue.borrow_mut().push_back(future);
                }
            }
        });
    }
}

impl Side for Floor {
    const WHO: Who = Who::Floor;

    fn new() -> Self {
        Floor
    }
}

/// A future that puts its result down, and the place where it does.
pub fn task<T: 'static>(
    future: impl Future<Output = Result<T, Infallible>> + 'static,
) -> (Boxed, Place<T>) {
    let place = Rc::new(Cell::new(None));
    let result = place.clone();
    let put_down = async move {
        let Ok(value) = future.await;
        place.set(Some(value));
    };
    (Box::pin(put_down), result)
}

/// Waits for what will be put there.
pub async fn taken<T>(place: Place<T>) -> T {
    std::future::poll_fn(|_| place.take().map_or(Poll::Pending, Poll::Ready)).await
}

impl Spawn for Floor {
    type Error = Infallible;
    type Handle<T: Clone + Send + 'static> = Place<T>;

    fn spawn<T, F>(future: F) -> Self::Handle<T>
    where
        T: Clone + Send + 'static,
        F: Future<Output = Result<T, Infallible>> + Send + 'static,
    {
        Self::spawn_local(future)
    }

    fn spawn_before<T, F>(&self, tasks: usize, make: impl Fn() -> F) -> Vec<Self::Handle<T>>
    where
        T: Clone + Send + 'static,
        F: Future<Output = Result<T, Infallible>> + Send + 'static,
    {
        (0..tasks).map(|_| Self::spawn_local(make())).collect()
    }

    async fn join<T: Clone + Send + 'static>(handle: Self::Handle<T>) -> T {
        taken(handle).await
    }
}

impl SpawnLocal for Floor {
    fn spawn_local<T, F>(future: F) -> Self::Handle<T>
    where
        T: Clone + Send + 'static,
        F: Future<Output = Result<T, Infallible>> + 'static,
    {
        let (task, result) = task(future);
        QUEUE.with(|queue| queue.borrow_mut().push_back(task));
        result
    }

    fn time_local(&self, main: impl Future<Output = Result<(), Infallible>> + 'static) -> u64 {
        stopwatch(|| {
            Self::spawn_local(main);
            self.run();
        })
    }
}

/// The least that a heap of timers does: what is due first lies on top, and equal deadlines keep
/// their order.
pub struct Heap<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    next: u64,
}

struct Entry<T> {
    key: (Instant, u64),
    what: T,
}

impl<T> Default for Heap<T> {
    fn default() -> Self {
        Heap {
            heap: BinaryHeap::new(),
            next: 0,
        }
    }
}

impl<T> Heap<T> {
    /// Puts something into it for so long. (What time is it? That must be asked each time.)
    pub fn push(&mut self, delay: Duration, what: T) {
        let key = (Instant::now() + delay, self.next);
        self.next += 1;
        self.heap.push(Reverse(Entry { key, what }));
    }

    /// Sleeps until the first one is due; then gives out all that are. Nothing if it is empty.
    ///
    /// As all others here, it wakes up at full milliseconds, and so has few reasons to.
    pub fn next_due(&mut self, mut give: impl FnMut(T)) -> bool {
        let Some(Reverse(first)) = self.heap.peek() else {
            return false;
        };
        let left = first.key.0.saturating_duration_since(Instant::now());
        if !left.is_zero() {
            thread::sleep(Duration::from_millis(left.as_millis() as u64 + 1));
        }
        let now = Instant::now();
        while let Some(first) = self.heap.peek_mut().filter(|first| first.0.key.0 <= now) {
            give(PeekMut::pop(first).0.what);
        }
        true
    }

    /// Throws out what is not wanted any more, if that is more than half of all. (The caller counts it.)
    pub fn sweep(&mut self, unwanted: &mut usize, is_wanted: impl Fn(&T) -> bool) {
        if *unwanted > self.heap.len() / 2 {
            self.heap.retain(|Reverse(entry)| is_wanted(&entry.what));
            *unwanted = 0;
        }
    }

    /// Drops all that is in it, and keeps the memory.
    pub fn clear(&mut self) {
        self.heap.clear();
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key.cmp(&other.key)
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<T> Eq for Entry<T> {}
