//! Wakes on the loop's own thread: too many, too early, too late, or of somebody else.

use crate::{Choosy, Drops, Gate, Wait, elsewhere, quiet_loop, ready, secs, turns, watched};
use send_none::sync::{Event, Queue};
use send_none::{EventLoop, Task, all_tasks, sleep, yield_now};
use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};

/// #1. A waker may be called as often as one likes when its task is done. An executor that polls the
/// task again makes its future panic, and one that takes it for granted that the task is there panics
/// itself. Seen in tokio-rs/website#474.
#[test]
fn a_thousand_wakes_after_the_end_do_nothing() {
    let ends: [fn(&Gate, &Task<()>); 3] = [
        |gate, _| gate.open(),
        |_, task| assert!(task.cancel()),
        |_, task| task.abort(),
    ];
    let event_loop = quiet_loop();
    for end in ends {
        let (gate, task) = Gate::with_task(&event_loop);
        end(&gate, &task);
        turns(&event_loop, 2);
        assert!(task.done() && all_tasks(&event_loop).is_empty());
        let (polls, waker) = (gate.polls(), gate.waker());
        for _ in 0..1000 {
            waker.wake_by_ref();
            Waker::wake(waker.clone());
        }
        assert_eq!(ready(&event_loop), 0);
        elsewhere(move || (0..1000).for_each(|_| waker.wake_by_ref()));
        turns(&event_loop, 3);
        assert_eq!((gate.polls(), ready(&event_loop)), (polls, 0));
    }
}

/// #2. If a task is marked as waiting only after it was polled, a wake during the poll is overlooked,
/// and the task waits for ever. If each wake queues it, it is polled twice. Seen in
/// ros2-rust/ros2_rust#669 and richardanaya/executor#14.
#[test]
fn wakes_during_the_poll_are_one_more_poll() {
    let ways: [fn(&Waker); 5] = [
        |waker| waker.wake_by_ref(),
        |waker| Waker::wake(waker.clone()),
        |waker| (0..100).for_each(|_| waker.wake_by_ref()),
        |waker| wake_elsewhere(waker),
        |waker| {
            waker.wake_by_ref();
            wake_elsewhere(waker);
        },
    ];
    for wake in ways {
        let event_loop = quiet_loop();
        let polls = Rc::new(Cell::new(0));
        let counts = polls.clone();
        let _task: Task<()> = event_loop.create_task(poll_fn(move |cx| {
            if counts.replace(counts.get() + 1) == 0 {
                wake(cx.waker());
            }
            Poll::Pending
        }));
        turns(&event_loop, 10);
        assert_eq!(polls.get(), 2);
    }
}

fn wake_elsewhere(waker: &Waker) {
    let waker = waker.clone();
    elsewhere(move || waker.wake());
}

/// #3. An executor that queues a task at each wake polls it ten thousand times for one piece of news,
/// and its queue grows without a bound. Seen in ros2-rust/ros2_rust#669.
#[test]
fn ten_thousand_wakes_of_a_parked_task_are_one_entry_and_one_poll() {
    let event_loop = quiet_loop();
    let (gate, _task) = Gate::with_task(&event_loop);
    let waker = gate.waker();
    for polls in [2, 3] {
        (0..10_000).for_each(|_| waker.wake_by_ref());
        assert_eq!(ready(&event_loop), 1);
        let from_outside = waker.clone();
        elsewhere(move || (0..10_000).for_each(|_| from_outside.wake_by_ref()));
        turns(&event_loop, 1);
        assert_eq!((gate.polls(), ready(&event_loop)), (polls, 0));
        turns(&event_loop, 1);
        assert_eq!(gate.polls(), polls, "nobody woke it since");
    }
}

