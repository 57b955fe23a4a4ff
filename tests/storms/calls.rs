//! What other threads post is done once, and in order.

use std::cell::{Cell, RefCell};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use send_none::{
    Error, EventLoop, FutureCell, Result, Submitted, ThreadPool, gather, gather_results,
    run_coroutine_threadsafe, sleep, yield_now,
};

use crate::{Weather, join, must_end, stop, turn};

thread_local! {
    /// The number of the next call of each thread.
    static NEXT: [Cell<u32>; 2] = const { [Cell::new(0), Cell::new(0)] };
    /// The weather of the loop's side.
    static WEATHER: RefCell<Weather> = RefCell::new(Weather::new(99));
}

fn pause() {
    WEATHER.with_borrow_mut(Weather::pause);
}

#[test]
fn two_threads_call_and_each_is_answered_in_its_order() {
    const EACH: u32 = 150_000;
    must_end(|| {
        let event_loop = EventLoop::new();
        let threads = [0, 1].map(|thread| {
            let (handle, mut weather) = (event_loop.threadsafe(), Weather::new(thread as u64));
            thread::spawn(move || {
                for number in 0..EACH {
                    let call = move || {
                        let next = NEXT.with(|next| next[thread].replace(number + 1));
                        assert_eq!(next, number, "the calls of thread {thread}");
                        pause();
                        if NEXT.with(|next| next.iter().all(|next| next.get() == EACH)) {
                            stop();
                        }
                    };
                    handle.call_soon(call).unwrap();
                    weather.pause();
                }
            })
        });
        event_loop.set_exception_handler(|event_loop, context| {
            println!("{context:?}");
            event_loop.stop();
        });
        event_loop.run_forever().unwrap();
        join(threads);
        NEXT.with(|next| assert!(next.iter().all(|next| next.get() == EACH)));
    });
}

/// What a thread does with the future that it was given, by its number.
fn expected(number: u64) -> Result<u64> {
    match number % 3 {
        0 => Ok(number),
        1 => Err(Error::msg("the thread's own")),
        _ => Err(Error::Cancelled), // the setter is dropped
    }
}

#[test]
fn setters_settle_and_are_dropped_while_the_loop_waits_for_them() {
    const ROUNDS: u64 = 3_000;
    const EACH: u64 = 16;
    must_end(|| {
        let event_loop = EventLoop::new();
        let (sender, setters) = channel::<(u64, send_none::ThreadsafeSetter<u64>)>();
        let thread = thread::spawn(move || {
            let mut weather = Weather::new(1);
            while let Ok((number, setter)) = setters.recv() {
                weather.pause();
                match expected(number) {
                    Ok(number) => setter.set_result(number).unwrap(),
                    Err(Error::Cancelled) => drop(setter),
                    Err(error) => setter.set_exception(error).unwrap(),
                }
            }
        });
        for round in 0..ROUNDS {
            let numbers = round * EACH..(round + 1) * EACH;
            let make = |number| {
                let fut = event_loop.create_future();
                sender.send((number, fut.threadsafe())).unwrap();
                pause();
                fut
            };
            let futures: Vec<FutureCell<u64>> = numbers.clone().map(make).collect();
            let all = event_loop
                .run_until_complete(gather_results(futures))
                .unwrap();
            for (got, number) in all.into_iter().zip(numbers) {
                assert_eq!(format!("{got:?}"), format!("{:?}", expected(number)));
            }
        }
        drop(sender);
        thread.join().unwrap();
    });
}

