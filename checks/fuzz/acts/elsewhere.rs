//! Other threads. Each of them is waited for on the spot, so that everything happens in one order.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use send_none::{Error, ThreadPool, run_coroutine_threadsafe};

use super::Act;
use crate::acts::loops::{any_loop, fresh};
use crate::acts::sync::furnish;
use crate::bodies::body;
use crate::judge::{PLANNED, STRAY};
use crate::places::{Mine, error, visit_and_panic_maybe};
use crate::world::{Outcome, World, here, set_world};

pub const ACTS: &[Act] = &[
    make_handle,
    make_handle,
    call,
    call,
    make_setter,
    make_setter,
    set,
    set,
    submit,
    submitted,
    drop_one,
    elsewhere,
    execute,
    execute_two,
];

fn make_handle(world: &Rc<World>) {
    let event_loop = any_loop(world);
    let handle = world.call("threadsafe", || event_loop.threadsafe());
    world.things.threadsafe.keep(&world.rng, handle);
}

/// A callback that may travel.
fn call(world: &Rc<World>) {
    let held = Mine::new();
    if let Some(handle) = world.things.threadsafe.pick(&world.rng) {
        let call = move || {
            visit_and_panic_maybe();
            drop(held);
        };
        let closed = format!("{handle:?}").contains("closed");
        let accepted = world.ask("call_soon_threadsafe", || handle.call_soon(call));
        if accepted.is_some() && closed {
            world.note("a closed loop has accepted a call".into());
        }
    }
}

fn make_setter(world: &Rc<World>) {
    let (things, rng) = (&world.things, &world.rng);
    let task = things.tasks.pick(rng).filter(|_| rng.one_in(4));
    let cell = task.map(Into::into).or_else(|| things.cells.pick(rng));
    if let Some(cell) = cell {
        let setter = world.call("a setter", || cell.threadsafe());
        things.setters.keep(rng, setter);
    }
}

fn set(world: &Rc<World>) {
    if let Some(setter) = world.things.setters.take(&world.rng) {
        match world.rng.below(3) {
            0 => world.ask("set from a setter", || setter.set_result(Mine::new())),
            1 => world.ask("fail from a setter", || setter.set_exception(error(world))),
            _ => world.call("drop a setter", || drop(setter)),
        };
    }
}

fn submit(world: &Rc<World>) {
    let (things, rng) = (&world.things, &world.rng);
    if let Some(handle) = things.threadsafe.pick(rng) {
        let make = || async {
            visit_and_panic_maybe();
            match here() {
                Some(world) => body(&world).await,
                None => Ok(Mine::Quiet),
            }
        };
        let submitted = world.ask("submit", || run_coroutine_threadsafe(make, &handle));
        things.submitted.keep(rng, submitted);
    }
}

fn submitted(world: &Rc<World>) {
    if let Some(submitted) = world.things.submitted.take(&world.rng) {
        world.ask("result of a submitted", || submitted.result(Duration::ZERO));
        world.ask("cancel a submitted", || Ok(submitted.cancel()));
        world.things.submitted.keep(&world.rng, submitted);
    }
}

fn drop_one(world: &Rc<World>) {
    let handle = world.things.threadsafe.take(&world.rng);
    world.call("drop a handle", || drop(handle));
    let submitted = world.things.submitted.take(&world.rng);
    world.call("drop a submitted", || drop(submitted));
}

/// A thread with a world of its own, and some of the things of this one.
fn elsewhere(world: &Rc<World>) {
    let (things, rng) = (&world.things, &world.rng);
    let (seed, real) = (rng.next(), world.real);
    let (waker, handle) = (things.wakers.pick(rng), things.threadsafe.pick(rng));
    let (setter, submitted) = (things.setters.take(rng), things.submitted.take(rng));
    let thread = thread::Builder::new().name(format!("{} elsewhere", world.seed));
    let thread = thread.spawn(move || {
        let world = World::new(seed, real);
        let (things, rng) = (&world.things, &world.rng);
        things.wakers.keep(rng, waker);
        things.threadsafe.keep(rng, handle);
        things.setters.keep(rng, setter);
        things.submitted.keep(rng, submitted);
        play(world, 12)
    });
    match thread.expect("the system has threads").join() {
        Ok(outcome) => world.append(outcome),
        Err(_) => world.note("a panic left a thread".into()),
    }
}

thread_local! {
    /// What acts when the thread ends, and its other thread-locals are gone, or are not: that depends
    /// on which was used first.
    static AT_EXIT: RefCell<Option<AtExit>> = const { RefCell::new(None) };
}

struct AtExit(Rc<World>);

impl Drop for AtExit {
    fn drop(&mut self) {
        self.0.at_exit.set(true);
        self.0.allow(6);
        self.0.act(6);
        self.0.allow(0);
        self.0.empty();
        STRAY.lock().unwrap().extend(self.0.outcome().wrong);
    }
}

/// What happens in a world from its beginning to its end, on this thread.
pub fn play(world: Rc<World>, calls: u32) -> Outcome {
    let early = world.rng.one_in(2);
    if early {
        AT_EXIT.set(Some(AtExit(world.clone())));
    }
    world.things.loops.keep(&world.rng, fresh(&world));
    furnish(&world);
    set_world(Some(world.clone()));
    if !early {
        AT_EXIT.set(Some(AtExit(world.clone())));
    }
    world.allow(calls);
    while !world.is_over() {
        world.act(1);
    }
    world.allow(calls / 8); // in the drops
    world.empty();
    world.allow(0);
    set_world(None);
    world.outcome()
}

/// A pool of one thread, which has begun the job before it is told to go. (All pools here are of one
/// thread: what is dropped with the old pool may put another in place of the new one.)
fn execute(world: &Rc<World>) {
    let (event_loop, held) = (any_loop(world), Mine::new());
    let (panics, (begun, begins)) = (world.rng.one_in(4), channel::<()>());
    let job = move || {
        drop((begun, held));
        match panics {
            true => panic!("{}", PLANNED),
            false => Mine::Quiet,
        }
    };
    if world.rng.one_in(2) {
        world.ask("a pool", || {
            event_loop.set_default_executor(ThreadPool::new(1))
        });
    } // else it is the one that was put there, or the one that a loop has
    let cell = world.may_panic("run_in_executor", || event_loop.run_in_executor(job));
    let _begun_or_dropped = begins.recv();
    world.ask("another pool", || {
        event_loop.set_default_executor(ThreadPool::new(1))
    });
    world.things.cells.keep(&world.rng, cell);
}

/// The pool goes while the second job waits for its thread, and the first for the second's end.
fn execute_two(world: &Rc<World>) {
    let event_loop = any_loop(world);
    // Whoever closed the loop in the midst of this would wait for the first one, and that for the second.
    let before = world.look_on.replace(true);
    let ((begun, begins), (over, waits)) = (channel::<()>(), channel::<()>());
    let first = move || {
        drop(begun);
        waits.recv().map_err(Error::from)
    };
    // What it holds is dropped before the first one goes on, and does not panic: then the pool would
    // not wait for the first one, and what comes of it would depend on the moment.
    let held = (Mine::Acts, over);
    let second = move || drop(held);
    world.ask("a pool", || {
        event_loop.set_default_executor(ThreadPool::new(1).with_name("of one"))
    });
    world.may_panic("run_in_executor", || event_loop.run_in_executor(first));
    let _begun_or_dropped = begins.recv();
    world.may_panic("run_in_executor", || event_loop.run_in_executor(second));
    world.ask("another pool", || {
        event_loop.set_default_executor(ThreadPool::new(1))
    });
    world.look_on.set(before);
}
