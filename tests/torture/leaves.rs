//! All that one can wait for, polled in ways that its author may not have thought of.

use crate::{Gate, Later, Wait, quiet_loop, run_out, secs, turns, waker_of, watched};
use send_none::sync::{Condition, Event, Lock, Queue, Semaphore};
use send_none::{
    AsyncIter, Coroutine, EventLoop, FutureCell, Result, ReturnWhen, Step, as_completed, gather,
    get_event_loop, set_event_loop, shield, sleep, wait, wait_for,
};
use std::cell::{Cell, RefCell};
use std::fmt::Debug;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Something to wait for.
pub struct Leaf {
    pub name: &'static str,
    /// Another one who will wait for it.
    pub make: Rc<dyn Fn() -> Wait>,
    /// Lets the first one go who waits for it.
    pub let_go: Box<dyn Fn()>,
    /// What it tells of itself, and so who waits for it.
    pub line: Rc<dyn Fn() -> String>,
}

fn leaf<F: Future<Output = Result<()>> + 'static>(
    name: &'static str,
    thing: impl Debug + Clone + 'static,
    make: impl Fn() -> F + 'static,
    let_go: impl Fn() + 'static,
) -> Leaf {
    Leaf {
        name,
        make: Rc::new(move || Box::pin(make())),
        let_go: Box::new(let_go),
        line: Rc::new(move || format!("{thing:?}")),
    }
}

/// Runs what need not wait.
fn at_once<T>(wait: impl Future<Output = Result<T>>) {
    let step = Coroutine::new(wait).send(None);
    assert!(matches!(step, Step::Returned(Ok(_))));
}

/// One of each kind. The sleep is over when its time has come, however it is let go.
pub fn leaves(event_loop: &EventLoop) -> Vec<Leaf> {
    set_event_loop(event_loop);
    let mut leaves = futures(event_loop);
    leaves.push(leaf("sleep", (), || sleep(secs(9)), || ()));

    let (lock, waits) = (Lock::new(), Lock::clone);
    at_once(lock.acquire());
    let (wanted, released) = (waits(&lock), lock.clone());
    let make = move || {
        let lock = wanted.clone();
        async move { lock.acquire().await.map(drop) }
    };
    leaves.push(leaf("lock", lock, make, move || {
        released.release().unwrap()
    }));

    let semaphore = Semaphore::new(0);
    let (wanted, released) = (semaphore.clone(), semaphore.clone());
    let make = move || {
        let semaphore = wanted.clone();
        async move { semaphore.acquire().await.map(drop) }
    };
    let let_go = move || released.release().unwrap();
    leaves.push(leaf("semaphore", semaphore, make, let_go));

    let event = Event::new();
    let (awaited, set) = (event.clone(), event.clone());
    let make = move || {
        let event = awaited.clone();
        async move { event.wait().await.map(drop) }
    };
    leaves.push(leaf("event", event, make, move || set.set()));

    let condition = Condition::new();
    let (awaited, notified) = (condition.clone(), condition.clone());
    let make = move || {
        let condition = awaited.clone();
        async move {
            let _guard = condition.lock().await?;
            condition.wait().await.map(drop)
        }
    };
    let let_go = move || {
        at_once(notified.acquire());
        notified.notify(1).unwrap();
        notified.release().unwrap();
    };
    leaves.push(leaf("condition", condition, make, let_go));
    leaves.extend(queues());
    leaves
}

