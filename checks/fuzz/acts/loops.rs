//! Calls of the loop.

use std::rc::Rc;
use std::time::Duration;

use send_none::{
    EventLoop, ExceptionContext, Result, TaskState, all_tasks, current_task, get_event_loop,
    set_event_loop,
};

use super::Act;
use crate::bodies::{body, delay};
use crate::places::{Mine, callback, error, handler, watch};
use crate::world::World;

pub const ACTS: &[Act] = &[
    make,
    make,
    drop_one,
    ask,
    schedule,
    schedule,
    schedule,
    schedule,
    take_back,
    many_timers,
    stop,
    close,
    close,
    handlers,
    debug,
    look,
    defaults,
    defaults,
    block,
];

pub const RUNS: &[Act] = &[
    turn,
    turn,
    run_forever,
    run_coroutine,
    run_future,
    run_task,
    run,
];

/// A loop in any state: mostly one from the slots, sometimes the one that runs here.
pub fn any_loop(world: &Rc<World>) -> EventLoop {
    let running = || get_event_loop().ok().filter(|_| world.rng.one_in(4));
    let kept = || world.things.loops.pick(&world.rng);
    running().or_else(kept).unwrap_or_else(|| fresh(world))
}

pub fn fresh(world: &Rc<World>) -> EventLoop {
    let event_loop = match world.real {
        true => EventLoop::new(),
        false => EventLoop::with_virtual_clock(),
    };
    event_loop.set_exception_handler(handler());
    watch(&event_loop);
    event_loop
}

fn make(world: &Rc<World>) {
    let event_loop = world.call("a new loop", || fresh(world));
    world.things.loops.keep(&world.rng, event_loop);
}

fn drop_one(world: &Rc<World>) {
    let event_loop = world.things.loops.take(&world.rng);
    world.call("drop a loop", || drop(event_loop));
}

fn ask(world: &Rc<World>) {
    let event_loop = any_loop(world);
    world.call("is_running", || {
        let (running, turns) = (event_loop.is_running(), event_loop.turns());
        format!("{event_loop:?} {running} {turns} {:?}", event_loop.time())
    });
    world.call("is_closed", || {
        event_loop.is_closed() && event_loop == any_loop(world)
    });
}

fn schedule(world: &Rc<World>) {
    let (event_loop, call, delay) = (any_loop(world), callback(world), delay(world));
    let (things, rng) = (&world.things, &world.rng);
    match rng.below(6) {
        0 | 1 => {
            let handle = world.may_panic("call_soon", || event_loop.call_soon(call));
            things.handles.keep(rng, handle);
        }
        2 => {
            let answer = || event_loop.call_soon(Mine::new);
            world.may_panic("call_soon with an answer", answer);
        }
        3 => {
            let timer = world.may_panic("call_later", || event_loop.call_later(delay, call));
            things.timers.keep(rng, timer);
        }
        _ => {
            let timer = world.may_panic("call_at", || event_loop.call_at(delay, call));
            things.timers.keep(rng, timer);
        }
    }
}

fn take_back(world: &Rc<World>) {
    let (things, rng) = (&world.things, &world.rng);
    if let Some(handle) = things.handles.pick(rng) {
        world.call("cancel a handle", || handle.cancel());
        world.call("print a handle", || format!("{handle:?}"));
    }
    if let Some(timer) = things.timers.pick(rng) {
        world.call("cancel a timer", || timer.cancel());
        world.call("print a timer", || format!("{timer:?} {:?}", timer.when()));
    }
}

/// So many that they are swept out.
fn many_timers(world: &Rc<World>) {
    let (event_loop, held) = (any_loop(world), Mine::new());
    world.may_panic("many timers", || {
        for _ in 0..110 {
            let held = held.clone();
            event_loop.call_later(Duration::MAX, || held).cancel();
        }
    });
}

fn stop(world: &Rc<World>) {
    let event_loop = any_loop(world);
    world.contained("stop", || event_loop.stop());
}

fn close(world: &Rc<World>) {
    let event_loop = any_loop(world);
    let running = event_loop.is_running();
    let closed = world
        .ask_contained("close", || event_loop.close())
        .is_some();
    if closed && (running || !event_loop.is_closed()) {
        world.note("close said yes, and the loop is not closed".into());
    }
}

