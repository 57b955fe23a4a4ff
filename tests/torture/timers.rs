//! Timers: on time, in order, far away, and gone.

use crate::{
    Dice, Later, elsewhere, in_a_process_of_its_own, in_memory, quiet_loop, run_out, secs, turns,
    watched,
};
use send_none::{
    AsyncIter, Error, EventLoop, ReturnWhen, Task, TimerHandle, as_completed, gather, sleep, wait,
    wait_for, yield_now,
};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

/// #18. A task that wakes itself for ever is always ready. An executor that looks at its timers only
/// when nothing is ready never looks at them. Seen in tokio-rs/tokio#5209.
#[test]
fn a_timer_is_on_time_beside_those_that_are_always_ready() {
    const WORK: Duration = Duration::from_micros(10);
    fn again(event_loop: EventLoop) {
        event_loop.block(WORK);
        event_loop.clone().call_soon(|| again(event_loop));
    }
    watched(|| {
        let event_loop = quiet_loop();
        let inside = event_loop.clone();
        let _wakes_itself: Task<()> = event_loop.create_task(poll_fn(move |cx| {
            inside.block(WORK);
            cx.waker().wake_by_ref();
            Poll::Pending
        }));
        let inside = event_loop.clone();
        let _yields: Task<()> = event_loop.create_task(async move {
            loop {
                inside.block(WORK);
                yield_now().await?;
            }
        });
        again(event_loop.clone());
        let (one_ms, turn) = (Duration::from_millis(1), 3 * WORK);
        let (fired, inside) = (Rc::new(Cell::new(None)), event_loop.clone());
        let fires = fired.clone();
        event_loop.call_at(one_ms, move || fires.set(Some(inside.time())));
        event_loop.run_until_complete(sleep(one_ms)).unwrap();
        let fired = fired.get().unwrap();
        assert!(fired >= one_ms && fired < one_ms + 2 * turn, "at {fired:?}");
        assert!(event_loop.time() < one_ms + 6 * turn);
        event_loop.close().unwrap();
    });
}

/// #27. "For ever" is written as the longest time there is. Added to the present moment it overflows,
/// or makes a timer that is due at once, or the system refuses to sleep so long. Seen in
/// tokio-rs/tokio#6634.
#[test]
fn the_longest_time_is_for_ever_and_never_overflows() {
    const NEARLY: Duration = Duration::MAX.saturating_sub(Duration::from_nanos(1));
    watched(|| {
        let event_loop = quiet_loop();
        event_loop.block(secs(5));
        let never = || panic!("for ever is over");
        for delay in [Duration::MAX, NEARLY, Duration::MAX - secs(1)] {
            assert_eq!(event_loop.call_later(delay, never).when(), Duration::MAX);
        }
        assert_eq!(
            event_loop.call_at(Duration::MAX, never).when(),
            Duration::MAX
        );
        let sleeper = event_loop.create_task(sleep(Duration::MAX));
        let fut = event_loop.create_future::<i32>();
        let setter = fut.clone();
        event_loop.call_later(secs(1), move || setter.set_result(7).unwrap());
        let (a, b, c) = (fut.clone(), fut.clone(), fut.clone());
        let limits = async move {
            let first = wait_for(a, Duration::MAX).await?;
            let (done, _) = wait([b], Duration::MAX, ReturnWhen::AllCompleted).await?;
            let third = as_completed([c]).timeout(Duration::MAX).anext().await?;
            Ok(first + done[0].result()? + third.unwrap()?)
        };
        assert_eq!(event_loop.run_until_complete(limits).unwrap(), 21);
        assert_eq!(event_loop.time(), secs(6));

        let end = event_loop.create_future();
        let at_the_end = end.clone();
        let last = event_loop.call_at(NEARLY, move || at_the_end.set_result(()).unwrap());
        assert_eq!(last.when(), NEARLY);
        event_loop.run_until_complete(end).unwrap();
        assert_eq!(event_loop.time(), NEARLY);
        let too_late = event_loop.run_until_complete(sleep(secs(1))).unwrap_err();
        assert!(too_late.to_string().contains("would sleep for ever"));
        assert!(!sleeper.done() && sleeper.cancel());
        let result = event_loop.run_until_complete(sleeper);
        assert!(matches!(result, Err(Error::Cancelled)));

        let event_loop = EventLoop::new();
        event_loop.set_exception_handler(|_, _| ());
        let (sleeper, ended) = (
            event_loop.create_task(sleep(Duration::MAX)),
            event_loop.create_future(),
        );
        event_loop.call_at(NEARLY, || panic!("at {NEARLY:?}"));
        let ends = ended.threadsafe();
        event_loop.call_soon(|| elsewhere(|| ends.set_result(()).unwrap()));
        event_loop.run_until_complete(ended).unwrap();
        assert!(!sleeper.done());
    });
}

