//! What a task does: the operations, and what must be true of each when it is over.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use send_none::{EventLoop, FutureCell, Result, current_task, get_event_loop, sleep, yield_now};

use crate::outside;
use crate::program::{How, Op, Script, Then};
use crate::several;
use crate::shared;
use crate::world::{At, Child, Code, Raised, World, code};

pub fn running() -> EventLoop {
    get_event_loop().expect("the program runs on one")
}

pub fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// Starts a task.
pub fn spawn(world: &Rc<World>, event_loop: &EventLoop, script: &Script) -> Child {
    let ended = Rc::default();
    let task = event_loop.create_task(body(world.clone(), script.clone(), Rc::clone(&ended)));
    Child { task, ended }
}

/// The coroutine of a task. How it ends is known before the loop announces it.
pub async fn body(world: Rc<World>, script: Script, ended: Rc<Cell<Option<Code>>>) -> Result<u64> {
    let _panics = NotesPanic(ended.clone());
    let result = perform(world.clone(), script).await;
    ended.set(Some(code(&result)));
    world.log("ends", 0, Some(code(&result)));
    result
}

struct NotesPanic(Rc<Cell<Option<Code>>>);

impl Drop for NotesPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.set(Some(Code::Panicked));
        }
    }
}

/// Does one thing after the other; the first error is the end of it.
pub fn perform(world: Rc<World>, script: Script) -> Pin<Box<dyn Future<Output = Result<u64>>>> {
    Box::pin(async move {
        let mut sum = 0_u64;
        for op in script.iter() {
            let result = one(&world, op).await;
            world.log("did", 0, Some(code(&result)));
            sum = sum.wrapping_mul(31).wrapping_add(result?);
        }
        Ok(sum)
    })
}

async fn one(world: &Rc<World>, op: &Op) -> Result<u64> {
    match op {
        Op::Sleep(_) | Op::Yield => {
            let me = (world.current.get(), world.last_parked(world.current.get()));
            let to_be_cancelled = world.cancelled_himself.borrow().contains(&me);
            let result = pause(world, op).await;
            let cancelled = code(&result) == Code::Cancelled;
            world.check(cancelled || !to_be_cancelled, || {
                format!("{} cancelled himself, and nothing came of it", me.0)
            });
            result
        }
        Op::Block(_) => pause(world, op).await,
        Op::Await(_) | Op::Settle(..) | Op::Watch(_) | Op::Race(..) => on_cell(world, op).await,
        Op::Spawn(script, then) => {
            world.log("spawn", 0, None);
            let child = spawn(world, &running(), script);
            started(world, child, *then).await
        }
        Op::AwaitTask(number) => {
            world.log("await task", *number as u64, None);
            let child = world.child(*number);
            several::await_child(world, &child).await
        }
        Op::Cancel(_) | Op::Abort(_) | Op::Raise | Op::Panic => ends(world, op),
        Op::Catch(script) => {
            let result = perform(world.clone(), script.clone()).await;
            world.log("caught", 0, Some(code(&result)));
            Ok(result.unwrap_or(1))
        }
        Op::Lock(lock, script) => shared::locked(world, *lock, script).await,
        Op::Permit(semaphore, script) => shared::with_permit(world, *semaphore, script).await,
        Op::ConditionWait | Op::Notify(_) => shared::condition(world, op).await,
        Op::EventWait | Op::EventSet | Op::EventClear => shared::event(world, op).await,
        Op::Put(_) | Op::Get(_) | Op::PutNowait(_) | Op::GetNowait(_) => {
            shared::queue(world, op).await
        }
        Op::Timer(_) | Op::CancelTimer(_) | Op::CallSoon(_) => outside::callbacks(world, op),
        Op::Foreign(slot) => outside::foreign(world, *slot).await,
        Op::Ring(slot, keep) => outside::ring(world, *slot, *keep),
        op => several::several(world, op).await,
    }
}