/// Those that end with a future.
fn futures(event_loop: &EventLoop) -> Vec<Leaf> {
    type Kind = (&'static str, fn(FutureCell<()>) -> Wait);
    let kinds: [Kind; 8] = [
        ("future", |fut| Box::pin(fut)),
        ("task", |fut| {
            let event_loop = get_event_loop().unwrap();
            Box::pin(event_loop.create_task(fut))
        }),
        ("by hand", |fut| Box::pin(Coroutine::new(fut))),
        ("gather", |fut| {
            let both = gather([fut]);
            Box::pin(async { both.await.map(drop) })
        }),
        ("shield", |fut| Box::pin(shield(fut))),
        ("wait", |fut| {
            let all = wait([fut], secs(99), ReturnWhen::AllCompleted);
            Box::pin(async { all.await.map(drop) })
        }),
        ("wait_for", |fut| Box::pin(wait_for(fut, secs(99)))),
        ("as_completed", |fut| {
            let mut items = as_completed([fut]).timeout(secs(99));
            Box::pin(async move { items.anext().await.map(drop) })
        }),
    ];
    let mut leaves = Vec::new();
    for (name, make) in kinds {
        let fut = event_loop.create_future();
        let (awaited, set) = (fut.clone(), fut.clone());
        let let_go = move || drop(set.set_result(()));
        leaves.push(leaf(name, fut, move || make(awaited.clone()), let_go));
    }
    leaves
}

fn queues() -> [Leaf; 3] {
    let queue = Queue::new(0);
    let (awaited, filled) = (queue.clone(), queue.clone());
    let make = move || {
        let queue = awaited.clone();
        async move { queue.get().await }
    };
    let let_go = move || filled.put_nowait(()).unwrap();
    let get = leaf("get", queue, make, let_go);

    let queue = Queue::new(1);
    let (awaited, emptied) = (queue.clone(), queue.clone());
    queue.put_nowait(()).unwrap();
    let make = move || {
        let queue = awaited.clone();
        async move { queue.put(()).await }
    };
    let put = leaf("put", queue, make, move || emptied.get_nowait().unwrap());

    let queue = Queue::new(0);
    let (awaited, done) = (queue.clone(), queue.clone());
    queue.put_nowait(()).unwrap();
    let make = move || {
        let queue = awaited.clone();
        async move { queue.join().await }
    };
    let join = leaf("join", queue, make, move || done.task_done().unwrap());
    [get, put, join]
}

fn poll_with(wait: &mut Wait, waker: &Waker) -> bool {
    wait.as_mut()
        .poll(&mut Context::from_waker(waker))
        .is_ready()
}

thread_local! {
    /// What a waker does that [`reenters`].
    static ON_DROP: RefCell<Option<Rc<dyn Fn()>>> = const { RefCell::new(None) };
}

/// A waker that comes back to what it is dropped by.
fn reenters() -> Waker {
    struct Reenters;
    impl Drop for Reenters {
        fn drop(&mut self) {
            let act = ON_DROP.with_borrow(Clone::clone).unwrap();
            act();
        }
    }
    let reenters = Reenters;
    waker_of(move || {
        let _kept = &reenters;
    })
}

/// #7. To drop a waker is to run code that nobody knows. An executor that does it under a lock, or
/// with a borrow held, hangs or panics as soon as that code comes back to it. Seen in
/// tokio-rs/tokio#5429.
#[test]
fn a_waker_that_is_dropped_comes_back_to_what_dropped_it() {
    watched(|| {
        for which in 0..leaves(&quiet_loop()).len() {
            for let_go in [true, false] {
                let event_loop = quiet_loop();
                let leaf = leaves(&event_loop).remove(which);
                let dropped = Rc::new(Cell::new(0));
                let (counts, make, line) = (dropped.clone(), leaf.make.clone(), leaf.line.clone());
                let inside = event_loop.clone();
                ON_DROP.set(Some(Rc::new(move || {
                    counts.set(counts.get() + 1);
                    let mut another = make();
                    let _ready = poll_with(&mut another, Waker::noop());
                    line();
                    drop(another);
                    inside.call_soon(|| ()).cancel();
                    inside.call_later(secs(1), || ()).cancel();
                })));
                let mut wait = (leaf.make)();
                assert!(!poll_with(&mut wait, &reenters()), "{}", leaf.name);
                turns(&event_loop, 2);
                let before = dropped.get();
                assert!(!poll_with(&mut wait, &reenters()), "{}", leaf.name);
                assert_eq!(dropped.get(), before + 1, "{}: replaced", leaf.name);
                if let_go {
                    (leaf.let_go)();
                    run_out(&event_loop);
                }
                drop(wait);
                assert_eq!(dropped.get(), before + 2, "{}: gone", leaf.name);
                event_loop.close().unwrap();
            }
        }
    });
}

/// #13. A leaf that keeps the first waker it was polled with wakes the task that it was taken from.
/// The one that has it now waits for ever. Seen in cfsamson/books-futures-explained#2.
#[test]
fn a_future_polled_by_one_task_and_moved_into_another_wakes_that_one() {
    watched(|| {
        for which in 0..leaves(&quiet_loop()).len() {
            let event_loop = quiet_loop();
            let leaf = leaves(&event_loop).remove(which);
            let moved: Later<Wait> = Rc::new(RefCell::new(Some((leaf.make)())));
            let (borrowed, polls) = (moved.clone(), Rc::new(Cell::new(0)));
            let counts = polls.clone();
            let robbed = event_loop.create_task(poll_fn(move |cx| {
                counts.set(counts.get() + 1);
                match &mut *borrowed.borrow_mut() {
                    Some(wait) => wait.as_mut().poll(cx),
                    None => Poll::Pending,
                }
            }));
            turns(&event_loop, 3);
            let wait = moved.take().unwrap();
            let has_it_now = event_loop.create_task(wait);
            turns(&event_loop, 3);
            (leaf.let_go)();
            let result = event_loop.run_until_complete(&has_it_now);
            assert!(result.is_ok(), "{}: {result:?}", leaf.name);
            assert!(!robbed.done(), "{}", leaf.name);
            assert_eq!(polls.get(), 1, "{}", leaf.name);
        }
    });
}

/// #14. A task may be polled though nothing has happened, so its leaves are. One that takes that for
/// news is done too early, sets a second timer, or takes a second place in the line, and a permit
/// goes to nobody. Seen in paxsonsa/murmer-rs#9.
#[test]
fn a_leaf_that_is_polled_for_nothing_keeps_its_one_place() {
    watched(|| {
        for which in 0..leaves(&quiet_loop()).len() {
            let event_loop = quiet_loop();
            let leaf = leaves(&event_loop).remove(which);
            let (mut wait, gate) = ((leaf.make)(), Gate::default());
            let mut counts = gate.clone();
            let task = event_loop.create_task(poll_fn(move |cx| {
                let _never_open = std::pin::pin!(&mut counts).poll(cx);
                wait.as_mut().poll(cx)
            }));
            turns(&event_loop, 3);
            let stands = || {
                let snapshot = event_loop.snapshot();
                let tree = snapshot.to_string();
                let tree = tree.lines().skip(1).collect::<Vec<_>>().join("\n");
                format!("{}\n{:?}\n{tree}", (leaf.line)(), snapshot.timers)
            };
            let before = stands();
            for polls in 1..100 {
                assert_eq!((gate.polls(), task.done()), (polls, false), "{}", leaf.name);
                assert_eq!(stands(), before, "{}", leaf.name);
                gate.waker().wake();
                turns(&event_loop, 1);
            }
            (leaf.let_go)();
            let result = event_loop.run_until_complete(&task);
            assert!(result.is_ok(), "{}: {result:?}", leaf.name);
            let line = (leaf.line)();
            assert!(!line.contains(", 1 "), "{}: {line}", leaf.name);
        }
    });
}
