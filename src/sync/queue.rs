//! A queue: items are put in by some tasks and got out by others.
//!
//! Two lines: those who wait for an item, and those who wait for room. Putting an item lets the
//! first of the one go, and getting one the first of the other. Whoever is let go looks again: the
//! item may have been got by somebody who did not wait.
//!
//! And there is a count of items that are not yet marked as done, for those who wait until all work
//! is done, and not just taken.

use std::cell::{Cell, RefCell};
use std::collections::{BinaryHeap, VecDeque};
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::panic::Location;
use std::rc::Rc;

use crate::error::{Error, Result};
use crate::sync::event::Event;
use crate::sync::line::Line;
use crate::sync::store::Store;

/// First in, first out. Python: `asyncio.Queue`.
///
/// This is a handle: clone it to share the queue.
pub struct Queue<T> {
    inside: Rc<Inside<T>>,
}

struct Inside<T> {
    items: RefCell<Box<dyn Store<T>>>,
    /// Zero: there is always room.
    maxsize: usize,
    getters: Line,
    putters: Line,
    /// Items that were put and not yet marked as done.
    unfinished: Cell<usize>,
    all_done: Event,
}

impl<T> Queue<T> {
    /// A queue that has room for `maxsize` items; zero means for any number.
    pub fn new(maxsize: usize) -> Self
    where
        T: 'static,
    {
        Self::of(VecDeque::new(), maxsize)
    }

    fn of(items: impl Store<T> + 'static, maxsize: usize) -> Self {
        let all_done = Event::new();
        all_done.set();
        let inside = Inside {
            items: RefCell::new(Box::new(items)),
            maxsize,
            getters: Line::default(),
            putters: Line::default(),
            unfinished: Cell::new(0),
            all_done,
        };
        Queue {
            inside: Rc::new(inside),
        }
    }

    /// How many items are in it.
    #[doc(alias = "len")]
    pub fn qsize(&self) -> usize {
        self.inside.items.borrow().len()
    }

    /// For how many it has room; zero means for any number.
    pub fn maxsize(&self) -> usize {
        self.inside.maxsize
    }

    /// Whether there is no item.
    pub fn empty(&self) -> bool {
        self.qsize() == 0
    }

    /// Whether there is no room.
    pub fn full(&self) -> bool {
        self.inside.maxsize > 0 && self.qsize() >= self.inside.maxsize
    }

    /// Puts an item in, and waits for room first.
    ///
    /// # Errors
    /// What is thrown in while it waits: then the item is not put, and is dropped.
    #[track_caller]
    pub fn put(&self, item: T) -> impl Future<Output = Result<()>> + use<T> {
        let (queue, called_at) = (self.clone(), Location::caller());
        async move {
            let putters = &queue.inside.putters;
            while queue.full() {
                let pass_on = |let_go| {
                    if let_go && !queue.full() {
                        putters.wake_first();
                    }
                };
                putters.wait("Queue.put", called_at, pass_on).await?;
            }
            queue.insert(item);
            Ok(())
        }
    }

    /// Puts an item in, if there is room.
    ///
    /// # Errors
    /// If there is none: the item comes back.
    pub fn put_nowait(&self, item: T) -> Result<(), QueueFull<T>> {
        if self.full() {
            return Err(QueueFull(item));
        }
        self.insert(item);
        Ok(())
    }

    fn insert(&self, item: T) {
        self.inside.items.borrow_mut().push(item);
        self.inside.unfinished.set(self.inside.unfinished.get() + 1);
        self.inside.all_done.clear();
        self.inside.getters.wake_first();
    }

    /// Gets the next item out, and waits for one if there is none.
    ///
    /// # Errors
    /// What is thrown in while it waits: then no item is taken out.
    #[track_caller]
    pub fn get(&self) -> impl Future<Output = Result<T>> + use<T> {
        self.get_for("Queue.get", Location::caller())
    }

    /// The same, in the name of somebody else.
    pub(crate) fn get_for(
        &self,
        what: &'static str,
        called_at: &'static Location<'static>,
    ) -> impl Future<Output = Result<T>> + use<T> {
        let queue = self.clone();
        async move {
            let getters = &queue.inside.getters;
            loop {
                if let Ok(item) = queue.get_nowait() {
                    return Ok(item);
                }
                let pass_on = |let_go| {
                    if let_go && !queue.empty() {
                        getters.wake_first();
                    }
                };
                getters.wait(what, called_at, pass_on).await?;
            }
        }
    }

