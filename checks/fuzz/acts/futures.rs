//! Calls of futures.

use std::pin::Pin;
use std::rc::Rc;
use std::task::Context;

use send_none::{as_completed, gather, gather_results, shield};

use super::{Act, several};
use crate::acts::loops::any_loop;
use crate::bodies::{body, delay};
use crate::places::{Mine, bell, done_callback, error, shared_callback};
use crate::world::World;

pub const ACTS: &[Act] = &[
    make,
    make,
    ask,
    ask,
    settle,
    settle,
    settle,
    cancel,
    watch,
    watch,
    unwatch,
    poll,
    poll,
    leave,
    several_at_once,
    several_at_once,
    shielded,
    streamed,
];

fn make(world: &Rc<World>) {
    let event_loop = any_loop(world);
    let cell = world.call("create_future", || event_loop.create_future());
    world.things.cells.keep(&world.rng, cell);
}

fn ask(world: &Rc<World>) {
    let Some(cell) = world.things.cells.pick(&world.rng) else {
        return;
    };
    let done = world.call("done", || cell.done()).unwrap_or_default();
    world.call("cancelled", || cell.cancelled());
    if world.ask("result", || cell.result()).is_some() && !done {
        world.note("a future that is not done has a result".into());
    }
    world.ask("exception", || cell.exception());
    world.call("print a future", || format!("{cell:?}"));
    world.call("as_any", || {
        let any = cell.as_any();
        any.is(&cell) && any.done()
    });
}

fn settle(world: &Rc<World>) {
    let Some(cell) = world.things.cells.pick(&world.rng) else {
        return;
    };
    let was_done = cell.done();
    let settled = match world.rng.below(3) {
        0 => world.ask("set_result", || cell.set_result(Mine::new())),
        1 => world.ask("set_exception", || cell.set_exception(error(world))),
        // What is refused is dropped here, and may panic; but not this one.
        _ => world.ask_contained("set quietly", || cell.set_result(Mine::Quiet)),
    };
    if settled.is_some() && (was_done || !cell.done()) {
        world.note("a future was settled twice, or not at all".into());
    }
}

fn cancel(world: &Rc<World>) {
    if let Some(cell) = world.things.cells.pick(&world.rng) {
        let was_done = cell.done();
        if world.contained("cancel", || cell.cancel()) == Some(was_done) && was_done {
            world.note("a future was cancelled that was done".into());
        }
    }
    if let Some(gather) = world.things.several.pick(&world.rng) {
        world.contained("cancel a gather", || gather.cancel());
        world.ask("set a gather's result", || gather.set_result(Vec::new()));
    }
}

fn watch(world: &Rc<World>) {
    let Some(cell) = world.things.cells.pick(&world.rng) else {
        return;
    };
    if world.rng.one_in(2) {
        let callback = done_callback(world);
        world.may_panic("add_done_callback", || cell.add_done_callback(callback));
    } else {
        let callback = shared_callback();
        world.things.callbacks.keep(&world.rng, callback.clone());
        world.may_panic("add_done_callback", || cell.add_done_callback(callback));
    }
}

fn unwatch(world: &Rc<World>) {
    let (things, rng) = (&world.things, &world.rng);
    if let (Some(cell), Some(callback)) = (things.cells.pick(rng), things.callbacks.take(rng)) {
        world.call("remove_done_callback", || {
            cell.remove_done_callback(&callback)
        });
        world.call("drop a callback", || drop(callback));
    }
}

/// Polls by hand, with a waker of the fuzzer's own or that of some task.
fn poll(world: &Rc<World>) {
    let (things, rng) = (&world.things, &world.rng);
    let cell = things.parked.take(rng).or_else(|| things.cells.pick(rng));
    let waker = things.wakers.pick(rng).filter(|_| rng.one_in(2));
    if let Some(mut cell) = cell {
        let waker = waker.unwrap_or_else(bell);
        world.call("poll a future", || {
            Pin::new(&mut cell).poll(&mut Context::from_waker(&waker))
        });
        things.parked.keep(rng, cell);
    }
}

fn leave(world: &Rc<World>) {
    let parked = world.things.parked.take(&world.rng);
    world.call("leave the line", || drop(parked));
    let cell = world.things.cells.take(&world.rng);
    world.call("drop a future", || drop(cell));
}

fn several_at_once(world: &Rc<World>) {
    let members: Vec<_> = several(world).collect();
    let (things, rng) = (&world.things, &world.rng);
    match rng.below(4) {
        0 => {
            let gather = world.may_panic("gather", || gather(members));
            things.several.keep(rng, gather);
        }
        1 => {
            let bodies = [body(world), body(world)];
            let gather = world.may_panic("gather of coroutines", || gather(bodies));
            things.several.keep(rng, gather);
        }
        2 => {
            world.may_panic("gather_results", || gather_results(members));
        }
        _ => {
            let (one, two) = (body(world), async { Ok(2) });
            world.may_panic("gather!", || send_none::gather!(one, two));
        }
    }
}

fn shielded(world: &Rc<World>) {
    let (things, rng) = (&world.things, &world.rng);
    let outer = match things.cells.pick(rng).filter(|_| rng.one_in(2)) {
        Some(inner) => world.may_panic("shield", || shield(inner)),
        None => {
            let body = body(world);
            world.may_panic("shield a coroutine", || shield(body))
        }
    };
    things.cells.keep(rng, outer);
}

fn streamed(world: &Rc<World>) {
    let (things, rng) = (&world.things, &world.rng);
    let (futures, limit): (Vec<_>, _) = (several(world).collect(), delay(world));
    let stream = world.may_panic("as_completed", || as_completed(futures));
    let stream = stream.and_then(|stream| match rng.one_in(2) {
        true => world.may_panic("timeout", || stream.timeout(limit)),
        false => Some(stream),
    });
    things.streams.keep(rng, stream);
}
