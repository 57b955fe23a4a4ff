//! Runs a program to its end, turn by turn.

use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::rc::Rc;
use std::sync::Once;

use send_none::{EventLoop, LoopEvent, Observer, Recorder, Snapshot, all_tasks};

use crate::actor::spawn;
use crate::lines::free_permits;
use crate::maker::make;
use crate::program::{Ending, Program};
use crate::watch::{is_outside, look_around, watch};
use crate::world::{At, Child, Code, Entry, Known, Report, World};

pub struct Run {
    pub log: Vec<Entry>,
    pub wrong: Option<String>,
}

/// The panics that belong to a program are not worth a word.
pub fn silence_planned_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let others = take_hook();
        set_hook(Box::new(move |panic| {
            if panic.payload().downcast_ref() != Some(&"planned") {
                others(panic);
            }
        }));
    });
}

pub fn run(seed: u64) -> Run {
    let program = make(seed);
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::keeping(1).doubting(&event_loop);
    if program.doubted {
        event_loop.observe(recorder.clone()); // it must know all that is made
    }
    let world = World::new(&event_loop, &program);
    let driver = || Driver::new(&world, &event_loop, recorder, &program);
    let run = AssertUnwindSafe(|| driver().run(&program));
    if catch_unwind(run).is_err() {
        world.check(false, || "a panic in the loop".into());
    }
    world.let_go();
    drop(event_loop);
    check_reports(&world);
    // All that the loop and its tasks held is gone.
    let held = Rc::strong_count(&world);
    world.check(held == 1, || format!("{} are still there", held - 1));
    Run {
        log: world.log.take(),
        wrong: world.broken.take(),
    }
}

impl World {
    /// Futures say that nobody looked at their error when they go, so they go before their loop.
    fn let_go(&self) {
        drop(self.handles.take());
        drop(self.slots.each_ref().map(|slot| slot.take()));
        drop(self.children.take());
        drop(self.cells.take());
    }
}

struct Driver<'a> {
    world: &'a Rc<World>,
    event_loop: &'a EventLoop,
    /// It compares what the events add up to with what the loop says of itself.
    recorder: Recorder,
}

/// What a turn came to.
enum Turn {
    Ran(Snapshot),
    /// Nothing can happen any more.
    Stuck,
}

impl<'a> Driver<'a> {
    fn new(
        world: &'a Rc<World>,
        event_loop: &'a EventLoop,
        recorder: Recorder,
        program: &Program,
    ) -> Self {
        let observer = world.clone();
        let doubts = program.doubted.then(|| recorder.clone());
        event_loop.observe(move |time, event: &LoopEvent| {
            watch(&observer, time, event);
            if let Some(recorder) = &doubts {
                recorder.event(time, event);
            }
        });
        let told = world.clone();
        event_loop.set_exception_handler(move |_, context| told.report(context));
        event_loop.set_debug(false); // it reports more
        Driver {
            world,
            event_loop,
            recorder,
        }
    }

    fn run(&self, program: &Program) {
        for script in &program.tasks {
            let child = spawn(self.world, self.event_loop, script);
            self.world.children.borrow_mut().push(child);
        }
        for _ in 0..program.ends_at {
            match self.turn() {
                Turn::Ran(snapshot) if is_empty(&snapshot) => break,
                Turn::Ran(_) => {}
                Turn::Stuck => break,
            }
        }
        let disagreement = self.recorder.disagreement();
        (self.world).check(disagreement.is_none(), || disagreement.unwrap());
        self.world.log("ending", 0, None);
        self.world.ending.set(true);
        match program.ending {
            Ending::Cancel => self.cancel_all(),
            Ending::Abort => self.abort_all(),
            Ending::Close => self.close(),
            // Not the last handle, but the other one goes when there is nothing else to do.
            Ending::Drop => self.expect_destroyed(),
        }
    }

    /// Runs one turn, and looks around.
    fn turn(&self) -> Turn {
        let (world, event_loop) = (self.world, self.event_loop);
        let (turns, time) = (event_loop.turns(), event_loop.time());
        let result = event_loop.run_forever();
        let began = turns + u64::from(result.is_ok());
        world.check(event_loop.turns() == began, || {
            format!("turn {} after {turns}", event_loop.turns())
        });
        world.check(event_loop.time() >= time, || "time runs back".into());
        let snapshot = look_around(world, event_loop);
        let asleep = world.asleep.replace(false);
        if result.is_ok() && !asleep {
            return Turn::Ran(snapshot);
        }
        // Nobody could wake the loop, or at least nobody did.
        let outside = |task: &send_none::TaskSnapshot| is_outside(world, task.id);
        let has_a_reason = asleep == snapshot.tasks.iter().any(outside);
        let idle = snapshot.ready.is_empty() && snapshot.timers.is_empty();
        world.check(has_a_reason && idle, || format!("{result:?}\n{snapshot}"));
        self.nobody_waits_for_nothing(&snapshot);
        Turn::Stuck
    }

