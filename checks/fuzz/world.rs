//! A world: the things, the chances, and the transcript. Each thread has one at most.
//!
//! It lies in a thread-local, because what must be `Send` (a waker, an error, a result) finds it only
//! there. Where there is none, in the threads of a pool for instance, nothing acts.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use send_none::{Error, Result};

use crate::acts;
use crate::judge::{Panic, judge, judge_text};
use crate::rng::Rng;
use crate::things::Things;

/// How deep, which call, and what came of it.
pub type Entry = (u32, &'static str, &'static str);

pub struct World {
    pub seed: u64,
    pub rng: Rng,
    pub things: Things,
    /// Whether new loops have the real clock. Then what happens depends on the moment.
    pub real: bool,
    /// Whether its thread is ending.
    pub at_exit: Cell<bool>,
    /// Whether those who watch only look on.
    pub look_on: Cell<bool>,
    /// How many calls may still be made. Then all that acts falls silent, and so every run ends.
    left: Cell<u32>,
    depth: Cell<u32>,
    calls: Cell<u64>,
    log: RefCell<Vec<Entry>>,
    wrong: RefCell<Option<String>>,
}

/// What is left of a world.
pub struct Outcome {
    pub calls: u64,
    pub log: Vec<Entry>,
    pub wrong: Option<String>,
}

thread_local! {
    static WORLD: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
}

/// The world of this thread.
pub fn here() -> Option<Rc<World>> {
    WORLD
        .try_with(|world| world.borrow().clone())
        .ok()
        .flatten()
}

pub fn set_world(world: Option<Rc<World>>) {
    drop(WORLD.replace(world));
}

/// Acts for a while, if there is a world. What acts calls this: a callback, a poll, a drop.
pub fn visit() {
    if let Some(world) = here() {
        world.act(world.rng.below(3));
    }
}

/// How deep calls may be nested: in a drop in a poll in a run in a callback…
const DEEPEST: u32 = 6;

impl World {
    pub fn new(seed: u64, real: bool) -> Rc<Self> {
        Rc::new(World {
            seed,
            rng: Rng::new(seed),
            things: Things::default(),
            real,
            at_exit: Cell::new(false),
            look_on: Cell::new(false),
            left: Cell::new(0),
            depth: Cell::new(0),
            calls: Cell::new(0),
            log: RefCell::default(),
            wrong: RefCell::default(),
        })
    }

    pub fn allow(&self, calls: u32) {
        self.left.set(calls);
    }

    pub fn is_over(&self) -> bool {
        self.left.get() == 0
    }

    /// Does so many things at random.
    pub fn act(self: &Rc<Self>, times: usize) {
        for _ in 0..times {
            let (left, depth) = (self.left.get(), self.depth.get());
            if left == 0 || depth == DEEPEST {
                return;
            }
            self.left.set(left - 1);
            self.depth.set(depth + 1);
            let act = || acts::choose(&self.rng)(self);
            if let Err(panic) = catch_unwind(AssertUnwindSafe(act)) {
                // Refusals are looked for at each call: here, outside of all calls, there is none.
                match judge(&*panic) {
                    Panic::Planned => {}
                    Panic::Refusal => self.note("a refusal where nothing was asked".into()),
                    Panic::Wrong(text) => self.note(text),
                }
                drop_quietly(panic);
            }
            self.depth.set(depth);
        }
    }

    /// Drops all the things, in any order. Others may take their places meanwhile.
    pub fn empty(&self) {
        while let Some(thing) = self.things.take_any(&self.rng) {
            self.call("the end of a thing", || drop(thing));
        }
    }

    /// A call that is not refused, or by an `Error` only.
    pub fn call<R>(&self, name: &'static str, call: impl FnOnce() -> R) -> Option<R> {
        self.guarded(name, Some("and could give an error"), call)
    }

    /// A call out of which no panic may come, whatever panics in there: it runs nothing of others but
    /// what it has to catch.
    pub fn contained<R>(&self, name: &'static str, call: impl FnOnce() -> R) -> Option<R> {
        let contained = self.call(name, call);
        if contained.is_none() {
            self.note(format!("{name} lets a panic through"));
        }
        contained
    }

    /// A call that has no `Result`, and panics if it is refused.
    pub fn may_panic<R>(&self, name: &'static str, call: impl FnOnce() -> R) -> Option<R> {
        let why_not = std::thread::panicking().then_some("on top of another panic: an abort");
        self.guarded(name, why_not, call)
    }

    /// A call that is refused by an `Error`.
    pub fn ask<T>(&self, name: &'static str, call: impl FnOnce() -> Result<T>) -> Option<T> {
        self.answer(name, self.call(name, call)?)
    }

    /// The same, and out of it no panic may come.
    pub fn ask_contained<T>(
        &self,
        name: &'static str,
        call: impl FnOnce() -> Result<T>,
    ) -> Option<T> {
        self.answer(name, self.contained(name, call)?)
    }

    fn answer<T>(&self, name: &'static str, answer: Result<T>) -> Option<T> {
        let error = match answer {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        self.log(name, error.kind());
        self.check_error(name, &error);
        drop_quietly(error);
        None
    }

    /// A refusal says what to do, and no error hides a panic that should not be.
    pub fn check_error(&self, name: &str, error: &Error) {
        match error {
            Error::Runtime { text, advice } if text.is_empty() || advice.is_empty() => {
                self.note(format!("{name} is refused without advice"));
            }
            Error::Panicked(text) => {
                if let Panic::Wrong(text) = judge_text(text) {
                    self.note(format!("{name} gave the panic {text:?}"));
                }
            }
            _ => {}
        }
    }

    /// With the reason why a refusal must not be a panic, if it must not.
    fn guarded<R>(
        &self,
        name: &'static str,
        why_not: Option<&str>,
        call: impl FnOnce() -> R,
    ) -> Option<R> {
        self.calls.set(self.calls.get() + 1);
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(value) => {
                self.log(name, "");
                Some(value)
            }
            Err(panic) => {
                match (judge(&*panic), why_not) {
                    (Panic::Planned, _) => self.log(name, "planned panic"),
                    (Panic::Refusal, None) => self.log(name, "refusal"),
                    (Panic::Refusal, Some(why_not)) => {
                        self.note(format!("{name} panics {why_not}"));
                    }
                    (Panic::Wrong(text), _) => self.note(format!("{name} panics: {text}")),
                }
                drop_quietly(panic);
                None
            }
        }
    }

    /// Notes that something is wrong. The first one counts.
    pub fn note(&self, what: String) {
        self.log("HERE", "");
        self.wrong.borrow_mut().get_or_insert(what);
    }

    pub fn log(&self, what: &'static str, how: &'static str) {
        self.log.borrow_mut().push((self.depth.get(), what, how));
    }

    /// Takes in what happened in the world of another thread.
    pub fn append(&self, other: Outcome) {
        self.calls.set(self.calls.get() + other.calls);
        self.log.borrow_mut().extend(other.log);
        if let Some(wrong) = other.wrong {
            self.note(wrong);
        }
    }

    pub fn outcome(&self) -> Outcome {
        Outcome {
            calls: self.calls.get(),
            log: self.log.take(),
            wrong: self.wrong.take(),
        }
    }
}

/// Drops something that may panic in its drop.
pub fn drop_quietly<T>(thing: T) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(thing))) {
        drop_quietly(panic);
    }
}
