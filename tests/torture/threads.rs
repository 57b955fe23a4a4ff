//! Wakes from other threads, and what gets lost on the way.

use crate::{Dice, Drops, Gate, OnDrop, elsewhere, quiet_loop, secs, turns, watched};
use send_none::{EventLoop, LoopEvent, all_tasks, yield_now};
use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// What a thread asks of a task, and what the task has seen of it. Each number is followed by a wake;
/// that alone has to bring it to the task.
#[derive(Default)]
struct Asked {
    asked: AtomicU64,
    seen: AtomicU64,
}

impl Asked {
    /// As the task does it.
    fn look(&self) -> u64 {
        let asked = self.asked.load(Ordering::Relaxed);
        self.seen.store(asked, Ordering::Release);
        asked
    }

    /// As the thread does it: in bursts, each of which must be seen to its end before the next one.
    fn ask(&self, up_to: u64, burst: u64, dice: &mut Dice, mut wake: impl FnMut(&mut Dice)) {
        let mut asked = 0;
        while asked < up_to {
            for _ in 0..=dice.roll(burst).min(up_to - asked - 1) {
                asked += 1;
                self.asked.store(asked, Ordering::Relaxed);
                wake(dice);
                dice.dawdle();
            }
            self.wait_until_seen(asked);
        }
    }

    fn wait_until_seen(&self, asked: u64) {
        while self.seen.load(Ordering::Acquire) < asked {
            thread::yield_now();
        }
    }
}