/// #5. A queue with a limit makes a wake fail or wait when it is full. The one who wakes cannot do
/// anything about it, and may be the very thread that would make room. Seen in compio-rs/compio#1044.
#[test]
fn a_hundred_thousand_tasks_may_be_woken_before_the_loop_looks() {
    const MANY: usize = 100_000;
    watched(|| {
        let event_loop = quiet_loop();
        let gates: Vec<_> = (0..MANY).map(|_| Gate::default()).collect();
        for gate in &gates {
            drop(event_loop.create_task(gate.clone()));
        }
        turns(&event_loop, 1);
        let (called, handle) = (Arc::new(AtomicUsize::new(0)), event_loop.threadsafe());
        let (counts, wakers) = (called.clone(), gates.iter().map(Gate::waker).collect());
        elsewhere(move || {
            let wakers: Vec<Waker> = wakers;
            for waker in wakers {
                let counts = counts.clone();
                waker.wake();
                let call = move || {
                    counts.fetch_add(1, Ordering::SeqCst);
                };
                handle.call_soon(call).unwrap();
            }
        });
        gates.iter().step_by(3).for_each(|gate| gate.waker().wake());
        turns(&event_loop, 1);
        assert!(gates.iter().all(|gate| gate.polls() == 2));
        assert_eq!(called.load(Ordering::SeqCst), MANY);
    });
}

/// What happens, in the order in which it happens. Whoever tells it needs the lock at once.
type Log = Arc<Mutex<Vec<&'static str>>>;

/// A task that tells of itself when it goes on, or is dropped.
fn tells(event_loop: &EventLoop, log: &Log, name: &'static str, wait: Wait) -> Task<()> {
    let log = log.clone();
    let tells = crate::OnDrop(move || log.try_lock().expect("it is held").push(name));
    event_loop.create_task(async move {
        let _tells = tells;
        wait.await
    })
}

/// #6. Whoever wakes a task may hold a lock or a borrow that the task needs. An executor that polls
/// the task on the spot, because it is quicker, hangs or panics there. Seen in nginx/ngx-rust#294.
#[test]
fn a_wake_under_a_lock_that_the_task_needs_only_queues_it() {
    watched(|| {
        let event_loop = quiet_loop();
        let (log, fut, asked) = (Log::default(), event_loop.create_future(), Event::new());
        let (gate, far_gate, queue) = (Gate::default(), Gate::default(), Queue::new(0));
        let (asks, gets, waits) = (asked.clone(), queue.clone(), fut.clone());
        let event = Box::pin(async move { asks.wait().await.map(drop) });
        let (near, far) = (Box::pin(gate.clone()), Box::pin(far_gate.clone()));
        tells(&event_loop, &log, "woken", near);
        tells(&event_loop, &log, "future", Box::pin(waits));
        tells(&event_loop, &log, "event", event);
        tells(
            &event_loop,
            &log,
            "queue",
            Box::pin(async move { gets.get().await }),
        );
        let cancelled = tells(&event_loop, &log, "cancelled", Box::pin(sleep(secs(9))));
        let aborted = tells(&event_loop, &log, "aborted", Box::pin(sleep(secs(9))));
        tells(&event_loop, &log, "woken from outside", far);
        turns(&event_loop, 1);

        let (held, inside) = (log.clone(), event_loop.clone());
        event_loop.call_soon(move || {
            let log = held.clone();
            let held = held.lock().unwrap();
            gate.open();
            fut.set_result(()).unwrap();
            asked.set();
            queue.put_nowait(()).unwrap();
            cancelled.cancel();
            aborted.abort();
            inside.call_soon(move || log.try_lock().expect("it is held").push("called"));
            assert_eq!(*held, [""; 0]);
        });
        turns(&event_loop, 1);
        far_gate.open.set(true);
        let (held, waker) = (log.clone(), far_gate.waker());
        elsewhere(move || {
            let held = held.lock().unwrap();
            waker.wake();
            assert_eq!(*held, [""; 0]);
        });
        turns(&event_loop, 1);
        let in_order = ["woken", "future", "event", "queue", "cancelled", "aborted"];
        let log = log.lock().unwrap().join(", ");
        assert_eq!(log, in_order.join(", ") + ", called, woken from outside");
    });
}

