//! Calls of tasks.

use std::rc::Rc;

use send_none::{create_task, ensure_future};

use super::Act;
use crate::acts::loops::any_loop;
use crate::bodies::body;
use crate::places::{Mine, done_callback, error, foreign};
use crate::things::Body;
use crate::world::World;

pub const ACTS: &[Act] = &[
    make, make, make, make_here, make_here, ensure, cancel, cancel, abort, name, ask, set, watch,
    forget, any,
];

fn make(world: &Rc<World>) {
    let event_loop = any_loop(world);
    let body: Body = match world.rng.one_in(4) {
        true => Box::pin(foreign(world)),
        false => body(world),
    };
    let task = world.may_panic("create_task", || event_loop.create_task(body));
    world.things.tasks.keep(&world.rng, task);
}

fn make_here(world: &Rc<World>) {
    let body = body(world);
    let task = world.may_panic("create_task here", || create_task(body));
    world.things.tasks.keep(&world.rng, task);
}

fn ensure(world: &Rc<World>) {
    let (things, rng) = (&world.things, &world.rng);
    let body = body(world);
    let cell = world.may_panic("ensure_future", || ensure_future(body));
    things.cells.keep(rng, cell);
    if let Some(task) = things.tasks.pick(rng) {
        let same = world.call("ensure_future of a task", || ensure_future(task));
        things.cells.keep(rng, same);
    }
}

fn cancel(world: &Rc<World>) {
    if let Some(task) = world.things.tasks.pick(&world.rng) {
        world.contained("cancel a task", || task.cancel());
    }
}

fn abort(world: &Rc<World>) {
    if let Some(task) = world.things.tasks.pick(&world.rng) {
        world.contained("abort", || task.abort());
    }
}

fn name(world: &Rc<World>) {
    if let Some(task) = world.things.tasks.pick(&world.rng) {
        world.contained("set_name", || task.set_name("renamed"));
        world.call("name", || task.name());
    }
}

fn ask(world: &Rc<World>) {
    if let Some(task) = world.things.tasks.pick(&world.rng) {
        world.call("is a task done", || task.done());
        world.ask("result of a task", || task.result());
        world.ask("exception of a task", || task.exception());
        world.call("print a task", || format!("{task:?}"));
    }
}

fn set(world: &Rc<World>) {
    if let Some(task) = world.things.tasks.pick(&world.rng) {
        let set = match world.rng.one_in(2) {
            true => world.ask("set a task's result", || task.set_result(Mine::new())),
            false => world.ask("set a task's error", || task.set_exception(error(world))),
        };
        if set.is_some() {
            world.note("somebody set the outcome of a task".into());
        }
    }
}

fn watch(world: &Rc<World>) {
    let callback = done_callback(world);
    if let Some(task) = world.things.tasks.pick(&world.rng) {
        world.may_panic("add_done_callback to a task", || {
            task.add_done_callback(callback)
        });
    }
}

fn forget(world: &Rc<World>) {
    let task = world.things.tasks.take(&world.rng);
    world.call("drop a task", || drop(task));
}

fn any(world: &Rc<World>) {
    let (things, rng) = (&world.things, &world.rng);
    if let Some(task) = things.tasks.pick(rng) {
        things.any_tasks.keep(rng, task.any());
    }
    if let Some(task) = things.any_tasks.pick(rng) {
        match rng.below(4) {
            0 => world.contained("cancel any task", || {
                task.cancel();
            }),
            1 => world.contained("abort any task", || task.abort()),
            2 => world.call("set_name of any task", || task.set_name("any")),
            _ => world.call("print any task", || {
                drop(format!("{task:?} {}", task.done()))
            }),
        };
    }
}