    /// Gets the next item out, if there is one.
    ///
    /// # Errors
    /// If there is none.
    pub fn get_nowait(&self) -> Result<T, QueueEmpty> {
        let item = self.inside.items.borrow_mut().pop().ok_or(QueueEmpty)?;
        self.inside.putters.wake_first();
        Ok(item)
    }

    /// Marks one item that was got as done.
    ///
    /// # Errors
    /// If all items that were ever put are marked already.
    pub fn task_done(&self) -> Result<()> {
        let unfinished = self.inside.unfinished.get();
        let Some(left) = unfinished.checked_sub(1) else {
            return Err(Error::value("task_done() called too many times"));
        };
        self.inside.unfinished.set(left);
        if left == 0 {
            self.inside.all_done.set();
        }
        Ok(())
    }

    /// Waits until every item that was put is marked as done.
    ///
    /// # Errors
    /// What is thrown in while it waits.
    #[track_caller]
    pub fn join(&self) -> impl Future<Output = Result<()>> + use<T> {
        let all_done = self.inside.all_done.clone();
        let done = all_done.wait_at("Queue.join", Location::caller());
        async move { done.await.map(|_true| ()) }
    }
}

/// A [`Queue`] that gives the smallest item first. Python: `asyncio.PriorityQueue`.
///
/// Among equal items the order is open.
///
/// # Panics
/// If the items' comparison uses the queue.
pub struct PriorityQueue<T>(Queue<T>);

impl<T: Ord + 'static> PriorityQueue<T> {
    /// A queue that has room for `maxsize` items; zero means for any number.
    pub fn new(maxsize: usize) -> Self {
        PriorityQueue(Queue::of(BinaryHeap::new(), maxsize))
    }
}

/// A [`Queue`] that gives the last item first. Python: `asyncio.LifoQueue`.
pub struct LifoQueue<T>(Queue<T>);

impl<T: 'static> LifoQueue<T> {
    /// A queue that has room for `maxsize` items; zero means for any number.
    pub fn new(maxsize: usize) -> Self {
        LifoQueue(Queue::of(Vec::new(), maxsize))
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Queue {
            inside: self.inside.clone(),
        }
    }
}

macro_rules! is_a_queue {
    ($($name:ident)*) => {$(
        impl<T> Deref for $name<T> {
            type Target = Queue<T>;

            fn deref(&self) -> &Queue<T> {
                &self.0
            }
        }

        impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                $name(self.0.clone())
            }
        }
    )*};
}
is_a_queue!(PriorityQueue LifoQueue);

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inside {
            getters, putters, ..
        } = &*self.inside;
        let (items, getters, putters) = (self.qsize(), getters.len(), putters.len());
        write!(
            f,
            "<Queue {items} items, {getters} getting, {putters} putting>"
        )
    }
}

/// There is no item to get. Python: `asyncio.QueueEmpty`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueEmpty;

impl fmt::Display for QueueEmpty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the queue is empty: await get(), which waits for an item"
        )
    }
}

impl std::error::Error for QueueEmpty {}

/// There is no room for this item. Python: `asyncio.QueueFull`.
///
/// With `?` it becomes an [`Error`], and the item is dropped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct QueueFull<T>(
    /// The item that was not put.
    pub T,
);

impl<T> fmt::Debug for QueueFull<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "QueueFull(…)")
    }
}

impl<T> fmt::Display for QueueFull<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the queue is full: await put(item), which waits for room"
        )
    }
}

impl<T> From<QueueFull<T>> for Error {
    fn from(_full: QueueFull<T>) -> Self {
        Error::from(no_room::QueueFull)
    }
}

/// What is left of the error without the item; of the same name, for that is what it is called.
mod no_room {
    #[derive(Debug)]
    pub(super) struct QueueFull;

    impl std::fmt::Display for QueueFull {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            super::QueueFull(()).fmt(f)
        }
    }

    impl std::error::Error for QueueFull {}
}