/// The thread waits for what the loop does, while the loop waits for the thread.
#[test]
fn coroutines_are_submitted_and_cancelled_from_two_threads() {
    const EACH: u64 = 8_000;
    must_end(|| {
        let event_loop = EventLoop::new();
        thread_local! {
            static LEFT: Cell<u32> = const { Cell::new(2) };
        }
        let threads = [0, 1].map(|seed| {
            let (handle, mut weather) = (event_loop.threadsafe(), Weather::new(seed));
            thread::spawn(move || {
                for number in 0..EACH {
                    let make = move || async move {
                        yield_now().await?;
                        pause();
                        Ok(number)
                    };
                    let submitted: Submitted<u64> =
                        run_coroutine_threadsafe(make, &handle).unwrap();
                    if weather.one_in(8) {
                        submitted.cancel();
                    }
                    match submitted.result(None) {
                        Ok(result) => assert_eq!(result, number),
                        Err(error) => assert!(error.is_cancelled(), "{error:?}"),
                    }
                }
                let one_less = || {
                    if LEFT.replace(LEFT.get() - 1) == 1 {
                        stop();
                    }
                };
                handle.call_soon(one_less).unwrap();
            })
        });
        event_loop.run_forever().unwrap();
        join(threads);
    });
}

#[test]
fn jobs_of_a_pool_are_awaited_and_given_up() {
    const ROUNDS: u64 = 1_000;
    must_end(|| {
        let event_loop = EventLoop::new();
        event_loop.set_default_executor(ThreadPool::new(3)).unwrap();
        for round in 0..ROUNDS {
            let jobs: Vec<_> = (0..16)
                .map(|job| {
                    event_loop.run_in_executor(move || {
                        Weather::new(round * 16 + job).pause();
                        job
                    })
                })
                .collect();
            let given_up = &jobs[WEATHER.with_borrow_mut(|weather| weather.below(16)) as usize];
            given_up.cancel();
            let results = event_loop
                .run_until_complete(gather_results(&jobs))
                .unwrap();
            for (job, result) in (0..).zip(results) {
                assert!(
                    matches!(result, Ok(result) if result == job) || jobs[job as usize].cancelled()
                );
            }
        }
    });
}

/// A loop that sleeps only for the sake of a handle is told when that goes; if it was used before,
/// the call comes first.
#[test]
fn the_last_handle_makes_a_call_or_none_and_goes() {
    const ROUNDS: u64 = 30_000;
    must_end(|| {
        let (sender, handles) = channel::<send_none::ThreadsafeHandle>();
        let (answer, calls) = channel();
        let thread = thread::spawn(move || {
            let mut weather = Weather::new(1);
            while let Ok(handle) = handles.recv() {
                weather.pause();
                let calls = weather.one_in(2);
                if calls {
                    let call = || NEXT.with(|next| next[0].set(next[0].get() + 1));
                    handle.call_soon(call).unwrap();
                }
                weather.pause();
                drop(handle);
                answer.send(u32::from(calls)).unwrap();
            }
        });
        let event_loop = EventLoop::new();
        let mut expected = 0;
        for _ in 0..ROUNDS {
            sender.send(event_loop.threadsafe()).unwrap();
            pause();
            let error = event_loop.run_forever().unwrap_err();
            assert!(error.to_string().contains("would sleep for ever"));
            expected += calls.recv().unwrap();
            assert_eq!(NEXT.with(|next| next[0].get()), expected);
        }
        drop(sender);
        thread.join().unwrap();
    });
}

/// The loop sleeps for a moment only, and the calls come before and after the timer.
#[test]
fn calls_come_while_the_loop_sleeps_until_a_timer_is_due() {
    const ROUNDS: u32 = 10_000;
    must_end(|| {
        let event_loop = EventLoop::new();
        let handle = event_loop.threadsafe();
        let (sender, rounds) = channel();
        let thread = thread::spawn(move || {
            let mut weather = Weather::new(1);
            while let Ok(calls) = rounds.recv() {
                for _ in 0..calls {
                    weather.pause();
                    let call = || NEXT.with(|next| next[0].set(next[0].get() + 1));
                    handle.call_soon(call).unwrap();
                }
            }
        });
        let mut expected = 0;
        for round in 0..ROUNDS {
            expected += round % 8;
            sender.send(round % 8).unwrap();
            let naps = [1, 7, 20].map(|micros| sleep(Duration::from_micros(micros)));
            event_loop
                .run_until_complete(async { gather(naps).await.map(drop) })
                .unwrap();
        }
        drop(sender);
        thread.join().unwrap();
        turn(&event_loop); // what came after the last nap
        assert_eq!(NEXT.with(|next| next[0].get()), expected);
    });
}
