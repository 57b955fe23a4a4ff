//! What tasks share: locks, permits, a condition, an event, queues.

use std::cell::Cell;
use std::rc::Rc;

use send_none::Result;

use crate::actor::perform;
use crate::program::{CONDITION, Op, Script};
use crate::world::{At, World};

/// As long as it lives and is on, something is held.
pub struct Holds<'a> {
    count: &'a Cell<usize>,
    on: bool,
}

impl<'a> Holds<'a> {
    pub fn new(count: &'a Cell<usize>) -> Self {
        let mut holds = Holds { count, on: false };
        holds.set(true);
        holds
    }

    fn set(&mut self, on: bool) {
        match (self.on, on) {
            (false, true) => self.count.set(self.count.get() + 1),
            (true, false) => self.count.set(self.count.get() - 1),
            _ => {}
        }
        self.on = on;
    }
}

impl Drop for Holds<'_> {
    fn drop(&mut self) {
        self.set(false);
    }
}

pub async fn locked(world: &Rc<World>, lock: usize, script: &Script) -> Result<u64> {
    world.log("lock", lock as u64, None);
    let place = world.stand(At::Lock(lock));
    let _guard = world.locks[lock].lock().await?;
    world.log("locked", lock as u64, None);
    place.served();
    let _holds = Holds::new(&world.holders[lock]);
    world.check(world.holders[lock].get() == 1, || {
        format!("two hold lock {lock}")
    });
    perform(world.clone(), script.clone()).await
}

pub async fn with_permit(world: &Rc<World>, semaphore: usize, script: &Script) -> Result<u64> {
    world.log("permit", semaphore as u64, None);
    let place = world.stand(At::Semaphore(semaphore));
    let _permit = world.semaphores[semaphore].permit().await?;
    world.log("permitted", semaphore as u64, None);
    place.served();
    let _holds = Holds::new(&world.taken[semaphore]);
    perform(world.clone(), script.clone()).await
}

pub async fn condition(world: &Rc<World>, op: &Op) -> Result<u64> {
    let place = world.stand(At::Lock(CONDITION));
    let _guard = world.condition.lock().await?;
    place.served();
    let mut holds = Holds::new(&world.holders[CONDITION]);
    if let Op::Notify(n) = op {
        world.log("notify", *n as u64, None);
        let waiting = world.notify(*n)?;
        world.notified.set(world.notified.get() + waiting);
        return Ok(0);
    }
    world.log("condition", 0, None);
    holds.set(false);
    let place = world.stand(At::Condition);
    let result = world.condition.wait().await;
    drop(place);
    holds.set(true);
    world.log("notified", 0, None);
    world.check(world.holders[CONDITION].get() == 1, || {
        "two hold the condition's lock".into()
    });
    result?;
    let left = world.notified.get().checked_sub(1);
    world.check(left.is_some(), || "notified by nobody".into());
    world.notified.set(left.unwrap_or(0));
    Ok(0)
}

impl World {
    /// Gives how many there were to be notified, at most.
    fn notify(&self, n: usize) -> Result<usize> {
        let waiting = self.lines.borrow().get(&At::Condition).map_or(0, Vec::len);
        self.condition.notify(n)?;
        Ok(waiting.min(n))
    }
}

pub async fn event(world: &Rc<World>, op: &Op) -> Result<u64> {
    match op {
        Op::EventSet => world.event.set(),
        Op::EventClear => world.event.clear(),
        _ => {
            world.log("event", 0, None);
            let place = world.stand(At::Event);
            world.event.wait().await?;
            place.served();
        }
    }
    Ok(0)
}

pub async fn queue(world: &Rc<World>, op: &Op) -> Result<u64> {
    match op {
        Op::Put(queue) => {
            let (item, place) = (world.number(), world.stand(At::Putters(*queue)));
            world.log("put", item, None);
            world.queues[*queue].put(item).await?;
            place.served();
            world.items[*queue].borrow_mut().push_back(item);
        }
        Op::PutNowait(queue) => {
            let item = world.number();
            world.log("put at once", item, None);
            let full = world.queues[*queue].full();
            let put = world.queues[*queue].put_nowait(item).is_ok();
            world.check(put != full, || format!("full: {full}, put: {put}"));
            if put {
                world.items[*queue].borrow_mut().push_back(item);
            }
        }
        Op::Get(queue) => {
            world.log("get", *queue as u64, None);
            let place = world.stand(At::Getters(*queue));
            let item = world.queues[*queue].get().await?;
            place.served();
            is_next_item(world, *queue, item);
        }
        Op::GetNowait(queue) => {
            world.log("get at once", *queue as u64, None);
            let empty = world.items[*queue].borrow().is_empty();
            let got = world.queues[*queue].get_nowait();
            world.check(got.is_ok() != empty, || format!("empty: {empty}, {got:?}"));
            if let Ok(item) = got {
                is_next_item(world, *queue, item);
            }
        }
        _ => unreachable!("not of a queue"),
    }
    Ok(0)
}

fn is_next_item(world: &World, queue: usize, item: u64) {
    let next = world.items[queue].borrow_mut().pop_front();
    world.check(next == Some(item), || {
        format!("queue {queue}: got {item}, and not {next:?}")
    });
}
