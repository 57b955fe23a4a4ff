//! The list of all unfinished tasks.
//!
//! Who keeps a task alive that nobody holds a handle of? Its loop: every unfinished task has a
//! place in this table and gives it up when it is done. Python: the loop only knows its tasks
//! weakly, and one that nothing refers to can be collected in mid-sentence.
//!
//! A task's `Waker` may be called on any thread, long after the task is gone. So it cannot hold the
//! task; it holds a [`TaskKey`]: the number of a place, and which tenant of that place is meant.
//! Places are let again, so a late wake finds that the tenant has changed and does nothing.
//!
//! Next: [`mailbox`](crate::mailbox), the door for other threads.

use std::rc::Rc;

use crate::any_future::AnyCell;
use crate::handle::Run;

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

/// A task as its loop sees it, whatever its coroutine and its result are.
pub(crate) trait LoopTask: Run + AnyCell {
    /// Queues the next step if the task is parked; does nothing to a queued or done one.
    fn wake(self: Rc<Self>);
    /// The same for a wake that came through the mailbox.
    fn wake_from_mailbox(self: Rc<Self>);
    /// Drops the coroutine unfinished, because the loop is closing.
    fn shut_down(&self);
    fn state(&self) -> TaskState;
    /// Whether its waker is held by anybody but itself and the futures that it is known to wait for.
    fn waker_is_elsewhere(&self) -> bool;
    fn set_name(&self, name: &str);
    /// Whether a panic of it is let through to the caller of `run_until_complete`.
    fn set_main(&self, is_main: bool);
    /// Nobody is to be told if it is never done: a run call made it.
    fn keep_quiet(&self);
    fn abort(self: Rc<Self>);
}

/// A place in the table, and which of its tenants is meant.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TaskKey {
    place: u32,
    tenant: u32,
}

#[derive(Default)]
pub(crate) struct TaskTable {
    places: Vec<Place>,
    vacant: Vec<u32>,
}

struct Place {
    tenant: u32,
    task: Option<Rc<dyn LoopTask>>,
}

impl TaskTable {
    /// The key that the next [`insert`](Self::insert) will use.
    pub(crate) fn next_key(&self) -> TaskKey {
        match self.vacant.last() {
            Some(&place) => TaskKey {
                place,
                tenant: self.places[place as usize].tenant,
            },
            None => TaskKey {
                place: self.places.len() as u32,
                tenant: 0,
            },
        }
    }

    pub(crate) fn insert(&mut self, task: Rc<dyn LoopTask>) {
        match self.vacant.pop() {
            Some(place) => self.places[place as usize].task = Some(task),
            None => self.places.push(Place {
                tenant: 0,
                task: Some(task),
            }),
        }
    }

    pub(crate) fn get(&self, key: TaskKey) -> Option<&Rc<dyn LoopTask>> {
        let place = self.places.get(key.place as usize)?;
        if place.tenant == key.tenant {
            place.task.as_ref()
        } else {
            None
        }
    }

    /// Lets the place again. The task is for the caller to drop, when no borrow is held.
    pub(crate) fn remove(&mut self, key: TaskKey) -> Option<Rc<dyn LoopTask>> {
        let place = self.places.get_mut(key.place as usize)?;
        if place.tenant != key.tenant {
            return None;
        }
        place.tenant = place.tenant.wrapping_add(1);
        self.vacant.push(key.place);
        place.task.take()
    }

    /// All unfinished tasks, oldest first.
    pub(crate) fn all(&self) -> Vec<Rc<dyn LoopTask>> {
        let mut tasks: Vec<_> = self
            .places
            .iter()
            .filter_map(|place| place.task.clone())
            .collect();
        tasks.sort_by_key(|task| task.about().id());
        tasks
    }
}
