//! Running: inside each other, for a long time, in long chains, with interruptions, and all alone.

use crate::{
    Choosy, Drops, Gate, OnDrop, Wait, elsewhere, in_a_process_of_its_own, quiet_loop, reports,
    run_out, secs, turns, waker_of, watched,
};
use send_none::{
    AsyncIter, Coroutine, Error, EventLoop, FutureCell, Result, Task, get_event_loop, sleep,
    yield_now,
};
use std::cell::Cell;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::task::Poll;

/// #15. To run a loop inside a running one blocks it for ever, or steals its work, or panics with
/// words that do not help. Seen in rust-lang/futures-rs#2386.
#[test]
fn a_loop_inside_a_running_one_is_refused_with_advice() {
    fn refused<T>(result: Result<T>, expected: &str) {
        let error = result.err().expect("it ran");
        let Error::Runtime { text, advice } = &error else {
            panic!("{error:?}")
        };
        assert_eq!(&**text, expected);
        assert!(advice.contains("make a task of it") || advice.contains("on a thread of its own"));
        assert!(format!("{error:?}").contains(*advice));
    }
    /// Called where a loop runs. The programs are dropped, and not begun.
    fn tries_all() {
        let (running, other) = (get_event_loop().unwrap(), EventLoop::new());
        let drops = Drops::default();
        let program = || {
            let dropped = drops.counted();
            async move { panic!("begun, with {}", size_of_val(&dropped)) }
        };
        let same = "This event loop is already running";
        refused(running.run_forever(), same);
        refused(running.run_until_complete::<(), _>(program()), same);
        let another = "Cannot run the event loop while another loop is running";
        refused(other.run_forever(), another);
        refused(other.run_until_complete::<(), _>(program()), another);
        let run = "asyncio.run() cannot be called from a running event loop";
        refused(send_none::run::<(), _>(program()), run);
        assert_eq!(drops.count(), 3);
        assert!(running.is_running() && !other.is_running());
        elsewhere(|| send_none::run(sleep(secs(0))).unwrap());
    }
    watched(|| {
        let event_loop = quiet_loop();
        let reports = reports(&event_loop);
        let fut = event_loop.create_future::<()>();
        let mut by_hand = Coroutine::new(fut.clone());
        let _step = by_hand.send(Some(&waker_of(tries_all)));
        fut.add_done_callback(|_: &FutureCell<()>| tries_all());
        event_loop.call_soon(tries_all);
        event_loop.call_soon(|| OnDrop(tries_all));
        event_loop.call_later(secs(1), move || fut.set_result(()).unwrap());
        let program = async {
            tries_all();
            sleep(secs(2)).await?;
            tries_all();
            Ok(7)
        };
        assert_eq!(event_loop.run_until_complete(program).unwrap(), 7);
        assert!(reports.borrow().is_empty(), "{reports:?}");
        EventLoop::new().run_until_complete(yield_now()).unwrap();
    });
}

/// #20. A stream that always has an item, or a set of futures of which one is always ready, is never
/// suspended, and nobody else has a turn. Here the notes say so ("give it up often enough"), and a
/// yield lets all the others go first. Seen in rust-lang/futures-rs#2047.
#[test]
fn beside_what_is_always_ready_the_others_have_a_turn_at_each_yield() {
    struct Always(u32);
    impl AsyncIter for Always {
        type Item = u32;
        async fn anext(&mut self) -> Result<Option<u32>> {
            self.0 += 1;
            Ok(Some(self.0))
        }
    }
    async fn takes(items: u32, yields_after: u32) -> Result<()> {
        let mut always = Always(0);
        while let Some(item) = always.anext().await? {
            if item % yields_after == 0 {
                yield_now().await?;
            }
            if item == items {
                break;
            }
        }
        Ok(())
    }
    /// It is woken again at each of its polls.
    fn always_ready(mut polls: u32) -> Wait {
        Box::pin(poll_fn(move |cx| {
            cx.waker().wake_by_ref();
            polls -= 1;
            match polls {
                0 => Poll::Ready(Ok(())),
                _ => Poll::Pending,
            }
        }))
    }
    /// How many turns others had meanwhile.
    fn turns_beside(busy: impl Future<Output = Result<()>> + 'static) -> u32 {
        let (event_loop, turns) = (quiet_loop(), Rc::new(Cell::new(0)));
        let counts = turns.clone();
        let busy = event_loop.create_task(busy);
        let _other: Task<()> = event_loop.create_task(async move {
            loop {
                yield_now().await?;
                counts.set(counts.get() + 1);
            }
        });
        let told = turns.clone();
        let until_then = event_loop.create_task(async move {
            busy.await?;
            Ok(told.get())
        });
        event_loop.run_until_complete(until_then).unwrap()
    }
    watched(|| {
        let at_once = turns_beside(async { Ok(()) });
        assert_eq!(
            turns_beside(takes(1000, 1001)),
            at_once,
            "nobody has a turn"
        );
        assert_eq!(turns_beside(takes(1000, 100)), at_once + 10);
        let set_of = |passes| {
            let children = (0..10).map(|_| always_ready(100));
            Choosy::new(children.collect(), passes)
        };
        assert_eq!(turns_beside(set_of(100)), at_once, "nobody has a turn");
        assert_eq!(turns_beside(set_of(1)), at_once + 99);
    });
}

const LONG: u32 = 100_000;

