//! Leaves that others take away between two steps: they are dropped, handed to another task, put in another's
//! place. Tasks that wait for them are woken without need, and cancelled once and again, also by themselves.
//!
//! What must hold: when all is quiet, and a task is cancelled, then it is told. A cancellation comes out of a
//! leaf, or the task is over; or somebody refuses. (Whether one is told too often is not seen
//! here, but in tests/corners.)

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use send_none::{Error, EventLoop, FutureCell, Result, Task, current_task, sleep};

use crate::actor::ms;
use crate::number;

/// Numbers by chance, the same ones for the same seed. (xorshift)
struct Dice(Cell<u64>);

impl Dice {
    fn below(&self, n: usize) -> usize {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        (x >> 11) as usize % n
    }

    fn one_in(&self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// One who waits for all that lies in its place, with its own waker.
#[derive(Default)]
struct Waiter {
    leaves: RefCell<Vec<FutureCell<u64>>>,
    waker: RefCell<Option<Waker>>,
    /// How many cancellations have come out of its leaves.
    told: Cell<u64>,
}

impl Waiter {
    /// Polls them all. Is any of them ready?
    fn poll(&self, dice: &Dice, cx: &mut Context<'_>) -> Poll<()> {
        *self.waker.borrow_mut() = Some(cx.waker().clone());
        if dice.one_in(5) {
            self.leaves.borrow_mut().reverse();
        }
        if dice.one_in(25) {
            current_task().unwrap().cancel();
        }
        let before = self.leaves.borrow().len();
        self.leaves.borrow_mut().retain_mut(|leaf| {
            let poll = Pin::new(leaf).poll(cx);
            let told = matches!(poll, Poll::Ready(Err(Error::Cancelled)));
            self.told.set(self.told.get() + u64::from(told));
            poll.is_pending()
        });
        match self.leaves.borrow().len() < before {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

struct Scene {
    event_loop: EventLoop,
    dice: Dice,
    /// What can be waited for.
    pool: Vec<FutureCell<u64>>,
    waiters: [Waiter; 3],
}

impl Scene {
    fn any(&self) -> FutureCell<u64> {
        self.pool[self.dice.below(self.pool.len())].clone()
    }

    async fn wait(self: Rc<Self>, waiter: usize) -> Result<()> {
        let waiter = &self.waiters[waiter];
        for _ in 0..4 {
            if waiter.leaves.borrow().is_empty() {
                waiter.leaves.borrow_mut().push(self.any());
            }
            poll_fn(|cx| waiter.poll(&self.dice, cx)).await;
            waiter.leaves.take();
        }
        Ok(())
    }

    fn disturb(&self, tasks: &[Task<()>]) {
        let [here, there] = [(); 2].map(|()| self.dice.below(3));
        let [from, to] = [here, there].map(|waiter| &self.waiters[waiter].leaves);
        let what = self.dice.below(8);
        let taken = (what < 3).then(|| from.borrow_mut().pop()).flatten();
        match what {
            0 => drop(taken),
            1 => to.borrow_mut().extend(taken),
            2 => to.borrow_mut().extend(taken.iter().cloned()), // another handle of it
            3 => to.borrow_mut().push(self.any()),
            4 => {
                let waker = self.waiters[here].waker.borrow().clone();
                waker.iter().for_each(Waker::wake_by_ref);
            }
            5 => drop(self.any().cancel()),
            _ => drop(tasks[here].cancel()),
        }
    }

    fn refused(&self) -> usize {
        let refused = |fut: &&FutureCell<u64>| fut.done() && fut.result().is_ok();
        self.pool.iter().filter(refused).count()
    }

    fn run_for(&self, time: u64) {
        let over = self.event_loop.create_task(sleep(ms(time)));
        self.event_loop.run_until_complete(over).unwrap();
    }
}

/// Sleeps long. If it is cancelled, cleans up, and may refuse then.
async fn cleans_up(time: u64, refuses: bool) -> Result<u64> {
    let cancelled = sleep(ms(1_000_000)).await.map(|()| 1);
    sleep(ms(time)).await?;
    if refuses { Ok(2) } else { cancelled }
}

fn scene(seed: u64) -> Rc<Scene> {
    let event_loop = EventLoop::with_virtual_clock();
    let dice = Dice(Cell::new((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    let mut pool: Vec<_> = (0..3).map(|_| event_loop.create_future()).collect();
    for _ in 0..3 {
        let (time, refuses) = (10 * dice.below(5) as u64, dice.one_in(2));
        pool.push(event_loop.create_task(cleans_up(time, refuses)).into());
    }
    Rc::new(Scene {
        event_loop,
        dice,
        pool,
        waiters: Default::default(),
    })
}

#[test]
fn whoever_is_cancelled_when_all_is_quiet_is_told() {
    let all = 0..number("SEND_NONE_PROGRAMS").unwrap_or(5_000);
    for seed in number("SEND_NONE_SEED").map_or(all, |seed| seed..seed + 1) {
        let scene = scene(seed);
        let tasks = [0, 1, 2].map(|i| scene.event_loop.create_task(scene.clone().wait(i)));
        for _ in 0..2 + scene.dice.below(10) {
            let (disturbs, tasks) = (scene.clone(), tasks.clone());
            let time = ms(10 * scene.dice.below(8) as u64);
            let times = 1 + scene.dice.below(3);
            let disturb = move || (0..times).for_each(|_| disturbs.disturb(&tasks));
            scene.event_loop.call_later(time, disturb);
        }
        scene.run_for(1_000);
        for (task, waiter) in tasks.iter().zip(&scene.waiters) {
            while !task.done() {
                let before = (waiter.told.get(), scene.refused());
                assert!(task.cancel(), "seed {seed}: {task:?} is not done");
                scene.run_for(1_000);
                let nothing = before == (waiter.told.get(), scene.refused());
                assert!(task.done() || !nothing, "seed {seed}: {task:?} is not told");
            }
        }
        scene.event_loop.close().unwrap();
    }
}
