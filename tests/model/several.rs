//! Waiting for tasks: for one, and for several at once.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use send_none::{
    AsyncIter, Error, FutureCell, Result, ReturnWhen, as_completed, gather, gather_results, shield,
    wait, wait_for,
};

use crate::actor::{body, ms, running, spawn};
use crate::program::{Member, Op, Script, Then};
use crate::shared::Holds;
use crate::world::{Child, Code, World, code, code_of};

/// Awaits a task, and checks that what comes out is how its coroutine ended.
pub async fn await_child(world: &Rc<World>, child: &Child) -> Result<u64> {
    let result = (&child.task).await;
    let (got, ended) = (code(&result), child.ended.get());
    if matches!(got, Code::Cancelled | Code::Refused) {
        return result; // the task, or the one who waits for it
    }
    world.check(Some(got) == ended, || {
        format!("{:?} gave {got:?} and ended with {ended:?}", child.task)
    });
    world
        .seen
        .borrow_mut()
        .push(format!("<{}>", child.task.name()));
    result
}

pub async fn several(world: &Rc<World>, op: &Op) -> Result<u64> {
    match op {
        Op::Gather(members, then) => gathers(world, members, *then).await,
        Op::GatherResults(members) => gathers_results(world, members).await,
        Op::Wait(members, limit, when) => waits(world, members, *limit, *when).await,
        Op::AsCompleted(members, limit, take) => takes(world, members, *limit, *take).await,
        Op::WaitFor(script, limit) => limited(world, script, *limit).await,
        Op::Shield(script) => shielded(world, script).await,
        _ => unreachable!("not several"),
    }
}

/// One of several: the future, and how it is known to have ended.
struct Known {
    future: FutureCell<u64>,
    from: From,
}

enum From {
    Task(Child),
    Cell(usize),
}

impl Known {
    fn outcome(&self, world: &World) -> Option<Code> {
        let known = match &self.from {
            From::Task(child) => child.ended.get(),
            From::Cell(cell) => world.settled[*cell].get(),
        };
        // A cancellation comes after what the coroutine had to say.
        if self.future.cancelled() {
            Some(Code::Cancelled)
        } else {
            known
        }
    }
}

fn members(world: &Rc<World>, members: &[Member]) -> Vec<Known> {
    let fresh = |script: &Script| {
        let child = spawn(world, &running(), script);
        world.children.borrow_mut().push(child.clone());
        child
    };
    let one = |member: &Member| match member {
        Member::Cell(cell) => Known {
            future: world.cell(*cell),
            from: From::Cell(*cell),
        },
        Member::Task(_) | Member::Fresh(_) => {
            let child = match member {
                Member::Task(number) => world.child(*number),
                Member::Fresh(script) => fresh(script),
                Member::Cell(_) => unreachable!("see above"),
            };
            Known {
                future: child.task.clone().into(),
                from: From::Task(child),
            }
        }
    };
    members.iter().map(one).collect()
}

/// A gather, and the one who notes the endings, stay in the line of a cell until it is done.
fn hang(world: &World, members: &[Known]) {
    for member in members {
        if let From::Cell(cell) = member.from {
            world.hung[cell].set(world.hung[cell].get() + 1);
        }
    }
}

fn futures(members: &[Known]) -> Vec<FutureCell<u64>> {
    members.iter().map(|member| member.future.clone()).collect()
}

async fn gathers(world: &Rc<World>, which: &[Member], then: Then) -> Result<u64> {
    world.log("gather", which.len() as u64, None);
    let members = members(world, which);
    hang(world, &members);
    let all = gather(futures(&members));
    if then != Then::Await {
        return Ok(0);
    }
    let result = all.await;
    let outcomes: Vec<_> = members.iter().map(|member| member.outcome(world)).collect();
    match &result {
        Ok(values) => {
            let same = (values.iter()).map(|value| Some(Code::Value(*value)));
            let fine = same.eq(outcomes.iter().copied());
            world.check(fine, || format!("gather: {values:?} of {outcomes:?}"));
        }
        Err(error) => {
            let found = outcomes.contains(&Some(code_of(error)));
            let mine = matches!(code_of(error), Code::Cancelled | Code::Refused);
            world.check(found || mine, || {
                format!("gather: {error:?} of {outcomes:?}")
            });
        }
    }
    Ok(result?.len() as u64)
}

