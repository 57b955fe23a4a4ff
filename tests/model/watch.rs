//! What must hold at every moment, by what the observer is told, and after every turn, by what the
//! loop says of itself.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use send_none::{EventLoop, LoopEvent, Snapshot, TaskState, all_tasks, get_event_loop};

use crate::lines::resources_are_right;
use crate::world::{Known, Ready, World};

/// Where a task may come from to be somewhere.
fn goes(world: &World, task: u64, from: &[Known], to: Known) {
    let was = world.known(task);
    world.check(from.contains(&was), || {
        format!("task {task} is {was:?} and becomes {to:?}")
    });
    let mut known = world.known.borrow_mut();
    if known.len() <= task as usize {
        known.resize(task as usize + 1, Known::NoTask);
    }
    known[task as usize] = to;
}

pub fn watch(world: &World, time: Duration, event: &LoopEvent) {
    let now = time.as_millis() as u64;
    world.check(now >= world.time.get(), || "time runs back".into());
    world.time.set(now);
    match *event {
        LoopEvent::TurnBegan { turn, .. } => turn_began(world, turn),
        LoopEvent::Asleep { until } => asleep(world, until, time),
        LoopEvent::TimerDue { when, .. } => {
            let on_time = when == time || when < time && world.blocked.get();
            world.check(on_time, || format!("due at {when:?}, and it is {time:?}"));
        }
        LoopEvent::TaskMade { task, .. } => {
            goes(world, task, &[Known::NoTask], Known::Queued);
            world.run_queue.borrow_mut().push_back(Ready::Task(task));
        }
        LoopEvent::Woken { in_step: true, .. } => {}
        LoopEvent::Woken { task, .. } => queued(world, task),
        LoopEvent::StepBegan { task, .. } => {
            goes(world, task, &[Known::Queued], Known::Running);
            world.comes_from_the_queue(Ready::Task(task));
            world.current.set(task);
            world.log("step", task, None);
        }
        LoopEvent::Parked {
            task, queued: q, ..
        }
        | LoopEvent::Suspended {
            task, queued: q, ..
        } => {
            goes(world, task, &[Known::Running], Known::Parked);
            parked(world, task);
            world.current.set(0);
            if q {
                queued(world, task);
            }
        }
        LoopEvent::Closing { .. } => world.closing.set(true),
        LoopEvent::Dropped { task } if world.closing.get() => {
            goes(world, task, &[Known::Queued, Known::Parked], Known::Done);
        }
        LoopEvent::Returned { task, .. }
        | LoopEvent::Panicked { task }
        | LoopEvent::Dropped { task } => {
            goes(world, task, &[Known::Running], Known::Returned);
            world.current.set(0);
        }
        LoopEvent::Settled { future, .. } => settled(world, future),
        _ => {} // the recorder sees to the rest
    }
}

fn queued(world: &World, task: u64) {
    world.log("woken", task, None);
    goes(world, task, &[Known::Parked], Known::Queued);
    world.run_queue.borrow_mut().push_back(Ready::Task(task));
}

/// Each turn is run by itself, so that the driver can look around in between.
fn turn_began(world: &World, turn: u64) {
    world.batch.set(world.run_queue.borrow().len());
    let before = world.turn.replace(turn);
    world.check(turn > before, || format!("turn {turn} after {before}"));
    if let Ok(event_loop) = get_event_loop() {
        event_loop.stop();
    }
}

fn asleep(world: &World, until: Option<Duration>, time: Duration) {
    if let Some(until) = until {
        return world.check(until > time, || format!("sleeps until {until:?}"));
    }
    // Somebody outside has a waker. He will not call it: the driver must go on.
    world.asleep.set(true);
    let posted = get_event_loop().and_then(|event_loop| event_loop.threadsafe().call_soon(|| ()));
    world.check(posted.is_ok(), || format!("{posted:?}"));
}

fn parked(world: &World, task: u64) {
    let number = world.number();
    let mut parked = world.parked.borrow_mut();
    if parked.len() <= task as usize {
        parked.resize(task as usize + 1, 0);
    }
    parked[task as usize] = number;
}

