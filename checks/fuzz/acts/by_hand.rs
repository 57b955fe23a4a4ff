//! Coroutines driven by hand, wakers, and what is dropped while a panic unwinds.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use send_none::{Coroutine, Step, Suspended};

use super::Act;
use crate::bodies::body;
use crate::judge::PLANNED;
use crate::places::{Mine, bell, error};
use crate::things::Body;
use crate::world::{World, drop_quietly};

pub const ACTS: &[Act] = &[
    make, make, send, send, send, send_with, throw, close, look, forget, wake, wake, new_waker,
    drop_waker, unwind,
];

fn make(world: &Rc<World>) {
    let body = body(world);
    let coroutine = world.call("a coroutine", || Coroutine::new(body));
    world.things.coroutines.keep(&world.rng, coroutine);
}

/// Takes a step of one. It is out of its slot meanwhile, for the step may look there.
fn step(
    world: &Rc<World>,
    name: &'static str,
    step: impl FnOnce(&mut Coroutine<Body>) -> Step<Mine>,
) {
    let Some(mut coroutine) = world.things.coroutines.take(&world.rng) else {
        return;
    };
    match world.call(name, || step(&mut coroutine)) {
        Some(Step::Returned(Err(error))) => {
            world.log(name, error.kind());
            world.check_error(name, &error);
            drop_quietly(error);
        }
        Some(Step::Suspended(Suspended::On(future))) => {
            world.call("print what it waits for", || format!("{future:?}"));
        }
        other => drop_quietly(other),
    }
    world.things.coroutines.keep(&world.rng, coroutine);
}

fn send(world: &Rc<World>) {
    step(world, "send(None)", |coroutine| coroutine.send(None));
}

fn send_with(world: &Rc<World>) {
    let waker = world.things.wakers.pick(&world.rng).unwrap_or_else(bell);
    step(world, "send", |coroutine| coroutine.send(Some(&waker)));
}

fn throw(world: &Rc<World>) {
    let error = error(world);
    step(world, "throw", |coroutine| coroutine.throw(error));
}

fn close(world: &Rc<World>) {
    if let Some(mut coroutine) = world.things.coroutines.take(&world.rng) {
        world.call("close a coroutine", || coroutine.close());
        world.things.coroutines.keep(&world.rng, coroutine);
    }
}

fn look(world: &Rc<World>) {
    if let Some(coroutine) = world.things.coroutines.take(&world.rng) {
        world.call("print a coroutine", || format!("{coroutine:?}"));
        world.things.coroutines.keep(&world.rng, coroutine);
    }
}

fn forget(world: &Rc<World>) {
    let coroutine = world.things.coroutines.take(&world.rng);
    world.call("drop a coroutine", || drop(coroutine));
    let stream = world.things.streams.take(&world.rng);
    world.call("drop a stream", || drop(stream));
}

fn wake(world: &Rc<World>) {
    if let Some(waker) = world.things.wakers.pick(&world.rng) {
        match world.rng.one_in(2) {
            true => world.call("wake", || waker.wake()),
            false => world.call("wake_by_ref", || waker.wake_by_ref()),
        };
    }
}

fn new_waker(world: &Rc<World>) {
    world.things.wakers.keep(&world.rng, bell());
}

fn drop_waker(world: &Rc<World>) {
    let waker = world.things.wakers.take(&world.rng);
    world.call("drop a waker", || drop(waker));
}

/// What is dropped now acts while the panic unwinds.
fn unwind(world: &Rc<World>) {
    let (things, rng) = (&world.things, &world.rng);
    let held = (
        Mine::ActsAndPanics,
        things.baggage(rng),
        things.loops.take(rng),
    );
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let _held = held;
        panic!("{}", PLANNED);
    }));
    world.log("unwound", "");
    drop_quietly(unwound);
}