async fn gathers_results(world: &Rc<World>, which: &[Member]) -> Result<u64> {
    world.log("gather results", which.len() as u64, None);
    let members = members(world, which);
    hang(world, &members);
    let results = gather_results(futures(&members)).await?;
    let results: Vec<_> = results.iter().map(|result| Some(code(result))).collect();
    let outcomes: Vec<_> = members.iter().map(|member| member.outcome(world)).collect();
    world.check(results == outcomes, || {
        format!("gather: {results:?} of {outcomes:?}")
    });
    Ok(results.len() as u64)
}

async fn waits(
    world: &Rc<World>,
    which: &[Member],
    limit: Option<u64>,
    when: usize,
) -> Result<u64> {
    let kinds = [
        ReturnWhen::AllCompleted,
        ReturnWhen::FirstCompleted,
        ReturnWhen::FirstException,
    ];
    let when = kinds[when];
    world.log("wait", which.len() as u64, None);
    let members = members(world, which);
    let (began, endings) = (running().time(), note_endings(world, &members));
    let _limits = limit.map(|_| [&world.limits, &world.strict_limits].map(Holds::new));
    let (done, pending) = wait(futures(&members), limit.map(ms), when).await?;
    let time_is_over = limit.is_some_and(|limit| running().time() >= began + ms(limit));
    world.check(
        time_is_over || endings.are_enough_since_last_turn(when),
        || {
            format!(
                "wait, {when:?}: turn {}, of {:?}",
                world.turn.get(),
                endings.told
            )
        },
    );
    let enough = match when {
        _ if pending.is_empty() => true,
        ReturnWhen::AllCompleted => false,
        ReturnWhen::FirstCompleted => !done.is_empty(),
        ReturnWhen::FirstException => done.iter().any(has_failed),
    };
    let right = done.iter().all(|fut| fut.done()) && pending.iter().all(|fut| !fut.done());
    let each_once = members.iter().all(|member| {
        let same = |fut: &&FutureCell<u64>| **fut == member.future;
        done.iter().chain(&pending).filter(same).count() == 1
    });
    world.check((enough || time_is_over) && right && each_once, || {
        format!("wait, {when:?}: done {done:?}, pending {pending:?}")
    });
    Ok(done.len() as u64)
}

fn has_failed(fut: &FutureCell<u64>) -> bool {
    matches!(fut.exception(), Ok(Some(_)))
}

/// In which turn each member told that it was done, and whether that was by an error.
struct Endings {
    world: Rc<World>,
    number: usize,
    told: Rc<RefCell<Vec<(u64, bool)>>>,
}

fn note_endings(world: &Rc<World>, members: &[Known]) -> Endings {
    let told = Rc::new(RefCell::new(Vec::new()));
    let mut seen: Vec<&FutureCell<u64>> = Vec::new();
    for member in members {
        if seen.contains(&&member.future) {
            continue;
        }
        seen.push(&member.future);
        hang(world, std::slice::from_ref(member));
        let (world, told) = (world.clone(), told.clone());
        member
            .future
            .add_done_callback(move |fut: &FutureCell<u64>| {
                told.borrow_mut().push((world.turn.get(), has_failed(fut)));
            });
    }
    Endings {
        world: world.clone(),
        number: seen.len(),
        told,
    }
}

