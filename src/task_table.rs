//! The table of all unfinished tasks, and the states that a task can be in.
//!
//! Who keeps a task alive that nobody holds a handle of? Its loop: every unfinished task has a
//! place in this table and gives it up when it is done. Python: the loop only knows its tasks
//! weakly, and one that nothing refers to can be collected in mid-sentence.
//!
//! A task's `Waker` may be called on any thread, long after the task is gone. So it cannot hold the
//! task; it holds a [`TaskKey`]: the number of a place, and which tenant of that place is meant.
//! Places are let again, so a late wake finds that the tenant has changed and does nothing.
//!
//! A task is in exactly one state, and says itself in which:
//!
//! ```text
//!            made
//!             ↓           step begins                  returned
//!          Queued ───────────────────────→ Running ───────────────→ gone
//!             ↑  ↑                          ↓   │ woken, then suspended
//!             │  └──────────────────────────┼───┘
//!             └───────── Parked ←───────────┘ suspended
//!                woken
//! ```
//!
//! **Invariants.** Waking a queued task does nothing: ten thousand wakes are one step. A wake during the
//! step is no matter of this table: the loop notes it, for the task that runs is the current one, and queues
//! the task when its step is over (see [`park`](crate::EventLoop)).
//!
//! Next: [`mailbox`](crate::mailbox), the door for other threads.

use std::cell::Cell;

/// Where an unfinished task is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskState {
    /// On the run queue.
    Queued,
    /// Its coroutine is being polled.
    Running,
    /// Off the run queue, until its waker is called.
    Parked,
}

/// The state of one task, which lies in the task itself. A new one is queued. Of one that is done it says nothing.
pub(crate) struct Whereabouts(Cell<TaskState>);

impl Default for Whereabouts {
    fn default() -> Self {
        Whereabouts(Cell::new(TaskState::Queued))
    }
}

impl Whereabouts {
    pub(crate) fn state(&self) -> TaskState {
        self.0.get()
    }

    /// A step of it begins.
    pub(crate) fn begin(&self) {
        self.0.set(TaskState::Running);
    }

    /// The step is over, and the coroutine suspended. If it was woken meanwhile, it is queued at once.
    pub(crate) fn park(&self, woken: bool) {
        self.0.set(match woken {
            true => TaskState::Queued,
            false => TaskState::Parked,
        });
    }

    /// Tells whether it must be put on the run queue now. One that is queued already need not; and who runs is
    /// not woken here.
    pub(crate) fn wake(&self) -> bool {
        let parked = self.0.get() == TaskState::Parked;
        if parked {
            self.0.set(TaskState::Queued);
        }
        parked
    }
}

/// A place in the table, and which of its tenants is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TaskKey {
    place: u32,
    tenant: u32,
}

impl TaskKey {
    pub(crate) fn as_number(self) -> u64 {
        u64::from(self.place) << 32 | u64::from(self.tenant)
    }

    pub(crate) fn from_number(number: u64) -> Self {
        TaskKey {
            place: (number >> 32) as u32,
            tenant: number as u32,
        }
    }
}

/// The tasks are of type `T` here; what else a task is comes later.
pub(crate) struct TaskTable<T> {
    places: Vec<Place<T>>,
    vacant: Vec<u32>,
}

struct Place<T> {
    tenant: u32,
    task: Option<T>,
}

impl<T> Default for TaskTable<T> {
    fn default() -> Self {
        TaskTable {
            places: Vec::new(),
            vacant: Vec::new(),
        }
    }
}

impl<T> TaskTable<T> {
    /// The key that the next [`insert`](Self::insert) will use. Nothing may be inserted in between.
    pub(crate) fn next_key(&self) -> TaskKey {
        let place = self.vacant.last().copied();
        let place = place.unwrap_or(self.places.len() as u32);
        let tenant = self.places.get(place as usize);
        TaskKey {
            place,
            tenant: tenant.map_or(0, |place| place.tenant),
        }
    }

    /// A new task.
    pub(crate) fn insert(&mut self, task: T) {
        let place = match self.vacant.pop() {
            Some(place) => &mut self.places[place as usize],
            None => {
                self.places.push(Place {
                    tenant: 0,
                    task: None,
                });
                self.places.last_mut().expect("it was pushed")
            }
        };
        place.task = Some(task);
    }

    pub(crate) fn get(&self, key: TaskKey) -> Option<&T> {
        let place = self.places.get(key.place as usize)?;
        place.task.as_ref().filter(|_| place.tenant == key.tenant)
    }

    /// Lets the place again. The task is for the caller to drop, when no borrow is held.
    pub(crate) fn remove(&mut self, key: TaskKey) -> Option<T> {
        let place = self.places.get_mut(key.place as usize)?;
        if place.tenant != key.tenant {
            return None;
        }
        place.tenant = place.tenant.wrapping_add(1);
        let task = place.task.take();
        self.vacant.push(key.place);
        task
    }

    /// All unfinished tasks, in no particular order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &T> {
        self.places.iter().filter_map(|place| place.task.as_ref())
    }
}