/// #9. Where a waker holds its task, the last wake may end the task, and so drop what it holds in the
/// midst of whatever the one who wakes is doing. Seen in tokio-rs/tokio#1972.
#[test]
fn no_wake_drops_a_task_but_the_loop_does() {
    type Act = (&'static str, fn(Gate, Task<()>));
    let acts: [Act; 4] = [
        ("returns", |gate, _task| gate.open()),
        ("aborted", |gate, task| {
            task.abort();
            gate.open();
        }),
        ("cancelled", |gate, task| {
            task.cancel();
            gate.open();
        }),
        ("forgotten", |_gate, _task| ()),
    ];
    for (name, act) in acts {
        let (event_loop, drops, gate) = (quiet_loop(), Drops::default(), Gate::default());
        let (kept, waits) = (drops.counted(), gate.clone());
        let task = event_loop.create_task(async move {
            let _kept = kept;
            waits.await
        });
        turns(&event_loop, 1);
        let waker = gate.waker();
        act(gate, task);
        assert_eq!(drops.count(), 0, "{name}: by the wake");
        waker.wake();
        assert_eq!(drops.count(), 0, "{name}: by the last waker");
        turns(&event_loop, 2);
        assert_eq!(
            drops.count() == 0,
            name == "forgotten",
            "{name}: by the loop"
        );
        event_loop.close().unwrap();
        assert_eq!(drops.count(), 1, "{name}");
    }
}

/// #19. A combinator with wakers of its own polls the child whose waker was called. If a yield wakes
/// the task instead, no child is to be polled, and the task waits for ever. Seen in
/// Azure/kimojio-rs#37.
#[test]
fn a_yield_inside_a_combinator_wakes_the_waker_that_it_was_given() {
    watched(|| {
        let event_loop = quiet_loop();
        let (polls, yielded) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let mut children: Vec<Wait> = vec![Box::pin(sleep(secs(1)))];
        for times in 1..=5 {
            let yielded = yielded.clone();
            children.push(Box::pin(async move {
                for _ in 0..times {
                    yield_now().await?;
                    yielded.set(yielded.get() + 1);
                }
                sleep(secs(times)).await
            }));
        }
        let (mut choosy, counts) = (Choosy::new(children, 1), polls.clone());
        let task = event_loop.create_task(poll_fn(move |cx| {
            counts.set(counts.get() + 1);
            std::pin::Pin::new(&mut choosy).poll(cx)
        }));
        event_loop.run_until_complete(task).unwrap();
        assert_eq!(event_loop.time(), secs(5));
        assert_eq!(yielded.get(), 1 + 2 + 3 + 4 + 5);
        // The first poll, one for each of the five rounds of yields, and one for each second.
        assert_eq!(polls.get(), 1 + 5 + 5);
    });
}

/// #35. A waker that knows its task by its place in a table, and no more, wakes whoever has that place
/// by now: again and again, and for as long as somebody has the waker. Seen where slots are let again
/// and have no generations.
#[test]
fn a_stale_waker_on_another_thread_leaves_the_next_tenant_alone() {
    watched(|| {
        let (event_loop, stale) = (quiet_loop(), Arc::new(Mutex::new(Vec::new())));
        for generation in 0..50 {
            let tenants = [(); 3].map(|()| Gate::with_task(&event_loop));
            for _ in 0..10 {
                let wakers = stale.clone();
                let wake = move || wakers.lock().unwrap().iter().for_each(Waker::wake_by_ref);
                wake();
                elsewhere(wake);
                turns(&event_loop, 1);
            }
            for (gate, task) in tenants {
                assert!(!task.done());
                let polls = gate.polls();
                assert!(polls <= 2, "generation {generation}: polled {polls} times");
                gate.open.set(true);
                wake_elsewhere(&gate.waker());
                event_loop.run_until_complete(task).unwrap();
                stale.lock().unwrap().push(gate.waker());
            }
        }
    });
}
