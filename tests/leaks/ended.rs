//! What ends by itself, or is ended, while its loop lives on.

use send_none::{
    AsyncIter, EventLoop, FutureCell, Result, ReturnWhen, as_completed, gather, gather_results,
    run_coroutine_threadsafe, shield, sleep, wait, wait_for,
};
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::{Kind, LONG, SHORT, Witness, fails, never, nothing, slow};

type Shared = Rc<dyn Fn(&FutureCell<Witness>)>;

/// Cancelled after its first step.
fn cancelled_soon<T: 'static>(event_loop: &EventLoop, fut: FutureCell<T>) {
    event_loop.call_soon(move || fut.cancel());
}

pub const ENDED: [Kind; 33] = [
    ("result", |l, w| Box::new(l.create_task(slow(w.clone())))),
    ("error", |l, w| Box::new(l.create_task(fails(w.clone())))),
    ("cancelled before its first step", |l, w| {
        let task = l.create_task(slow(w.clone()));
        task.cancel();
        Box::new(task)
    }),
    ("cancelled while parked", |l, w| {
        let task = l.create_task(slow(w.clone()));
        cancelled_soon(l, task.clone().into());
        Box::new(task)
    }),
    ("aborted before its first step", |l, w| {
        let task = l.create_task(slow(w.clone()));
        task.abort();
        Box::new(task)
    }),
    ("aborted while parked", |l, w| {
        let task = l.create_task(slow(w.clone()));
        let parked = task.clone();
        l.call_soon(move || parked.abort());
        Box::new(task)
    }),
    ("polled a future that has it, and returned", |l, w| {
        let fut = Rc::new(RefCell::new(l.create_future::<Witness>()));
        let (polled, held) = (fut.clone(), w.clone());
        let task = l.create_task(async move {
            let poll = |cx: &mut Context<'_>| Pin::new(&mut *polled.borrow_mut()).poll(cx);
            assert!(poll_fn(|cx| Poll::Ready(poll(cx).is_pending())).await);
            Ok(held)
        });
        let has_it = (w.clone(), task.clone());
        let callback = move |_: &FutureCell<Witness>| {
            let _held = &has_it;
        };
        fut.borrow().add_done_callback(callback);
        Box::new((task, fut))
    }),
    ("panic", |l, w| {
        let held = w.clone();
        Box::new(l.create_task::<Witness, _>(async move {
            let _held = held;
            panic!("planned")
        }))
    }),
    ("parked on something foreign, and cancelled", |l, w| {
        let task = l.create_task(never(w.clone()));
        cancelled_soon(l, task.clone().into());
        Box::new(task)
    }),
    ("its waker is kept outside", |l, w| {
        let (held, slot) = (w.clone(), Rc::new(RefCell::new(None::<Waker>)));
        let outside = slot.clone();
        let task = l.create_task::<Witness, _>(async move {
            let _held = held;
            poll_fn(|cx| {
                *outside.borrow_mut() = Some(cx.waker().clone());
                Poll::<Result<Witness>>::Pending
            })
            .await
        });
        cancelled_soon(l, task.into());
        Box::new(slot)
    }),
    ("holds its own handle", |l, w| {
        let (held, slot) = (w.clone(), Rc::new(RefCell::new(None)));
        let own = slot.clone();
        let task = l.create_task(async move {
            sleep(SHORT).await?;
            drop(own);
            Ok(held)
        });
        *slot.borrow_mut() = Some(task);
        nothing()
    }),
    ("gather", |l, w| {
        let members = [1, 2].map(|_| l.create_task(slow(w.clone())));
        Box::new(gather(members))
    }),
    ("gather of an error", |l, w| {
        let members = [
            l.create_task(fails(w.clone())),
            l.create_task(slow(w.clone())),
        ];
        Box::new(gather(members))
    }),
    ("gather cancelled", |l, w| {
        let all = gather([1, 2].map(|_| l.create_task(slow(w.clone()))));
        cancelled_soon(l, all.clone());
        Box::new(all)
    }),
    ("gather_results", |l, w| {
        let members = [
            l.create_task(fails(w.clone())),
            l.create_task(slow(w.clone())),
        ];
        Box::new(gather_results(members))
    }),
    ("wait", |l, w| {
        let members = [1, 2].map(|_| l.create_task(slow(w.clone())));
        Box::new(l.create_task(wait(members, None, ReturnWhen::FirstCompleted)))
    }),
    ("wait with a timeout", |l, w| {
        let members = [1, 2].map(|_| l.create_task(slow(w.clone())));
        Box::new(l.create_task(wait(members, SHORT, ReturnWhen::AllCompleted)))
    }),
    ("wait_for", |l, w| {
        let inside = slow(w.clone());
        Box::new(l.create_task(wait_for(inside, LONG * 2)))
    }),
    ("wait_for with a timeout", |l, w| {
        let inside = slow(w.clone());
        Box::new(l.create_task(wait_for(inside, SHORT)))
    }),
    ("shield", |l, w| {
        Box::new(shield(l.create_task(slow(w.clone()))))
    }),
    ("shield cancelled", |l, w| {
        let shielded = shield(l.create_task(slow(w.clone())));
        cancelled_soon(l, shielded.clone());
        Box::new(shielded)
    }),
    ("as_completed", |l, w| {
        let members = [1, 2].map(|_| l.create_task(slow(w.clone())));
        Box::new(l.create_task(async move {
            let mut items = as_completed(members);
            while items.anext().await?.is_some() {}
            Ok(())
        }))
    }),
    ("as_completed with a timeout, and left early", |l, w| {
        let members = [1, 2].map(|_| l.create_task(slow(w.clone())));
        Box::new(l.create_task(async move {
            let mut items = as_completed(members).timeout(SHORT);
            items.anext().await
        }))
    }),
    ("timer", |l, w| {
        let held = w.clone();
        Box::new(l.call_later(LONG, move || held))
    }),
    ("timer cancelled", |l, w| {
        let held = w.clone();
        l.call_later(LONG, move || held).cancel();
        nothing()
    }),
    ("callback", |l, w| {
        let held = w.clone();
        Box::new(l.call_soon(move || Result::<()>::Err(held.error())))
    }),
    ("callback cancelled", |l, w| {
        let held = w.clone();
        l.call_soon(move || held).cancel();
        nothing()
    }),
    ("done-callbacks", |l, w| {
        let (fut, held, removed) = (l.create_future(), w.clone(), w.clone());
        let removed: Shared = Rc::new(move |_| drop(removed.clone()));
        fut.add_done_callback(removed.clone());
        fut.add_done_callback(move |_: &FutureCell<Witness>| held);
        fut.remove_done_callback(&removed);
        drop(fut.set_result(w.clone()));
        Box::new(fut)
    }),
    ("run_in_executor", |l, w| {
        let held = w.clone();
        Box::new(l.run_in_executor(move || held))
    }),
    ("run_in_executor, and cancelled", |l, w| {
        let held = w.clone();
        l.run_in_executor(move || held).cancel();
        nothing()
    }),
    ("setter used", |l, w| {
        let fut = l.create_future();
        drop(fut.threadsafe().set_result(w.clone()));
        Box::new(fut)
    }),
    ("setter dropped unused", |l, w| {
        let (fut, held) = (l.create_future::<Witness>(), w.clone());
        fut.add_done_callback(move |_: &FutureCell<Witness>| held);
        drop(fut.threadsafe());
        nothing()
    }),
    ("submitted from outside", |l, w| {
        let held = w.clone();
        drop(run_coroutine_threadsafe(|| slow(held), &l.threadsafe()));
        nothing() // who kept it could still wake the loop
    }),
];