fn handlers(world: &Rc<World>) {
    let event_loop = any_loop(world);
    match world.rng.below(6) {
        0 => world.call("set_exception_handler", || {
            event_loop.set_exception_handler(handler())
        }),
        1 if world.rng.one_in(4) => {
            let clear = || event_loop.clear_exception_handler();
            world.call("clear_exception_handler", clear)
        }
        2 => world.call("observe", || watch(&event_loop)),
        _ => {
            let context = ExceptionContext::new("a report").with_exception(error(world));
            let call = || event_loop.call_exception_handler(&context);
            world.call("call_exception_handler", call)
        }
    };
}

fn debug(world: &Rc<World>) {
    let event_loop = any_loop(world);
    world.call("set_debug", || event_loop.set_debug(!event_loop.debug()));
    let limit = Duration::from_millis(world.rng.next() % 2);
    world.call("set_slow_callback_duration", || {
        event_loop.set_slow_callback_duration(limit)
    });
}

fn look(world: &Rc<World>) {
    let event_loop = any_loop(world);
    world.call("snapshot", || format!("{}", event_loop.snapshot()));
    if let Some(task) = world.call("current_task", current_task).flatten() {
        world.things.any_tasks.keep(&world.rng, task);
    }
    if let Some(tasks) = world.call("all_tasks", || all_tasks(&event_loop)) {
        for task in tasks {
            world.things.any_tasks.keep(&world.rng, task);
        }
    }
}

fn defaults(world: &Rc<World>) {
    let event_loop = any_loop(world);
    world.call("set_event_loop", || set_event_loop(&event_loop));
    if let Some(event_loop) = world.ask("get_event_loop", get_event_loop) {
        world.things.loops.keep(&world.rng, event_loop);
    }
}

fn block(world: &Rc<World>) {
    let event_loop = any_loop(world);
    let time = match world.real {
        true => Duration::ZERO,
        false => Duration::from_millis(world.rng.next() % 3),
    };
    world.call("block", || event_loop.block(time));
}

/// Runs a loop in some way. It must not run after that, if it did not before.
fn run_it<T>(
    world: &Rc<World>,
    name: &'static str,
    event_loop: &EventLoop,
    run: impl FnOnce() -> Result<T>,
) {
    if world.at_exit.get() {
        event_loop.stop(); // nobody could wake it from its sleep now
    }
    let (ran, closed) = (event_loop.is_running(), event_loop.is_closed());
    let done = world.ask(name, run).is_some();
    if done && (ran || closed) {
        world.note("a loop has run that was closed or running".into());
    }
    let tasks = event_loop.snapshot().tasks;
    let runs_on = tasks.iter().any(|task| task.state == TaskState::Running);
    if event_loop.is_running() != ran || runs_on && !ran {
        world.note("a loop runs on, or one of its tasks".into());
    }
}

fn turn(world: &Rc<World>) {
    let event_loop = any_loop(world);
    world.contained("stop", || event_loop.stop());
    run_it(world, "one turn", &event_loop, || event_loop.run_forever());
}

fn run_forever(world: &Rc<World>) {
    let event_loop = any_loop(world);
    run_it(world, "run_forever", &event_loop, || {
        event_loop.run_forever()
    });
}

fn run_coroutine(world: &Rc<World>) {
    let (event_loop, body) = (any_loop(world), body(world));
    let run = || event_loop.run_until_complete(body);
    run_it(world, "run a coroutine", &event_loop, run);
}

fn run_future(world: &Rc<World>) {
    let event_loop = any_loop(world);
    if let Some(cell) = world.things.cells.pick(&world.rng) {
        let run = || event_loop.run_until_complete(&cell);
        run_it(world, "run a future", &event_loop, run);
    }
    if let Some(gather) = world.things.several.pick(&world.rng) {
        let run = || event_loop.run_until_complete(gather);
        run_it(world, "run a gather", &event_loop, run);
    }
}

fn run_task(world: &Rc<World>) {
    let event_loop = any_loop(world);
    if let Some(task) = world.things.tasks.pick(&world.rng) {
        let run = || event_loop.run_until_complete(task);
        run_it(world, "run a task", &event_loop, run);
    }
}

/// Its loop has the real clock, and so nothing watches over it until the coroutine sees to that.
fn run(world: &Rc<World>) {
    if world.real && !world.at_exit.get() {
        let body = body(world);
        let watched = async move {
            watch(&get_event_loop()?);
            body.await
        };
        world.ask("run", || send_none::run(watched));
    }
}