fn settled(world: &World, future: u64) {
    world.log("settled", future, None);
    match world.known(future) {
        Known::NoTask => goes(world, future, &[Known::NoTask], Known::Done),
        _ => goes(world, future, &[Known::Returned], Known::Done),
    }
}

/// Between two turns.
pub fn look_around(world: &World, event_loop: &EventLoop) -> Snapshot {
    let snapshot = event_loop.snapshot();
    tasks_are_right(world, &snapshot);
    let listed = all_tasks(event_loop).len();
    world.check(listed == snapshot.tasks.len(), || format!("{listed} tasks"));
    run_queue_is_right(world, &snapshot);
    let time = world.time.get();
    let sorted = snapshot.timers.is_sorted();
    let past = snapshot
        .timers
        .first()
        .is_some_and(|first| first.as_millis() < u128::from(time) && !world.blocked.get());
    world.check(sorted && !past, || {
        format!("at {time} ms: {:?}", snapshot.timers)
    });
    let wanted = world.timers.borrow().len() + world.sleepers.borrow().len() + world.limits.get();
    // A callback that has still to run may be the last to hold one.
    let queued = snapshot.ready.len();
    world.check(snapshot.timers.len() <= wanted + queued, || {
        format!("{:?}, and only {wanted} are wanted", snapshot.timers)
    });
    resources_are_right(world);
    snapshot
}

fn tasks_are_right(world: &World, snapshot: &Snapshot) {
    let mut seen = BTreeSet::new();
    for task in &snapshot.tasks {
        let known = match task.state {
            TaskState::Queued => Known::Queued,
            TaskState::Running => Known::Running,
            TaskState::Parked => Known::Parked,
        };
        let fine = seen.insert(task.id) && world.known(task.id) == known;
        world.check(fine && known != Known::Running, || {
            format!("{task:?}, and it is {:?}", world.known(task.id))
        });
        let done = (task.waits_for.iter()).any(|id| world.known(*id) == Known::Done);
        world.check(!done, || format!("{task:?} waits for what is done"));
        let lost =
            known == Known::Parked && task.waits_for.is_empty() && !is_outside(world, task.id);
        world.check(!lost, || format!("{task:?} waits for nothing"));
    }
    let unfinished = [
        Known::Queued,
        Known::Running,
        Known::Parked,
        Known::Returned,
    ];
    let known = world.known.borrow();
    let count = known
        .iter()
        .filter(|known| unfinished.contains(known))
        .count();
    drop(known);
    world.check(count == seen.len(), || {
        format!(
            "{count} tasks are unfinished, and {} are listed",
            seen.len()
        )
    });
    for future in &snapshot.futures {
        let fine = seen.insert(future.id) && world.known(future.id) == Known::NoTask;
        world.check(fine, || format!("{future:?} is done, or there twice"));
    }
}

/// Whether somebody outside has the task's waker.
pub fn is_outside(world: &World, task: u64) -> bool {
    let has = |slot: &std::cell::RefCell<Vec<(u64, _)>>| {
        slot.borrow().iter().any(|(owner, _)| *owner == task)
    };
    world.slots.iter().any(has)
}

/// Each queued task is on the run queue once, in the order in which they came, and no other is.
fn run_queue_is_right(world: &World, snapshot: &Snapshot) {
    let names: BTreeMap<u64, &str> = (snapshot.tasks.iter())
        .map(|task| (task.id, task.name.as_str()))
        .collect();
    let run_queue = world.run_queue.borrow();
    let known = run_queue.iter().filter_map(|entry| match entry {
        Ready::Task(task) => Some(names.get(task).copied().unwrap_or("a task that is done")),
        Ready::Callback(_) => None,
    });
    let listed = (snapshot.ready.iter()).filter_map(|entry| {
        let name = entry.strip_prefix('<')?.strip_suffix('>')?;
        name.starts_with("Task-").then_some(name)
    });
    world.check(listed.eq(known), || {
        format!("queued are {run_queue:?}, and listed {:?}", snapshot.ready)
    });
}