/// #28. A request sets a limit of half a minute and is done in a millisecond, a million times over. If
/// a cancelled timer keeps what it holds until it would have been due, all of that is kept. And what it
/// holds may be given back while it stays itself, an empty entry among a million: that shows in the
/// memory of the process only. Seen in denoland/deno_core#1097.
#[test]
fn a_million_cancelled_timers_keep_nothing() {
    /// Ten bytes for each timer: an entry in the heap takes four times as much, and what it points at
    /// still more.
    const SLACK: usize = 10_000_000;
    let this = "timers::a_million_cancelled_timers_keep_nothing";
    in_a_process_of_its_own(this, || {
        let before = in_memory();
        let (event_loop, witness, mut dice) = (quiet_loop(), Rc::new(()), Dice(1));
        let fired = Rc::new(RefCell::new(Vec::new()));
        for second in (1..10).rev() {
            let fires = fired.clone();
            event_loop.call_at(secs(second), move || fires.borrow_mut().push(second));
        }
        let (mut waiting, mut cancelled) = (VecDeque::new(), VecDeque::new());
        for number in 0..1_000_000 {
            let held = witness.clone();
            waiting.push_back(event_loop.call_later(secs(30), move || drop(held)));
            if waiting.len() > 1000 {
                let timer: TimerHandle =
                    waiting.swap_remove_back(dice.roll(1000) as usize).unwrap();
                timer.cancel();
                // Who still holds the handle does not keep what was cancelled.
                cancelled.push_back(timer);
                cancelled.truncate(100);
            }
            assert!(Rc::strong_count(&witness) <= 1001, "at timer {number}");
        }
        waiting.drain(..).for_each(|timer| timer.cancel());
        assert_eq!(Rc::strong_count(&witness), 1);
        assert_eq!(event_loop.snapshot().timers.len(), 9);
        let grown = in_memory().saturating_sub(before);
        assert!(grown < SLACK, "{grown} bytes more");

        let held = witness.clone();
        let requests = async move {
            for _ in 0..1000 {
                let held = held.clone();
                wait_for(
                    async move { yield_now().await.map(|()| drop(held)) },
                    secs(30),
                )
                .await?;
            }
            Ok(())
        };
        event_loop.run_until_complete(requests).unwrap();
        assert_eq!(
            (Rc::strong_count(&witness), event_loop.time()),
            (1, secs(0))
        );
        assert_eq!(event_loop.snapshot().timers.len(), 9);
        run_out(&event_loop);
        assert_eq!(*fired.borrow(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });
}

/// #29. A heap gives equal deadlines in any order, the more so when what is cancelled is swept out of
/// it. And a timer that is taken out because it is due is not there any more for the one beside it
/// that cancels it. Seen in pmatos/jsse#474.
#[test]
fn equal_deadlines_are_first_in_first_out_and_a_due_timer_can_cancel_the_next() {
    let (event_loop, log) = (quiet_loop(), Rc::new(RefCell::new(Vec::new())));
    let timers: Later<Vec<TimerHandle>> = Rc::default();
    let add = |number: usize| {
        let (tells, siblings) = (log.clone(), timers.clone());
        let act = move || {
            tells.borrow_mut().push(number);
            if number == 0 {
                let siblings = siblings.borrow();
                // Itself, the next one, and some behind that: all of them are due.
                for other in [0, 3, 9, 299, 303] {
                    siblings.as_ref().unwrap()[other].cancel();
                }
            }
        };
        match number % 2 {
            0 => event_loop.call_at(secs(1), act),
            _ => event_loop.call_later(secs(1), act),
        }
    };
    let mut all: Vec<_> = (0..300).map(add).collect();
    (0..300)
        .filter(|number| number % 3 > 0)
        .for_each(|number| all[number].cancel());
    all.extend((300..304).map(add));
    *timers.borrow_mut() = Some(all);
    event_loop.block(secs(2));
    let also_due = log.clone();
    event_loop.call_at(Duration::from_millis(1500), move || {
        also_due.borrow_mut().push(1000)
    });
    turns(&event_loop, 1);
    let left = (0..304).filter(|number| number % 3 == 0 || *number >= 300);
    let left = left.filter(|number| ![3, 9, 303].contains(number));
    assert_eq!(*log.borrow(), left.chain([1000]).collect::<Vec<_>>());
    run_out(&event_loop);
    assert_eq!(log.borrow().last(), Some(&1000));

    // And the sleepers of one moment go on in the order in which they fell asleep.
    let log = Rc::new(RefCell::new(Vec::new()));
    let sleepers = (0..100).map(|number| {
        let tells = log.clone();
        event_loop.create_task(async move {
            sleep(secs(1)).await?;
            tells.borrow_mut().push(number);
            Ok(())
        })
    });
    event_loop.run_until_complete(gather(sleepers)).unwrap();
    assert_eq!(*log.borrow(), (0..100).collect::<Vec<_>>());
}
