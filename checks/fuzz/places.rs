//! The places from which calls are made: drops, clones, callbacks, wakers, observers, handlers, and
//! the texts of errors. Each acts for a while, and then maybe panics.

use std::fmt;
use std::future::Future;
use std::panic::panic_any;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::thread;
use std::time::Duration;

use send_none::{
    Error, EventLoop, ExceptionContext, FutureCell, LoopEvent, Observer, Result, get_event_loop,
};

use crate::judge::PLANNED;
use crate::things::Shared;
use crate::world::{World, drop_quietly, here, visit};

/// A result, or something that a callback or a coroutine holds. Most do nothing; some act when they
/// are cloned and dropped; and some of these may panic in the end.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub enum Mine {
    Quiet,
    Acts,
    ActsAndPanics,
}

impl Mine {
    pub fn new() -> Self {
        match here().is_some_and(|world| world.rng.one_in(4)) {
            true => Mine::ActsAndPanics,
            false => Mine::Quiet,
        }
    }

    fn act(&self, panics_once_in: usize) {
        match self {
            Mine::Quiet => {}
            Mine::Acts => visit(),
            Mine::ActsAndPanics => {
                visit();
                panic_maybe(panics_once_in);
            }
        }
    }
}

impl Clone for Mine {
    fn clone(&self) -> Self {
        self.act(16);
        match self {
            Mine::Quiet => Mine::Quiet,
            Mine::Acts => Mine::Acts,
            Mine::ActsAndPanics => Mine::ActsAndPanics,
        }
    }
}

impl Drop for Mine {
    fn drop(&mut self) {
        self.act(8);
    }
}

/// Panics once in so many times; but a second panic would be an abort, and nobody else's fault.
pub fn panic_maybe(one_in: usize) {
    let Some(world) = here() else { return };
    if world.rng.one_in(one_in) && !thread::panicking() && !world.is_over() {
        match world.rng.one_in(4) {
            true => panic_any(Mine::ActsAndPanics), // even to drop the panic itself can panic
            false => panic!("{}", PLANNED),
        }
    }
}

pub fn visit_and_panic_maybe() {
    visit();
    panic_maybe(8);
}

/// A waker that is not of the crate.
struct Bell(Mine);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        visit();
        panic_maybe(6);
        drop(self.0.clone());
    }
}

pub fn bell() -> Waker {
    Arc::new(Bell(Mine::new())).into()
}

/// An error whose text acts.
struct Loud(Mine);

impl fmt::Display for Loud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        drop(self.0.clone());
        visit();
        panic_maybe(8);
        write!(f, "loud")
    }
}

impl fmt::Debug for Loud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Loud {}

pub fn error(world: &World) -> Error {
    match world.rng.below(6) {
        0 => Error::Cancelled,
        1 => Error::Timeout,
        2 => Error::InvalidState("the fuzzer's own"),
        3 => Error::msg("the fuzzer's own"),
        _ => Error::from(Loud(Mine::new())),
    }
}

/// What a callback does.
pub fn callback(world: &Rc<World>) -> impl FnOnce() -> Result<()> + use<> {
    let held = (Mine::new(), world.things.baggage(&world.rng));
    move || {
        visit();
        drop(held);
        visit();
        panic_maybe(8);
        match here().filter(|world| world.rng.one_in(6)) {
            Some(world) => Err(error(&world)),
            None => Ok(()),
        }
    }
}

/// What a done-callback does: it has the future in hand.
pub fn done_callback(world: &Rc<World>) -> impl FnOnce(&FutureCell<Mine>) -> Result<()> + use<> {
    let call = callback(world);
    move |fut| {
        if let Some(world) = here() {
            world.things.cells.keep(&world.rng, fut.clone());
        }
        call()
    }
}

pub fn shared_callback() -> Shared {
    let held = Mine::new();
    Rc::new(move |fut: &FutureCell<Mine>| {
        visit();
        drop_quietly(fut.result());
        drop(held.clone());
        panic_maybe(8);
    })
}

/// It sees to it that no run of a loop sleeps for ever.
struct Watcher(Mine);

impl Observer for Watcher {
    fn event(&self, _time: Duration, event: &LoopEvent) {
        rescue(event); // before anything can panic
        if here().is_some_and(|world| !world.look_on.get() && world.rng.one_in(16)) {
            drop(self.0.clone());
            visit();
            panic_maybe(4);
        }
    }
}

/// The loop may be right to sleep: somebody has a handle. But nobody will use it, so another thread
/// is made that does.
fn rescue(event: &LoopEvent) {
    if !matches!(event, LoopEvent::Asleep { until: None }) {
        return;
    }
    if let Ok(event_loop) = get_event_loop() {
        let handle = event_loop.threadsafe();
        let stop = || get_event_loop().expect("it runs").stop();
        let thread = thread::spawn(move || handle.call_soon(stop));
        thread
            .join()
            .expect("it does not panic")
            .expect("the loop runs");
    }
}

pub fn watch(event_loop: &EventLoop) {
    event_loop.observe(Watcher(Mine::new()));
}

pub fn handler() -> impl Fn(&EventLoop, &ExceptionContext) {
    let held = Mine::new();
    move |event_loop, context| {
        let Some(world) = here() else { return };
        if let Some(error) = &context.exception {
            world.check_error("a report", error);
        }
        match world.rng.below(8) {
            0 => drop(held.clone()),
            1 => drop(format!("{context:?}")),
            2 => world.things.loops.keep(&world.rng, event_loop.clone()),
            3 => visit(),
            4 => panic_maybe(4),
            _ => {}
        }
    }
}

/// A future of the fuzzer's own: it acts in its polls, leaves its waker behind, and may wake itself.
/// When a poll panics it still holds what it has.
pub fn foreign(world: &World) -> impl Future<Output = Result<Mine>> + use<> {
    let (mut polls, held) = (world.rng.below(3), Mine::new());
    std::future::poll_fn(move |cx| {
        let _held = &held;
        visit();
        panic_maybe(12);
        let Some(world) = here().filter(|_| polls > 0) else {
            return std::task::Poll::Ready(Ok(Mine::new()));
        };
        polls -= 1;
        world.things.wakers.keep(&world.rng, cx.waker().clone());
        if world.rng.one_in(3) {
            cx.waker().wake_by_ref();
        }
        std::task::Poll::Pending
    })
}
