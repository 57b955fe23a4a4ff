//! Calls of locks and their like that do not wait; those that wait are in the bodies.

use std::rc::Rc;

use send_none::Error;
use send_none::sync::{
    BoundedSemaphore, Condition, Event, LifoQueue, Lock, PriorityQueue, Queue, Semaphore,
};

use super::Act;
use crate::places::Mine;
use crate::world::World;

pub const ACTS: &[Act] = &[
    make, make, release, release, guards, notify, notify, event, event, semaphore, semaphore,
    bounded, put, put, get, get, task_done, stack, print,
];

/// The few that a world begins with.
pub fn furnish(world: &Rc<World>) {
    for _ in 0..8 {
        make(world);
    }
}

fn make(world: &Rc<World>) {
    let (things, rng) = (&world.things, &world.rng);
    match rng.below(7) {
        0 => things.locks.keep(rng, Lock::new()),
        1 => match things.locks.pick(rng) {
            Some(lock) => things.conditions.keep(rng, Condition::with_lock(lock)),
            None => things.conditions.keep(rng, Condition::new()),
        },
        2 => things.events.keep(rng, Event::new()),
        3 => things
            .semaphores
            .keep(rng, Semaphore::new(rng.one_of(&[0, 1, 2, usize::MAX]))),
        4 => things
            .bounded
            .keep(rng, BoundedSemaphore::new(rng.one_of(&[0, 1, usize::MAX]))),
        5 => things.queues.keep(rng, Queue::new(rng.below(3))),
        _ => things.stacks.keep(rng, LifoQueue::new(rng.below(3))),
    }
}

fn release(world: &Rc<World>) {
    let (things, rng) = (&world.things, &world.rng);
    if let Some(lock) = things.locks.pick(rng) {
        world.ask("release a lock", || lock.release());
        world.call("locked", || lock.locked());
    }
    if let Some(condition) = things.conditions.pick(rng) {
        world.ask("release a condition", || condition.release());
    }
}

fn guards(world: &Rc<World>) {
    let guard = world.things.guards.take(&world.rng);
    world.call("drop a guard", || drop(guard));
    let permit = world.things.permits.take(&world.rng);
    world.call("drop a permit", || drop(permit));
}

fn notify(world: &Rc<World>) {
    if let Some(condition) = world.things.conditions.pick(&world.rng) {
        let n = world.rng.below(3);
        world.ask("notify", || condition.notify(n));
        world.ask("notify_all", || condition.notify_all());
    }
}

fn event(world: &Rc<World>) {
    if let Some(event) = world.things.events.pick(&world.rng) {
        match world.rng.one_in(2) {
            true => world.call("set an event", || event.set()),
            false => world.call("clear an event", || event.clear()),
        };
        world.call("is_set", || event.is_set());
    }
}

fn semaphore(world: &Rc<World>) {
    if let Some(semaphore) = world.things.semaphores.pick(&world.rng) {
        world.ask("release a semaphore", || semaphore.release());
        world.call("is a semaphore locked", || semaphore.locked());
    }
}

fn bounded(world: &Rc<World>) {
    if let Some(semaphore) = world.things.bounded.pick(&world.rng) {
        world.ask("release a bounded semaphore", || semaphore.release());
    }
}

fn put(world: &Rc<World>) {
    if let Some(queue) = world.things.queues.pick(&world.rng) {
        world.ask("put_nowait", || {
            queue.put_nowait(Mine::new()).map_err(Error::from)
        });
        world.call("full", || (queue.full(), queue.maxsize(), queue.qsize()));
    }
}

fn get(world: &Rc<World>) {
    if let Some(queue) = world.things.queues.pick(&world.rng) {
        world.ask("get_nowait", || queue.get_nowait().map_err(Error::from));
        world.call("empty", || queue.empty());
    }
}

fn task_done(world: &Rc<World>) {
    if let Some(queue) = world.things.queues.pick(&world.rng) {
        world.ask("task_done", || queue.task_done());
    }
}

/// The other two kinds of queue, in which items are compared, and come out the other way round.
fn stack(world: &Rc<World>) {
    if let Some(stack) = world.things.stacks.pick(&world.rng) {
        world.ask("put on a stack", || {
            stack.put_nowait(Mine::new()).map_err(Error::from)
        });
        world.ask("get from a stack", || {
            stack.get_nowait().map_err(Error::from)
        });
    }
    world.call("a heap", || {
        let heap = PriorityQueue::new(2);
        drop(heap.put_nowait(Mine::new()));
        drop(heap.put_nowait(Mine::new()));
        heap.get_nowait().map_err(Error::from)
    });
}

fn print(world: &Rc<World>) {
    let (things, rng) = (&world.things, &world.rng);
    let (locks, events) = (things.locks.pick(rng), things.events.pick(rng));
    let (conditions, queues) = (things.conditions.pick(rng), things.queues.pick(rng));
    let semaphores = things.semaphores.pick(rng);
    world.call("print", || {
        format!("{locks:?} {events:?} {conditions:?} {queues:?} {semaphores:?}")
    });
}