impl Endings {
    /// Whoever waits has his turn in the next one after that in which it was enough.
    fn are_enough_since_last_turn(&self, when: ReturnWhen) -> bool {
        let told = self.told.borrow();
        let last = told.get(self.number - 1);
        let enough = match when {
            ReturnWhen::AllCompleted => last,
            ReturnWhen::FirstCompleted => told.first(),
            ReturnWhen::FirstException => told.iter().find(|(_, failed)| *failed).or(last),
        };
        enough.is_some_and(|(turn, _)| turn + 1 == self.world.turn.get())
    }
}

async fn takes(
    world: &Rc<World>,
    which: &[Member],
    limit: Option<u64>,
    take: usize,
) -> Result<u64> {
    world.log("as completed", which.len() as u64, None);
    let members = members(world, which);
    let began = running().time();
    let _limits = limit.map(|_| [&world.limits, &world.strict_limits].map(Holds::new));
    let mut items = as_completed(futures(&members));
    if let Some(limit) = limit {
        items = items.timeout(ms(limit));
    }
    for taken in 0..take {
        let Some(item) = items.anext().await? else {
            let fine = members.len() >= taken; // the same one twice counts once
            world.check(fine, || format!("{taken} of {}", members.len()));
            break;
        };
        let outcomes: Vec<_> = members.iter().map(|member| member.outcome(world)).collect();
        let over = limit.is_some_and(|limit| running().time() >= began + ms(limit));
        let timeout = matches!(item, Err(Error::Timeout)) && over;
        let fine = timeout || outcomes.contains(&Some(code(&item)));
        world.check(fine, || format!("as completed: {item:?} of {outcomes:?}"));
    }
    Ok(0)
}

async fn limited(world: &Rc<World>, script: &Script, limit: u64) -> Result<u64> {
    world.log("wait for", limit, None);
    let (ended, began) = (Rc::default(), running().time());
    let _limit = Holds::new(&world.limits);
    let mut left_alone = LeftAlone::default();
    let inner = {
        let (world, script, left_alone) = (world.clone(), script.clone(), left_alone.0.clone());
        let inner = body(world.clone(), script.clone(), Rc::clone(&ended));
        async move {
            let result = inner.await;
            let may_refuse = !script.iter().all(takes_cancellation);
            world.check(may_refuse || !left_alone.get() || result.is_err(), || {
                "its wait_for was dropped, and it was not cancelled".into()
            });
            result
        }
    };
    let result = wait_for(inner, ms(limit)).await;
    left_alone.0 = Rc::default();
    let got = code(&result);
    let in_time = running().time() < began + ms(limit);
    // Whatever came of it, if it is a result or a timeout then the inner one is over and gone.
    let over = got == Code::Cancelled || Rc::strong_count(&ended) == 1;
    let fine = match got {
        Code::Cancelled => true,
        Code::Timeout if ended.get() == Some(Code::Timeout) => true,
        Code::Timeout => !in_time,
        _ => ended.get() == Some(got),
    };
    world.check(over && fine, || {
        format!("wait_for gave {got:?}, and inside was {ended:?}")
    });
    result
}

/// Notes that it was dropped.
#[derive(Default)]
struct LeftAlone(Rc<Cell<bool>>);

impl Drop for LeftAlone {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

/// Whether a cancellation is the end of it for sure.
fn takes_cancellation(op: &Op) -> bool {
    let in_line = matches!(op, Op::Put(_) | Op::Get(_) | Op::Await(_) | Op::EventWait);
    in_line || matches!(op, Op::Sleep(_) | Op::Yield)
}

/// What is in there neither fails nor is cancelled by anybody, so it ends well.
async fn shielded(world: &Rc<World>, script: &Script) -> Result<u64> {
    world.log("shield", 0, None);
    let (told, script) = (world.clone(), script.clone());
    let inner = async move {
        let result = body(told.clone(), script, Rc::default()).await;
        told.check(result.is_ok() || told.ending.get(), || {
            format!("{result:?} came through the shield")
        });
        result
    };
    shield(inner).await
}
