//! What the calls are made on: a few of each kind, in whatever state they happen to be.

use std::any::Any;
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Waker;

use send_none::sync::{
    BoundedSemaphore, Condition, Event, LifoQueue, Lock, LockGuard, Permit, Queue, Semaphore,
};
use send_none::{
    AnyTask, AsCompleted, Coroutine, EventLoop, FutureCell, Handle, Result, Submitted, Task,
    ThreadsafeHandle, ThreadsafeSetter, TimerHandle,
};

use crate::places::Mine;
use crate::rng::Rng;

/// Every coroutine here is of one type, so that there is one kind of task.
pub type Body = Pin<Box<dyn Future<Output = Result<Mine>>>>;

/// A done-callback that can be removed again.
pub type Shared = Rc<dyn Fn(&FutureCell<Mine>)>;

/// A few things of one kind. Their drops come back here, so nothing is dropped under a borrow.
pub struct Slots<T>(RefCell<Vec<T>>);

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Slots(RefCell::default())
    }
}

impl<T> Slots<T> {
    const ROOM: usize = 4;

    /// Puts it in, if it is one; and another one out, if there is no room.
    pub fn keep(&self, rng: &Rng, thing: impl Into<Option<T>>) {
        let Some(thing) = thing.into() else { return };
        let mut things = self.0.borrow_mut();
        if things.len() < Self::ROOM {
            return things.push(thing);
        }
        let place = rng.below(Self::ROOM);
        let old = std::mem::replace(&mut things[place], thing);
        drop(things);
        drop(old);
    }

    pub fn take(&self, rng: &Rng) -> Option<T> {
        let mut things = self.0.borrow_mut();
        match things.len() {
            0 => None,
            len => Some(things.swap_remove(rng.below(len))),
        }
    }

    pub fn pick(&self, rng: &Rng) -> Option<T>
    where
        T: Clone,
    {
        let things = self.0.borrow();
        match things.len() {
            0 => None,
            len => Some(things[rng.below(len)].clone()),
        }
    }
}

#[derive(Default)]
pub struct Things {
    pub loops: Slots<EventLoop>,
    pub cells: Slots<FutureCell<Mine>>,
    /// Handles that were polled by hand, and stand in the line.
    pub parked: Slots<FutureCell<Mine>>,
    pub several: Slots<FutureCell<Vec<Mine>>>,
    pub callbacks: Slots<Shared>,
    pub tasks: Slots<Task<Mine>>,
    pub any_tasks: Slots<AnyTask>,
    pub coroutines: Slots<Coroutine<Body>>,
    pub streams: Slots<AsCompleted<Mine>>,
    pub wakers: Slots<Waker>,
    pub handles: Slots<Handle>,
    pub timers: Slots<TimerHandle>,
    pub threadsafe: Slots<ThreadsafeHandle>,
    pub setters: Slots<ThreadsafeSetter<Mine>>,
    pub submitted: Slots<Submitted<Mine>>,
    pub locks: Slots<Lock>,
    pub guards: Slots<LockGuard>,
    pub conditions: Slots<Condition>,
    pub events: Slots<Event>,
    pub semaphores: Slots<Semaphore>,
    pub bounded: Slots<BoundedSemaphore>,
    pub permits: Slots<Permit>,
    pub queues: Slots<Queue<Mine>>,
    pub stacks: Slots<LifoQueue<Mine>>,
}

/// Something to be dropped.
type Last = Box<dyn Any>;

impl Things {
    /// One of the things, to be held by a callback or a coroutine and dropped with it.
    pub fn baggage(&self, rng: &Rng) -> Option<Last> {
        match rng.below(24) {
            0 => self.loops.pick(rng).map(boxed),
            1 => self.loops.take(rng).map(boxed),
            2 => self.cells.pick(rng).map(boxed),
            3 => self.tasks.pick(rng).map(boxed),
            4 => self.wakers.take(rng).map(boxed),
            5 => self.guards.take(rng).map(boxed),
            6 => self.permits.take(rng).map(boxed),
            7 => self.setters.take(rng).map(boxed),
            8 => self.coroutines.take(rng).map(boxed),
            9 => self.parked.take(rng).map(boxed),
            10 => self.streams.take(rng).map(boxed),
            11 => self.threadsafe.take(rng).map(boxed),
            _ => None,
        }
    }

    /// Any of the things that are left, kind by kind, beginning with any.
    pub fn take_any(&self, rng: &Rng) -> Option<Last> {
        let kinds: [fn(&Things, &Rng) -> Option<Last>; 24] = [
            |t, rng| t.loops.take(rng).map(boxed),
            |t, rng| t.cells.take(rng).map(boxed),
            |t, rng| t.parked.take(rng).map(boxed),
            |t, rng| t.several.take(rng).map(boxed),
            |t, rng| t.callbacks.take(rng).map(boxed),
            |t, rng| t.tasks.take(rng).map(boxed),
            |t, rng| t.any_tasks.take(rng).map(boxed),
            |t, rng| t.coroutines.take(rng).map(boxed),
            |t, rng| t.streams.take(rng).map(boxed),
            |t, rng| t.wakers.take(rng).map(boxed),
            |t, rng| t.handles.take(rng).map(boxed),
            |t, rng| t.timers.take(rng).map(boxed),
            |t, rng| t.threadsafe.take(rng).map(boxed),
            |t, rng| t.setters.take(rng).map(boxed),
            |t, rng| t.submitted.take(rng).map(boxed),
            |t, rng| t.locks.take(rng).map(boxed),
            |t, rng| t.guards.take(rng).map(boxed),
            |t, rng| t.conditions.take(rng).map(boxed),
            |t, rng| t.events.take(rng).map(boxed),
            |t, rng| t.semaphores.take(rng).map(boxed),
            |t, rng| t.bounded.take(rng).map(boxed),
            |t, rng| t.permits.take(rng).map(boxed),
            |t, rng| t.queues.take(rng).map(boxed),
            |t, rng| t.stacks.take(rng).map(boxed),
        ];
        let first = rng.below(kinds.len());
        let order = kinds.iter().cycle().skip(first).take(kinds.len());
        order.into_iter().find_map(|take| take(self, rng))
    }
}

fn boxed<T: 'static>(thing: T) -> Last {
    Box::new(thing)
}
