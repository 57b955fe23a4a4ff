//! What must hold of that for which tasks stand in line, between two turns.

use crate::program::CONDITION;
use crate::world::{At, Known, Standing, World};

pub fn resources_are_right(world: &World) {
    for (lock, holders) in world.holders.iter().enumerate() {
        let held = world.locks[lock].locked();
        world.check(held == (holders.get() == 1), || {
            format!("lock {lock} has {} holders; held: {held}", holders.get())
        });
    }
    for (queue, items) in world.queues.iter().zip(&world.items) {
        let (size, items, room) = (queue.qsize(), items.borrow().len(), queue.maxsize());
        world.check(size == items && (room == 0 || size <= room), || {
            format!("{size} of {room} in the queue, and put but not got are {items}")
        });
    }
    let lines = world.lines.borrow();
    for (at, line) in &*lines {
        let is_queued = |one: &&Standing| world.known(one.task) == Known::Queued;
        let mut queued = line.iter().filter(is_queued).count();
        if *at == At::Lock(CONDITION) {
            // Those who were notified are in this line, too.
            let notified = lines.get(&At::Condition);
            queued += notified.map_or(0, |line| line.iter().filter(is_queued).count());
        }
        let waiting = line.len();
        if waiting > 0 || matches!(at, At::Semaphore(_)) {
            lines_are_right(world, *at, waiting, queued);
        }
    }
}

/// Nothing is done that waits to be told of it: what must hold between two turns, when a task can
/// only be let go by somebody who queues it.
fn lines_are_right(world: &World, at: At, waiting: usize, queued: usize) {
    let enough = match at {
        // All of them are let go at once.
        At::Cell(cell) => !world.cell(cell).done() || queued == waiting,
        At::Event => !world.event.is_set() || queued == waiting,
        At::Lock(lock) => world.locks[lock].locked() || queued > 0,
        At::Semaphore(semaphore) => {
            let free = free_permits(world, semaphore);
            let out = free + world.taken[semaphore].get();
            let handed = world.permits[semaphore].checked_sub(out);
            world.check(handed.is_some_and(|handed| handed <= queued), || {
                format!("{at:?}: {out} permits are free or taken, and {queued} have been let go")
            });
            free == 0 || queued > 0
        }
        At::Getters(queue) => queued >= waiting.min(world.queues[queue].qsize()),
        At::Putters(queue) => {
            let queue = &world.queues[queue];
            queued >= waiting.min(queue.maxsize().saturating_sub(queue.qsize()))
        }
        At::Condition => true,
    };
    world.check(enough || waiting == 0, || {
        format!("{at:?}: of {waiting} that wait only {queued} are queued")
    });
}

/// The semaphore shows them only when it is printed.
pub fn free_permits(world: &World, semaphore: usize) -> usize {
    let printed = format!("{:?}", world.semaphores[semaphore]);
    let number = printed.split(' ').nth(1).map(str::parse);
    number.expect("two words").expect("a number")
}
