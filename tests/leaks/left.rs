//! What is still there when its loop is closed.

use send_none::sync::{Condition, Event, Lock, Queue, Semaphore};
use send_none::{
    AsyncIter, Coroutine, FutureCell, Result, ReturnWhen, Task, as_completed, gather,
    gather_results, run_coroutine_threadsafe, shield, sleep, wait, wait_for, yield_now,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use crate::{Kind, LONG, Witness, never, nothing, slow, turn};

pub const LEFT: [Kind; 29] = [
    ("task not begun", |l, w| {
        Box::new(l.create_task(slow(w.clone())))
    }),
    ("task asleep", |l, w| {
        let task = l.create_task(slow(w.clone()));
        turn(l);
        Box::new(task)
    }),
    ("task parked on something foreign", |l, w| {
        let task = l.create_task(never(w.clone()));
        turn(l);
        Box::new(task)
    }),
    ("task that holds its own handle", |l, w| {
        let (held, slot) = (w.clone(), Rc::new(RefCell::new(None)));
        let own = slot.clone();
        let task = l.create_task(async move {
            sleep(LONG).await?;
            drop(own);
            Ok(held)
        });
        *slot.borrow_mut() = Some(task);
        turn(l);
        nothing()
    }),
    ("task whose callback holds it", |l, w| {
        let (task, held) = (l.create_task(slow(w.clone())), w.clone());
        let itself = task.clone();
        task.add_done_callback(move |_: &FutureCell<Witness>| drop((itself, held)));
        turn(l);
        nothing()
    }),
    ("task that holds its loop", |l, w| {
        let (held, own) = (w.clone(), l.clone());
        let task = l.create_task(async move {
            sleep(LONG).await?;
            drop(own);
            Ok(held)
        });
        turn(l);
        Box::new(task)
    }),
    ("tasks that wait for each other", |l, w| {
        let (slot, held) = (Rc::new(RefCell::new(None)), w.clone());
        let other = slot.clone();
        let first = l.create_task(async move {
            yield_now().await?;
            let other: Option<Task<Witness>> = other.borrow().clone();
            let (other, _held) = (other.unwrap(), held);
            (&other).await
        });
        let second = l.create_task(first);
        *slot.borrow_mut() = Some(second);
        turn(l);
        nothing()
    }),
    ("gather", |l, w| {
        let all = gather([1, 2].map(|_| l.create_task(slow(w.clone()))));
        let task = l.create_task(all);
        turn(l);
        Box::new(task)
    }),
    ("gather that nobody has", |l, w| {
        drop(gather([1, 2].map(|_| l.create_task(slow(w.clone())))));
        nothing()
    }),
    ("gather of which a member is done", |l, w| {
        let done = l.create_future();
        drop(done.set_result(w.clone()));
        let all = gather_results([done, l.create_future()]);
        turn(l);
        Box::new(all)
    }),
    ("gather held by its member", |l, w| {
        let (fut, held) = (l.create_future::<Witness>(), w.clone());
        let all = gather([fut.clone()]);
        let task = l.create_task(async move {
            let _held = (all, held);
            fut.await
        });
        turn(l);
        Box::new(task)
    }),
    ("wait", |l, w| {
        let members = [1, 2].map(|_| l.create_task(slow(w.clone())));
        let task = l.create_task(wait(members, LONG, ReturnWhen::AllCompleted));
        turn(l);
        Box::new(task)
    }),
    ("wait_for", |l, w| {
        let task = l.create_task(wait_for(slow(w.clone()), LONG));
        turn(l);
        Box::new(task)
    }),
    ("shield", |l, w| {
        let shielded = shield(l.create_task(slow(w.clone())));
        let task = l.create_task(shielded);
        turn(l);
        Box::new(task)
    }),
    ("as_completed", |l, w| {
        let items = as_completed([1, 2].map(|_| l.create_task(slow(w.clone()))));
        let mut items = items.timeout(LONG);
        let task = l.create_task(async move { items.anext().await });
        turn(l);
        Box::new(task)
    }),
    ("timer", |l, w| {
        let held = w.clone();
        l.call_later(LONG, move || held);
        nothing()
    }),
    ("timer that is due", |l, w| {
        let held = w.clone();
        l.call_later(Duration::ZERO, move || held);
        nothing()
    }),
    ("callback", |l, w| {
        let held = w.clone();
        l.call_soon(move || held);
        nothing()
    }),
    ("callback from outside", |l, w| {
        let (held, handle) = (w.clone(), l.threadsafe());
        drop(handle.call_soon(move || drop(held)));
        Box::new(handle)
    }),
    ("done-callback never called", |l, w| {
        let (fut, held) = (l.create_future::<Witness>(), w.clone());
        fut.add_done_callback(move |_: &FutureCell<Witness>| held);
        Box::new(fut)
    }),
    ("done-callback queued", |l, w| {
        let (fut, held) = (l.create_future(), w.clone());
        fut.add_done_callback(move |_: &FutureCell<Witness>| held);
        drop(fut.set_result(w.clone()));
        Box::new(fut)
    }),
    ("error that nobody looked at", |l, w| {
        let fut = l.create_future::<Witness>();
        drop(fut.set_exception(w.error()));
        nothing() // it is told to the handler of its loop, not to the screen
    }),
    ("run_in_executor", |l, w| {
        let held = w.clone();
        Box::new(l.run_in_executor(move || held))
    }),
    ("setter unused", |l, w| {
        let (fut, held) = (l.create_future::<Witness>(), w.clone());
        fut.add_done_callback(move |_: &FutureCell<Witness>| held);
        Box::new(fut.threadsafe())
    }),
    ("setter used", |l, w| {
        let fut = l.create_future();
        drop(fut.threadsafe().set_result(w.clone()));
        Box::new(fut)
    }),
    ("submitted from outside", |l, w| {
        let held = w.clone();
        let submitted = run_coroutine_threadsafe(|| slow(held), &l.threadsafe());
        turn(l);
        turn(l);
        Box::new(submitted.ok())
    }),
    (
        "waits for a lock, a permit, an event, a condition",
        |l, w| {
            let (lock, semaphore, event) = (Lock::new(), Semaphore::new(0), Event::new());
            let (condition, held) = (Condition::new(), w.clone());
            let tasks: [Task<bool>; 5] = [
                l.create_task(holding(w.clone(), lock.clone())),
                l.create_task(holding(w.clone(), lock)),
                l.create_task(async move { semaphore.acquire().await }),
                l.create_task(async move { event.wait().await }),
                l.create_task(async move {
                    let _held = (held, condition.acquire().await?);
                    condition.wait().await
                }),
            ];
            turn(l);
            Box::new(tasks)
        },
    ),
    ("waits for a queue", |l, w| {
        let (full, empty) = (Queue::new(1), Queue::new(1));
        drop(full.put_nowait(w.clone()));
        let held = w.clone();
        let putter = l.create_task(async move { full.put(held).await });
        let getter = l.create_task::<Witness, _>(async move { empty.get().await });
        turn(l);
        Box::new((putter, getter))
    }),
    ("coroutine driven by hand", |l, w| {
        let (fut, held) = (l.create_future::<()>(), w.clone());
        let mut coroutine = Coroutine::new(async move {
            fut.await?;
            Ok(held)
        });
        drop(coroutine.send(None));
        Box::new(coroutine)
    }),
];

async fn holding(witness: Witness, lock: Lock) -> Result<bool> {
    let _held = (witness, lock.lock().await?);
    sleep(LONG).await?;
    Ok(true)
}
