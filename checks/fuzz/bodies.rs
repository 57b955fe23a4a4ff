//! Coroutines: each awaits a few things, acts in between, and ends in one way or other.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use send_none::sync::{Condition, Event, Lock, Queue, Semaphore};
use send_none::{
    AsyncIter, Coroutine, Error, Result, ReturnWhen, async_with, sleep, sleep_with, wait, wait_for,
    yield_now,
};

use crate::acts::several;
use crate::places::{Mine, error, foreign, panic_maybe};
use crate::things::Body;
use crate::world::{World, drop_quietly, here, visit};

pub fn body(world: &Rc<World>) -> Body {
    let held = (Mine::new(), world.things.baggage(&world.rng));
    let awaits = world.rng.below(4);
    Box::pin(async move {
        let _held = held;
        visit();
        for _ in 0..awaits {
            let Some(world) = here() else { break };
            let result = leaf(&world).await;
            visit();
            // One swallows the error, the other lets it through.
            match world.rng.one_in(2) {
                true => drop(result),
                false => drop(result?),
            }
        }
        panic_maybe(6);
        match here().filter(|world| world.rng.one_in(4)) {
            Some(world) => Err(error(&world)),
            None => Ok(Mine::new()),
        }
    })
}

/// All these are refused by an `Error`, so a panic is looked for at each poll.
struct Leaf {
    name: &'static str,
    future: Option<Body>,
}

impl Future for Leaf {
    type Output = Result<Mine>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<Mine>> {
        let over = || Poll::Ready(Err(Error::msg("the fuzzer's own")));
        let (Some(world), Some(mut future)) = (here(), self.future.take()) else {
            return over();
        };
        match world.call(self.name, || future.as_mut().poll(cx)) {
            Some(Poll::Pending) => {
                self.future = Some(future);
                Poll::Pending
            }
            Some(Poll::Ready(result)) => {
                if let Err(error) = &result {
                    world.log(self.name, error.kind());
                    world.check_error(self.name, error);
                }
                Poll::Ready(result)
            }
            None => {
                drop_quietly(future);
                over()
            }
        }
    }
}

fn leaf(world: &Rc<World>) -> Leaf {
    let kinds = [
        plain, plain, of_slots, of_slots, composed, in_line, in_line, queued,
    ];
    let (name, future) = world.rng.one_of(&kinds)(world);
    Leaf {
        name,
        future: Some(future),
    }
}

type Named = (&'static str, Body);

fn boxed<T>(future: impl Future<Output = Result<T>> + 'static) -> Body {
    Box::pin(async move {
        drop(future.await?);
        Ok(Mine::new())
    })
}

pub fn delay(world: &World) -> Duration {
    let units = [0, 0, 1, 1, 2, 5];
    match world.rng.below(12) {
        0 => Duration::MAX,
        _ if world.real => Duration::from_micros(10 * world.rng.one_of(&units)),
        _ => Duration::from_millis(world.rng.one_of(&units)),
    }
}

fn plain(world: &Rc<World>) -> Named {
    match world.rng.below(6) {
        0 => ("yield_now", boxed(yield_now())),
        1 => ("sleep", boxed(sleep(delay(world)))),
        2 => (
            "sleep_with",
            Box::pin(sleep_with(delay(world), Mine::new())),
        ),
        3 => ("a foreign future", Box::pin(foreign(world))),
        4 => ("a race", race(leaf(world), leaf(world))),
        _ => ("a coroutine", Box::pin(Coroutine::new(body(world)))),
    }
}

/// Two leaves that share the waker of the step.
fn race(mut one: Leaf, mut other: Leaf) -> Body {
    Box::pin(poll_fn(move |cx| match Pin::new(&mut one).poll(cx) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => Pin::new(&mut other).poll(cx),
    }))
}