/// #4. Between the look at what has come and the falling asleep a wake finds the task neither asleep
/// nor awake. If it is taken for news that is seen already, the task is stranded, once in many
/// thousand times. Seen in compio-rs/compio#948.
#[test]
fn no_task_is_stranded_by_a_million_racing_wakes_of_two_threads() {
    const EACH: u64 = 500_000;
    type Slot = Arc<Mutex<Option<Waker>>>;
    fn asks(number: u64, asked: Arc<[Asked; 2]>, slot: Slot) -> JoinHandle<()> {
        thread::spawn(move || {
            let mut dice = Dice(number + 1);
            let newest = move || slot.lock().unwrap().clone().unwrap();
            let own = newest();
            asked[number as usize].ask(EACH, 64, &mut dice, |dice| match dice.roll(3) {
                0 => own.wake_by_ref(),
                1 => Waker::wake(own.clone()),
                _ => newest().wake(),
            });
        })
    }
    watched(|| {
        let event_loop = EventLoop::new();
        let (asked, slot) = (Arc::new(<[Asked; 2]>::default()), Slot::default());
        let (looks, leaves, mut dice) = (asked.clone(), slot.clone(), Dice(3));
        let task = event_loop.create_task(poll_fn(move |cx| {
            dice.dawdle();
            let is_last = looks.each_ref().map(|asked| asked.look() == EACH) == [true; 2];
            if dice.roll(10) == 0 || leaves.lock().unwrap().is_none() {
                *leaves.lock().unwrap() = Some(cx.waker().clone());
            }
            dice.dawdle();
            match is_last {
                true => Poll::Ready(Ok(())),
                false => Poll::Pending,
            }
        }));
        turns(&event_loop, 1);
        let threads = [0, 1].map(|number| asks(number, asked.clone(), slot.clone()));
        event_loop.run_until_complete(task).unwrap();
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// #36. Wakes of the loop's own thread and of others share a flag "is queued already", which is
/// cleared by a plain store. That is still on its way when the next wake reads the flag, and the wake
/// is lost, on x86 too. Measured for this project.
#[test]
fn no_wake_is_lost_where_the_loop_and_another_thread_wake_the_same_task() {
    const ENOUGH: u64 = 1_000_000;
    watched(|| {
        let event_loop = EventLoop::new();
        let (foreign, local) = (Arc::new(Asked::default()), Rc::new(Asked::default()));
        let (gate, looks) = (Gate::default(), (foreign.clone(), local.clone()));
        let mut leaves = gate.clone();
        drop(event_loop.create_task(poll_fn(move |cx| {
            looks.0.look();
            looks.1.look();
            Pin::new(&mut leaves).poll(cx) // which is pending
        })));
        turns(&event_loop, 1);
        let (waker, asks) = (gate.waker(), foreign.clone());
        let thread = thread::spawn(move || {
            asks.ask(ENOUGH, 2, &mut Dice(1), |_| waker.wake_by_ref());
        });
        let (waker, mut dice) = (gate.waker(), Dice(2));
        let wakes = event_loop.create_task(async move {
            for asked in 1.. {
                local.asked.store(asked, Ordering::Relaxed);
                waker.wake_by_ref();
                yield_now().await?;
                assert_eq!(local.seen.load(Ordering::Relaxed), asked, "it is lost");
                thread::yield_now(); // so that on a single core the other one has its turn, too
                // Now and then the other one's wakes must do without the help of these.
                let asked = match dice.roll(2) {
                    0 => foreign.asked.load(Ordering::Relaxed),
                    _ => 0,
                };
                while foreign.seen.load(Ordering::Relaxed) < asked {
                    yield_now().await?;
                }
                if foreign.seen.load(Ordering::Relaxed) == ENOUGH {
                    break;
                }
            }
            Ok(())
        });
        event_loop.run_until_complete(wakes).unwrap();
        thread.join().unwrap();
        event_loop.set_exception_handler(|_, _| ());
    });
}

/// #10. While a loop goes, others still wake its tasks and call it. What they leave in its mailbox
/// after the last look is never run and never dropped, or they find half of the loop gone and panic.
/// Seen in smol-rs/async-executor#163.
#[test]
fn a_loop_may_go_while_other_threads_wake_and_call() {
    fn pesters(event_loop: &EventLoop, waker: Waker, called: Arc<AtomicU64>) -> JoinHandle<()> {
        let handle = event_loop.threadsafe();
        thread::spawn(move || {
            let mut refused = 0;
            for _ in 0..1_000_000 {
                Waker::wake(waker.clone());
                let kept = called.clone();
                let call = move || {
                    kept.fetch_add(1, Ordering::SeqCst);
                };
                refused += u32::from(handle.clone().call_soon(call).is_err());
                if refused == 100 {
                    return;
                }
            }
        })
    }
    watched(|| {
        for round in 0..100 {
            let (event_loop, drops) = (EventLoop::new(), Drops::default());
            event_loop.set_exception_handler(|_, _| ());
            let (called, late, gate) = (Arc::default(), event_loop.threadsafe(), Gate::default());
            let (kept, waits) = (drops.counted(), gate.clone());
            drop(event_loop.create_task(async move {
                let _kept = kept;
                waits.await
            }));
            turns(&event_loop, 1);
            let threads = [(); 2].map(|()| pesters(&event_loop, gate.waker(), Arc::clone(&called)));
            while called.load(Ordering::SeqCst) < 10 {
                turns(&event_loop, 1);
            }
            if round % 2 == 0 {
                event_loop.close().unwrap();
            }
            drop(event_loop);
            assert_eq!(drops.count(), 1);
            let before = called.load(Ordering::SeqCst);
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(called.load(Ordering::SeqCst), before);
            assert_eq!(Arc::strong_count(&called), 1, "something is kept");
            assert!(late.call_soon(|| ()).is_err());
        }
    });
}

/// #12. Where the last waker frees the task, it does so on whatever thread it goes on. What the
/// coroutine holds may never be touched there. Seen in compio-rs/compio#494.
#[test]
fn a_coroutine_is_dropped_on_its_own_thread_wherever_its_last_waker_goes() {
    let ends: [fn(EventLoop); 4] = [
        |event_loop| turns(&event_loop, 1),
        |event_loop| event_loop.close().unwrap(),
        |event_loop| drop(event_loop),
        |event_loop| {
            all_tasks(&event_loop)[0].abort();
            turns(&event_loop, 1);
        },
    ];
    watched(move || {
        for (number, end) in ends.into_iter().enumerate() {
            let (event_loop, gate, places) = (quiet_loop(), Gate::default(), Rc::default());
            let (waits, tells): (_, Rc<RefCell<Vec<_>>>) = (gate.clone(), Rc::clone(&places));
            let drops = OnDrop(move || tells.borrow_mut().push(thread::current().id()));
            drop(event_loop.create_task(async move {
                let _drops = drops;
                waits.await
            }));
            turns(&event_loop, 1);
            let last = gate.waker.take().unwrap();
            gate.open.set(number == 0);
            elsewhere(move || {
                last.wake_by_ref();
                drop(last);
            });
            assert!(places.borrow().is_empty());
            end(event_loop);
            assert_eq!(*places.borrow(), [thread::current().id()], "end {number}");
        }
    });
}

/// #16. A thread has one token for all who park on it. If other code takes the one that was meant for
/// the loop, the loop goes to sleep on a wake that it never saw. Seen in seanmonstar/reqwest#1131.
#[test]
fn a_wake_is_not_lost_though_somebody_takes_the_token_of_the_thread() {
    watched(|| {
        let event_loop = EventLoop::new();
        let (gate, task) = Gate::with_task(&event_loop);
        let (waker, open) = (gate.waker(), gate.open.clone());
        // Called after the last look, and before the sleep.
        event_loop.observe(move |_: Duration, event: &LoopEvent| {
            if matches!(event, LoopEvent::Asleep { .. }) {
                open.set(true);
                let waker = waker.clone();
                elsewhere(move || waker.wake());
                thread::park_timeout(Duration::ZERO);
            }
        });
        event_loop.run_until_complete(task).unwrap();
        event_loop.observe(|_: Duration, _: &LoopEvent| ());

        for _ in 0..100 {
            let (gate, task) = Gate::with_task(&event_loop);
            let (waker, ended) = (gate.waker(), Arc::new(AtomicBool::new(false)));
            gate.open.set(true);
            event_loop.call_soon(move || {
                let (loop_thread, ends) = (thread::current(), ended.clone());
                let thread = thread::spawn(move || {
                    waker.wake();
                    ends.store(true, Ordering::SeqCst);
                    (0..10).for_each(|_| loop_thread.unpark());
                });
                while !ended.load(Ordering::SeqCst) {
                    thread::park();
                }
                thread.join().unwrap();
            });
            event_loop.run_until_complete(task).unwrap();
            assert_eq!(gate.polls(), 2);
        }
    });
}

/// #17. The loop finds that nothing is ready, and goes to sleep. What comes in between must end that
/// sleep; if it only tells those who sleep already, it is lost. Seen in hew-lang/hew#2830.
#[test]
fn a_wake_between_the_last_look_and_the_sleep_ends_the_sleep() {
    const ROUNDS: u64 = 10_000;
    watched(|| {
        for far_timer in [false, true] {
            let event_loop = EventLoop::new();
            if far_timer {
                event_loop.call_later(secs(1_000_000), || ());
            }
            let (asked, gate) = (Arc::new(Asked::default()), Gate::default());
            let (looks, mut leaves) = (asked.clone(), gate.clone());
            let task = event_loop.create_task(poll_fn(move |cx| {
                let _never_open = Pin::new(&mut leaves).poll(cx);
                match looks.look() {
                    ROUNDS => Poll::Ready(Ok(())),
                    _ => Poll::Pending,
                }
            }));
            turns(&event_loop, 1);
            let asleep = Arc::new(AtomicU64::new(0));
            let (counts, waker, asks) = (asleep.clone(), gate.waker(), asked.clone());
            event_loop.observe(move |_: Duration, event: &LoopEvent| {
                if matches!(event, LoopEvent::Asleep { .. }) {
                    if counts.load(Ordering::SeqCst) == 0 {
                        let (waker, asks) = (waker.clone(), asks.clone());
                        elsewhere(move || {
                            asks.asked.store(1, Ordering::Relaxed);
                            waker.wake();
                        });
                    }
                    counts.fetch_add(1, Ordering::SeqCst);
                }
            });
            let waker = gate.waker();
            let thread = thread::spawn(move || {
                let (mut dice, mut slept) = (Dice(5), 1);
                for round in 2..=ROUNDS {
                    // As soon as it is about to sleep again; it need not be the first time.
                    while asleep.load(Ordering::SeqCst) <= slept {
                        thread::yield_now();
                    }
                    slept = asleep.load(Ordering::SeqCst);
                    (0..dice.roll(300)).for_each(|_| std::hint::spin_loop());
                    asked.asked.store(round, Ordering::Relaxed);
                    waker.wake_by_ref();
                    asked.wait_until_seen(round);
                }
            });
            event_loop.run_until_complete(task).unwrap();
            thread.join().unwrap();
        }
    });
}