/// What is done with a new task.
async fn started(world: &Rc<World>, child: Child, then: Then) -> Result<u64> {
    match then {
        Then::Keep => world.children.borrow_mut().push(child),
        Then::Detach => {
            // Nobody can look at it any more. If it goes wrong, that must be reported, once.
            let (ended, told) = (child.ended.clone(), world.clone());
            let name = format!("<{}>", child.task.name());
            child.task.add_done_callback(move |task: &FutureCell<u64>| {
                let went_well =
                    matches!(ended.get(), None | Some(Code::Value(_) | Code::Cancelled));
                if !went_well && !task.cancelled() {
                    told.unseen.borrow_mut().push(name);
                }
            });
        }
        Then::Await => return several::await_child(world, &child).await,
    }
    Ok(0)
}

async fn pause(world: &Rc<World>, op: &Op) -> Result<u64> {
    match op {
        Op::Sleep(delay) if *delay > 0 => {
            world.log("sleep", *delay, None);
            let until = running().time() + ms(*delay);
            let sleeper = outside::Sleeper::new(world, until.as_millis() as u64);
            sleep(ms(*delay)).await?;
            sleeper.wakes_up();
        }
        Op::Block(delay) => {
            world.log("block", *delay, None);
            world.blocked.set(true);
            running().block(ms(*delay));
        }
        _ => {
            world.log("yield", 0, None);
            yield_now().await?;
        }
    }
    Ok(0)
}

async fn on_cell(world: &Rc<World>, op: &Op) -> Result<u64> {
    match op {
        Op::Await(cell) => {
            world.log("await cell", *cell as u64, None);
            let (fut, place) = (world.cell(*cell), world.stand(At::Cell(*cell)));
            let result = (&fut).await;
            is_its_outcome(world, *cell, &result);
            if fut.done() {
                place.served();
            }
            result
        }
        Op::Race(cell, delay) => {
            world.log("race", *cell as u64, None);
            let result = outside::race(world, *cell, *delay).await;
            is_its_outcome(world, *cell, &result);
            result
        }
        Op::Settle(cell, how) => {
            world.log("settle", *cell as u64, None);
            settle(world, *cell, *how);
            Ok(0)
        }
        Op::Watch(cell) => {
            world.log("watch", *cell as u64, None);
            outside::watch(world, *cell);
            Ok(0)
        }
        _ => unreachable!("not on a cell"),
    }
}

fn is_its_outcome(world: &World, cell: usize, result: &Result<u64>) {
    let (got, set) = (code(result), world.settled[cell].get());
    let fine = match got {
        Code::Value(0) => true, // the race was won by the sleeper
        Code::Value(_) | Code::Raised(_) => set == Some(got),
        Code::Cancelled => true, // the cell, or the one who waits
        _ => false,
    };
    world.check(fine, || format!("cell {cell} gave {got:?} and has {set:?}"));
}

fn settle(world: &World, cell: usize, how: How) {
    let (fut, was_done, number) = (world.cell(cell), world.cell(cell).done(), world.number());
    let (said_yes, code) = match how {
        How::Result => (fut.set_result(number).is_ok(), Code::Value(number)),
        How::Error => (
            fut.set_exception(Raised(number)).is_ok(),
            Code::Raised(number),
        ),
        How::Cancel => (fut.cancel(), Code::Cancelled),
    };
    world.check(said_yes != was_done && fut.done(), || {
        format!("cell {cell} was done: {was_done}; settled: {said_yes}")
    });
    if said_yes {
        world.settled[cell].set(Some(code));
    }
}

/// Ends others, or the task itself.
fn ends(world: &World, op: &Op) -> Result<u64> {
    match op {
        Op::Cancel(number) => {
            world.log("cancel", *number as u64, None);
            let task = world.child(*number).task;
            let was_done = task.done();
            let said_yes = task.cancel();
            if current_task().is_some_and(|current| current == task) {
                let me = (world.current.get(), world.last_parked(world.current.get()));
                world.cancelled_himself.borrow_mut().push(me);
            }
            world.check(said_yes != was_done, || {
                format!("{task:?} was done: {was_done}; cancelled: {said_yes}")
            });
        }
        Op::Abort(number) => {
            world.log("abort", *number as u64, None);
            world.child(*number).task.abort();
        }
        Op::Panic => panic!("planned"),
        _ => return Err(Raised(world.number()).into()),
    }
    Ok(0)
}