    /// When nothing can happen any more, then nothing is on its way either.
    fn nobody_waits_for_nothing(&self, snapshot: &Snapshot) {
        let world = self.world;
        for (lock, holders) in world.locks.iter().zip(&world.holders) {
            let printed = format!("{lock:?}");
            let fine = holders.get() == 1 || printed.contains(" 0 waiting");
            world.check(fine, || printed);
        }
        for (semaphore, taken) in world.taken.iter().enumerate() {
            let free = free_permits(world, semaphore);
            let total = world.permits[semaphore];
            world.check(free + taken.get() == total, || {
                format!("of {total} permits {free} are free and {taken:?} taken")
            });
        }
        for cell in 0..world.watching.len() {
            let called = world.watching[cell].borrow().is_empty();
            world.check(called || !world.cell(cell).done(), || {
                format!("a callback of cell {cell} was not called")
            });
        }
        let limits = world.strict_limits.get();
        world.check(limits == 0, || {
            format!("{limits} wait longer than they would")
        });
        for future in &snapshot.futures {
            let gather = future.name.starts_with("Gather");
            world.check(!gather || !future.waits_for.is_empty(), || {
                format!("{future:?} is not done, and its members are")
            });
        }
    }

    /// Those who catch it are cancelled again: programs are finite.
    fn cancel_all(&self) {
        for _ in 0..60 {
            if is_empty(&self.event_loop.snapshot()) {
                return self.nothing_is_left();
            }
            for task in all_tasks(self.event_loop) {
                task.cancel();
            }
            for _ in 0..100 {
                match self.turn() {
                    Turn::Ran(snapshot) if is_empty(&snapshot) => break,
                    Turn::Ran(_) => {}
                    Turn::Stuck => break,
                }
            }
        }
        // One who waits for a condition will have its lock, and takes no cancellation until he has
        // it. If he who has it waits for him, a cancellation goes from the one to the other, and
        // nobody ever gives in. CPython does the same.
        let lines = self.world.lines.borrow();
        let insists = lines
            .get(&At::Condition)
            .is_some_and(|line| !line.is_empty());
        drop(lines);
        self.world.check(insists, || "they refuse to end".into());
        self.abort_all();
    }

    fn abort_all(&self) {
        for task in all_tasks(self.event_loop) {
            task.abort();
        }
        while let Turn::Ran(snapshot) = self.turn() {
            if is_empty(&snapshot) {
                break;
            }
        }
        self.nothing_is_left();
    }

    fn nothing_is_left(&self) {
        let snapshot = self.event_loop.snapshot();
        let all_done = |child: &Child| child.task.done();
        let done = self.world.children.borrow().iter().all(all_done);
        self.world.check(is_empty(&snapshot) && done, || {
            format!("left at the end: {snapshot}")
        });
        for holders in self.world.holders.iter().chain(&self.world.taken) {
            self.world
                .check(holders.get() == 0, || "something is still held".into());
        }
        for (cell, hung) in self.world.hung.iter().enumerate() {
            let printed = format!("{:?}", self.world.cell(cell));
            let fine = printed.ends_with(&format!(" {} waiting>", hung.get()));
            self.world.check(fine || self.world.cell(cell).done(), || {
                format!("{printed}, but {hung:?} should")
            });
        }
        let closed = self.event_loop.close();
        self.world.check(closed.is_ok(), || format!("{closed:?}"));
    }

    fn close(&self) {
        self.expect_destroyed();
        let closed = self.event_loop.close();
        let snapshot = self.event_loop.snapshot();
        let fine = closed.is_ok() && is_empty(&snapshot);
        self.world.check(fine, || format!("{closed:?}, {snapshot}"));
    }

    /// Whoever is not done now will be destroyed, and that is reported.
    fn expect_destroyed(&self) {
        self.world
            .to_be_destroyed
            .set(all_tasks(self.event_loop).len());
    }
}

fn is_empty(snapshot: &Snapshot) -> bool {
    let futures = snapshot.tasks.is_empty() && snapshot.futures.is_empty();
    snapshot.ready.is_empty() && snapshot.timers.is_empty() && futures
}

fn check_reports(world: &World) {
    let reports = world.reports.borrow();
    let count = |message| reports.iter().filter(|report| report.0 == message).count();
    let destroyed = count("Task was destroyed but it is pending!");
    let bad_callbacks = count("Exception in callback");
    let never_retrieved: Vec<_> = reports
        .iter()
        .filter(|(message, ..)| message.ends_with(" exception was never retrieved"))
        .map(|(_, subject, _)| subject)
        .collect();
    let others = reports.len() - destroyed - bad_callbacks - never_retrieved.len();
    let expected = (world.to_be_destroyed.get(), world.bad_callbacks.get(), 0);
    world.check((destroyed, bad_callbacks, others) == expected, || {
        format!("reports: {reports:?}")
    });
    let times = |name: &String| {
        never_retrieved
            .iter()
            .filter(|other| **other == name)
            .count()
    };
    for subject in &never_retrieved {
        world.check(times(subject) == 1, || {
            format!("{subject} is reported twice")
        });
    }
    for name in &*world.unseen.borrow() {
        world.check(times(name) == 1, || format!("the error of {name} is lost"));
    }
    for name in &*world.seen.borrow() {
        world.check(times(name) == 0, || format!("the error of {name} was seen"));
    }
    // A cancellation is nothing to report. But a gather that ends with that of a member has it as
    // an error, as in CPython.
    let cancelled = |(message, _, error): &Report| {
        *error == Some(Code::Cancelled) && !message.starts_with("_Gather")
    };
    world.check(!reports.iter().any(cancelled), || format!("{reports:?}"));
    let unfinished = world.known.borrow().contains(&Known::Running);
    world.check(!unfinished, || "a task runs for ever".into());
}