/// Futures of which each is settled by a callback of the one before; the first and the last.
fn chain_of_callbacks(event_loop: &EventLoop) -> [FutureCell<()>; 2] {
    let first = event_loop.create_future();
    let mut last = first.clone();
    for _ in 0..LONG {
        let next = event_loop.create_future();
        let settles = next.clone();
        last.add_done_callback(move |_: &FutureCell<()>| settles.set_result(()));
        last = next;
    }
    [first, last]
}

/// Tasks of which each awaits the one before, which nobody else has; the last.
fn chain_of_tasks(event_loop: &EventLoop, first: FutureCell<u32>) -> Task<u32> {
    let mut last = event_loop.create_task(first);
    for _ in 0..LONG {
        let before = last;
        last = event_loop.create_task(async move { Ok(before.await? + 1) });
    }
    turns(event_loop, 2);
    last
}

/// #26. Each link of a long chain calls, settles or drops the next one on top of its own stack frame,
/// until there is no room for another. Seen in apple/swift-nio#970.
#[test]
fn a_chain_of_a_hundred_thousand_needs_no_stack() {
    fn calls_next(event_loop: EventLoop, left: u32) {
        if left > 0 {
            event_loop
                .clone()
                .call_soon(move || calls_next(event_loop, left - 1));
        }
    }
    in_a_process_of_its_own(
        "running::a_chain_of_a_hundred_thousand_needs_no_stack",
        || {
            println!("callbacks that schedule the next one");
            let event_loop = quiet_loop();
            calls_next(event_loop.clone(), LONG);
            run_out(&event_loop);

            println!("callbacks that settle the next future");
            let [first, last] = chain_of_callbacks(&event_loop);
            first.set_result(()).unwrap();
            event_loop.run_until_complete(last).unwrap();

            println!("tasks that await the one before: a result, an error, a cancellation");
            type End = fn(&FutureCell<u32>, &Task<u32>);
            let ends: [End; 3] = [
                |first, _| first.set_result(0).unwrap(),
                |first, _| first.set_exception(Error::Timeout).unwrap(),
                |_, last| assert!(last.cancel()),
            ];
            let mut results = Vec::new();
            for end in ends {
                let first = event_loop.create_future();
                let last = chain_of_tasks(&event_loop, first.clone());
                end(&first, &last);
                results.push(event_loop.run_until_complete(last));
            }
            let [Ok(LONG), Err(Error::Timeout), Err(Error::Cancelled)] = &results[..] else {
                panic!("{results:?}")
            };

            println!("drops of tasks, each of which aborts the next");
            let (gates, drops) = (Gate::default(), Drops::default());
            let mut next: Option<Task<()>> = None;
            for _ in 0..LONG {
                let (waits, counted) = (gates.clone(), drops.counted());
                let aborts = OnDrop(move || {
                    if let Some(next) = next.take() {
                        next.abort();
                    }
                });
                next = Some(event_loop.create_task(async move {
                    let _both = (aborts, counted);
                    waits.await
                }));
            }
            turns(&event_loop, 1);
            next.unwrap().abort();
            run_out(&event_loop);
            assert_eq!(drops.count(), LONG);

            println!("drops of tasks that await the one before, with their loop");
            let last = chain_of_tasks(&event_loop, event_loop.create_future());
            event_loop.close().unwrap();
            assert!(!last.done());

            println!("drops of callbacks that were to settle the next future");
            let event_loop = quiet_loop();
            let [first, last] = chain_of_callbacks(&event_loop);
            drop(first);
            assert!(!last.done());
            let [first, _last] = chain_of_callbacks(&event_loop);
            drop(event_loop.create_task(first));
            event_loop.close().unwrap();
        },
    );
}

/// #30. The run ends in the midst of a batch that was taken off the queue, and the rest of it is gone.
/// Seen in RustedBytes/rsloop#57.
#[test]
fn a_run_that_ends_in_mid_batch_leaves_the_rest_of_it_to_the_next() {
    for by_panic in [true, false] {
        let (event_loop, log) = (quiet_loop(), Arc::new(Mutex::new(Vec::new())));
        let tells = |what: &'static str| {
            let log: Arc<Mutex<Vec<_>>> = log.clone();
            move || log.lock().unwrap().push(what)
        };
        let (before, after, next) = (tells("before"), tells("after"), tells("next turn"));
        let (step, second_step) = (tells("step"), tells("second step"));
        event_loop.call_soon(before);
        let ends = event_loop.create_task(async move {
            get_event_loop()?.stop();
            assert!(!by_panic, "in mid-batch");
            Ok(())
        });
        let inside = event_loop.clone();
        event_loop.call_soon(move || {
            after();
            inside.call_soon(next);
        });
        drop(event_loop.create_task(async move {
            step();
            yield_now().await?;
            second_step();
            Ok(())
        }));
        let (handle, by_mail) = (event_loop.threadsafe(), tells("mail"));
        elsewhere(move || handle.call_soon(by_mail).unwrap());
        event_loop.call_at(secs(0), tells("timer"));

        let run = || match by_panic {
            true => event_loop.run_until_complete(ends),
            false => event_loop.run_forever(),
        };
        let run = catch_unwind(AssertUnwindSafe(run));
        assert_eq!((run.is_err(), event_loop.is_running()), (by_panic, false));
        let batch = ["before", "after", "step", "mail", "timer"];
        if by_panic {
            assert_eq!(*log.lock().unwrap(), batch[..1]);
            turns(&event_loop, 1);
        }
        assert_eq!(*log.lock().unwrap(), batch);
        // And nobody has asked this run to stop.
        event_loop.run_until_complete(sleep(secs(1))).unwrap();
        assert_eq!(log.lock().unwrap()[5..], ["next turn", "second step"]);
    }
}