fn of_slots(world: &Rc<World>) -> Named {
    let (things, rng) = (&world.things, &world.rng);
    let nothing = || ("yield_now", boxed(yield_now()));
    match rng.below(6) {
        0 | 1 => match things.cells.pick(rng) {
            Some(cell) => ("a future", Box::pin(cell)),
            None => nothing(),
        },
        2 => match things.tasks.pick(rng) {
            Some(task) => ("a task", Box::pin(task)),
            None => nothing(),
        },
        3 => match things.several.pick(rng) {
            Some(gather) => ("a gather", boxed(gather)),
            None => nothing(),
        },
        4 => match things.parked.take(rng) {
            Some(parked) => ("a future polled before", Box::pin(parked)),
            None => nothing(),
        },
        _ => match things.streams.take(rng) {
            Some(mut stream) => {
                let items = async move {
                    visit();
                    while let Some(item) = stream.anext().await? {
                        drop(item);
                    }
                    Ok(())
                };
                ("anext", boxed(items))
            }
            None => nothing(),
        },
    }
}

fn composed(world: &Rc<World>) -> Named {
    let (when, limit) = (
        world.rng.one_of(&[
            ReturnWhen::AllCompleted,
            ReturnWhen::FirstCompleted,
            ReturnWhen::FirstException,
        ]),
        world.rng.one_in(2).then(|| delay(world)),
    );
    match world.rng.below(5) {
        0 => ("wait_for", boxed(wait_for(body(world), limit))),
        1 => match world.things.cells.pick(&world.rng) {
            Some(cell) => ("wait_for a future", boxed(wait_for(cell, limit))),
            None => (
                "wait for nothing",
                boxed(wait(Vec::<Body>::new(), limit, when)),
            ),
        },
        2 => ("wait", boxed(wait([body(world), body(world)], limit, when))),
        3 => {
            let futures: Vec<_> = several(world).collect();
            ("wait for futures", boxed(wait(futures, limit, when)))
        }
        _ => {
            let lock = world.things.locks.pick(&world.rng).unwrap_or_default();
            let inside = body(world);
            (
                "async_with",
                boxed(async move { async_with(lock, async |()| inside.await).await }),
            )
        }
    }
}

/// Locks and their like. Guards go into the world, to be dropped wherever.
fn in_line(world: &Rc<World>) -> Named {
    let (things, rng) = (&world.things, &world.rng);
    let lock = things.locks.pick(rng).unwrap_or_else(Lock::new);
    let condition = things.conditions.pick(rng).unwrap_or_else(Condition::new);
    let event = things.events.pick(rng).unwrap_or_else(Event::new);
    let semaphore = things
        .semaphores
        .pick(rng)
        .unwrap_or_else(|| Semaphore::new(1));
    let into = world.clone();
    match rng.below(8) {
        0 => ("acquire a lock", boxed(async move { lock.acquire().await })),
        1 => {
            let keep = async move {
                let guard = lock.lock().await?;
                into.things.guards.keep(&into.rng, guard);
                Ok(())
            };
            ("lock", boxed(keep))
        }
        2 => (
            "acquire a condition",
            boxed(async move { condition.acquire().await }),
        ),
        3 => {
            // Mostly as one should: with its lock.
            let locked = !rng.one_in(4);
            let wait = async move {
                if locked {
                    condition.acquire().await?;
                }
                condition.wait().await
            };
            ("wait for a condition", boxed(wait))
        }
        4 => {
            let asked = || here().is_none_or(|world| world.rng.one_in(2));
            let truth = async move {
                condition
                    .wait_for(|| {
                        visit();
                        asked()
                    })
                    .await
            };
            ("wait for a truth", boxed(truth))
        }
        5 => (
            "wait for an event",
            boxed(async move { event.wait().await }),
        ),
        6 => (
            "acquire a semaphore",
            boxed(async move { semaphore.acquire().await }),
        ),
        _ => {
            let keep = async move {
                let permit = semaphore.permit().await?;
                into.things.permits.keep(&into.rng, permit);
                Ok(())
            };
            ("permit", boxed(keep))
        }
    }
}

fn queued(world: &Rc<World>) -> Named {
    let (things, rng) = (&world.things, &world.rng);
    let queue = things.queues.pick(rng).unwrap_or_else(|| Queue::new(1));
    match rng.below(3) {
        0 => ("put", boxed(async move { queue.put(Mine::new()).await })),
        1 => ("get", boxed(async move { queue.get().await })),
        _ => ("join", boxed(async move { queue.join().await })),
    }
}
