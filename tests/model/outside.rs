//! What is not a task: callbacks, timers, and futures that are not of the crate.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use send_none::{FutureCell, Result, sleep};

use crate::actor::{ms, running};
use crate::program::{Callback, Op};
use crate::shared::Holds;
use crate::world::{Known, Raised, Ready, World};

pub fn callbacks(world: &Rc<World>, op: &Op) -> Result<u64> {
    match op {
        Op::Timer(delay) => set_timer(world, *delay),
        Op::CancelTimer(number) => {
            world.log("cancel timer", *number as u64, None);
            let mut handles = world.handles.borrow_mut();
            if !handles.is_empty() {
                let place = *number % handles.len();
                let (key, handle) = handles.remove(place);
                handle.cancel();
                world.timers.borrow_mut().retain(|other| *other != key);
            }
        }
        Op::CallSoon(how) => call_soon(world, *how),
        _ => unreachable!("no callback"),
    }
    Ok(0)
}

/// Timers come by their deadlines, equal ones as they were set, and not a moment too early or, if
/// nobody kept the thread busy, too late.
fn set_timer(world: &Rc<World>, delay: u64) {
    world.log("set timer", delay, None);
    let when = running().time() + ms(delay);
    let key = (when.as_millis() as u64, world.number());
    world.timers.borrow_mut().push(key);
    let told = world.clone();
    let handle = running().call_later(ms(delay), move || {
        told.log("timer", key.1, None);
        is_next_in_time(&told, &mut told.timers.borrow_mut(), key);
    });
    world.check(handle.when() == when, || {
        format!("{handle:?} is not due at {when:?}")
    });
    world.handles.borrow_mut().push((key, handle));
}

fn is_next_in_time(world: &World, set: &mut Vec<(u64, u64)>, key: (u64, u64)) {
    let next = set.iter().min().copied();
    world.check(next == Some(key), || {
        format!("{key:?} comes, and not {next:?}")
    });
    set.retain(|other| *other != key);
    let now = running().time().as_millis() as u64;
    let on_time = now == key.0 || now > key.0 && world.blocked.get();
    world.check(on_time, || format!("{key:?} comes at {now}"));
}

/// One who sleeps. The timers behind are set in the same order.
pub struct Sleeper {
    world: Rc<World>,
    key: (u64, u64),
}

impl Sleeper {
    pub fn new(world: &Rc<World>, until: u64) -> Self {
        let key = (until, world.number());
        world.sleepers.borrow_mut().push(key);
        Sleeper {
            world: world.clone(),
            key,
        }
    }

    pub fn wakes_up(self) {
        is_next_in_time(&self.world, &mut self.world.sleepers.borrow_mut(), self.key);
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let mut sleepers = self.world.sleepers.borrow_mut();
        sleepers.retain(|key| *key != self.key);
    }
}

/// Callbacks and tasks share one run queue.
fn call_soon(world: &Rc<World>, how: Callback) {
    let entry = Ready::Callback(world.number());
    world.log("call soon", world.next.get(), None);
    world.run_queue.borrow_mut().push_back(entry);
    let told = world.clone();
    running().call_soon(move || -> Result<()> {
        told.log("callback", 0, None);
        told.comes_from_the_queue(entry);
        if !matches!(how, Callback::Fine) {
            told.bad_callbacks.set(told.bad_callbacks.get() + 1);
        }
        match how {
            Callback::Fine => Ok(()),
            Callback::Err => Err(Raised(0).into()),
            Callback::Panic => panic!("planned"),
        }
    });
}

impl World {
    pub fn comes_from_the_queue(&self, entry: Ready) {
        let next = self.run_queue.borrow_mut().pop_front();
        let left = self.batch.get().checked_sub(1);
        self.batch.set(left.unwrap_or(0));
        self.check(next == Some(entry) && left.is_some(), || {
            format!("{entry:?} runs, and not {next:?}; left of the batch: {left:?}")
        });
    }
}

/// The done-callbacks of a cell are called in the order in which they came.
pub fn watch(world: &Rc<World>, cell: usize) {
    let (number, told) = (world.number(), world.clone());
    world.watching[cell].borrow_mut().push_back(number);
    world.hung[cell].set(world.hung[cell].get() + 1);
    world
        .cell(cell)
        .add_done_callback(move |fut: &FutureCell<u64>| {
            told.log("told of cell", cell as u64, None);
            let next = told.watching[cell].borrow_mut().pop_front();
            told.check(fut.done() && next == Some(number), || {
                format!("cell {cell}: callback {number} is called, and not {next:?}")
            });
        });
}

/// Two leaves that share the waker of the step. Zero is what the sleeper gives.
pub async fn race(world: &Rc<World>, cell: usize, delay: u64) -> Result<u64> {
    let mut fut = pin!(world.cell(cell));
    let _limit = Holds::new(&world.limits);
    let mut sleeper = pin!(sleep(ms(delay)));
    poll_fn(|cx| match fut.as_mut().poll(cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => sleeper.as_mut().poll(cx).map_ok(|()| 0),
    })
    .await
}

/// Leaves its waker outside and waits until it is rung for.
pub async fn foreign(world: &Rc<World>, slot: usize) -> Result<u64> {
    world.log("foreign", slot as u64, None);
    let before = world.rung[slot].get();
    poll_fn(|cx| {
        if world.rung[slot].get() != before {
            return Poll::Ready(Ok(0));
        }
        let task = world.current.get();
        let mut slots = world.slots[slot].borrow_mut();
        slots.push((task, cx.waker().clone()));
        Poll::Pending
    })
    .await
}

pub fn ring(world: &World, slot: usize, keep: bool) -> Result<u64> {
    world.log("ring", slot as u64, None);
    world.rung[slot].set(world.rung[slot].get() + 1);
    let wakers = world.slots[slot].borrow().clone();
    for (owner, waker) in &wakers {
        let (was, before) = (world.known(*owner), world.run_queue.borrow().len());
        waker.wake_by_ref();
        waker.wake_by_ref(); // twice is once
        let run_queue = world.run_queue.borrow();
        let woken: Vec<_> = run_queue.iter().skip(before).collect();
        let fine = match was {
            Known::Parked => woken == [&Ready::Task(*owner)],
            _ => woken.is_empty(),
        };
        world.check(fine, || format!("{woken:?} is woken for {owner}, {was:?}"));
    }
    if keep {
        world.spurious.set(true);
    } else {
        world.slots[slot].borrow_mut().clear();
    }
    Ok(0)
}
