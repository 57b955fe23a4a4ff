//! Every wake is followed by a poll.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::task::{Poll, Waker};
use std::thread::{self, Thread};

use send_none::{EventLoop, Task, gather};

use crate::{Weather, join, must_end, turn};

/// What a thread tells a task before it wakes it, and how much of that the task has seen.
///
/// It is written and read without any ordering. Whoever is woken sees what was written before, and
/// it is the waker that brings that about.
#[derive(Default)]
struct News {
    told: AtomicU32,
    seen: AtomicU32,
}

impl News {
    /// Tells it, wakes the task, and sometimes waits until it was there.
    fn tell(&self, number: u32, waker: &Waker, weather: &mut Weather) {
        self.told.store(number, Ordering::Relaxed);
        waker.wake_by_ref();
        weather.pause();
        if weather.one_in(8) {
            self.wait_until_seen(number);
        }
    }

    fn wait_until_seen(&self, number: u32) {
        while self.seen.load(Ordering::Relaxed) < number {
            thread::yield_now();
        }
    }
}

/// A task that waits until it has seen all the news, its waker, and how often it was polled.
fn listener(
    event_loop: &EventLoop,
    news: Vec<Arc<News>>,
    last: u32,
) -> (Task<()>, Waker, Rc<Cell<u32>>) {
    let (polls, slot) = (Rc::new(Cell::new(0)), Rc::new(RefCell::new(None)));
    let (counts, leaves, mut weather) = (polls.clone(), slot.clone(), Weather::new(99));
    let task = event_loop.create_task(poll_fn(move |cx| {
        counts.set(counts.get() + 1);
        leaves
            .borrow_mut()
            .get_or_insert_with(|| cx.waker().clone());
        let mut all = true;
        for news in &news {
            weather.pause();
            let told = news.told.load(Ordering::Relaxed);
            news.seen.store(told, Ordering::Relaxed);
            all &= told == last;
        }
        weather.pause();
        match all {
            true => Poll::Ready(Ok(())),
            false => Poll::Pending,
        }
    }));
    turn(event_loop);
    let waker = slot.take().expect("it was polled");
    (task, waker, polls)
}

/// Somebody else uses the token of the loop's thread.
fn disturb(thread: &Thread, weather: &mut Weather) {
    if weather.one_in(64) {
        thread.unpark();
    }
}

#[test]
fn two_threads_wake_one_task() {
    const EACH: u32 = 150_000;
    must_end(|| {
        let event_loop = EventLoop::new();
        let news: [Arc<News>; 2] = Default::default();
        let (task, waker, polls) = listener(&event_loop, news.to_vec(), EACH);
        let threads = [0, 1].map(|number| {
            let (news, waker) = (news[number].clone(), waker.clone());
            let (looper, mut weather) = (thread::current(), Weather::new(number as u64));
            thread::spawn(move || {
                for number in 1..=EACH {
                    news.tell(number, &waker, &mut weather);
                    disturb(&looper, &mut weather);
                }
                news.wait_until_seen(EACH);
            })
        });
        drop(waker);
        event_loop.run_until_complete(task).unwrap();
        join(threads);
        assert!(polls.get() <= 2 * EACH + 1, "it was polled for nothing");
    });
}

#[test]
fn two_threads_wake_sixty_four_tasks() {
    const TASKS: usize = 64;
    const EACH: u32 = 1_500;
    must_end(|| {
        let event_loop = EventLoop::new();
        let news: Vec<[Arc<News>; 2]> = (0..TASKS).map(|_| Default::default()).collect();
        let made = news
            .iter()
            .map(|news| listener(&event_loop, news.to_vec(), EACH));
        let (tasks, wakers): (Vec<_>, Vec<_>) =
            made.map(|(task, waker, _polls)| (task, waker)).unzip();
        let threads = [0, 1].map(|number| {
            let wakers = wakers.clone();
            let news: Vec<_> = news.iter().map(|news| news[number].clone()).collect();
            let mut weather = Weather::new(number as u64);
            thread::spawn(move || {
                for number in 1..=EACH {
                    let first = weather.below(TASKS as u64) as usize;
                    for task in (0..TASKS).map(|task| (first + task * 37) % TASKS) {
                        news[task].tell(number, &wakers[task], &mut weather);
                    }
                }
            })
        });
        drop(wakers);
        event_loop.run_until_complete(gather(tasks)).unwrap();
        join(threads);
    });
}

/// What is sent to a thread: how to let the task go.
type Door = (Arc<AtomicBool>, Waker);

/// Opens each door, and rings at old ones all the time.
fn open_doors(doors: &Receiver<Door>, mut weather: Weather) {
    let mut old: Vec<Waker> = Vec::new();
    while let Ok((open, waker)) = doors.recv() {
        for _ in 0..weather.below(8) {
            let choice = weather.below(64) as usize;
            old.get(choice).inspect(|waker| waker.wake_by_ref());
        }
        open.store(true, Ordering::Relaxed);
        waker.wake_by_ref();
        weather.pause();
        match old.len() < 64 {
            true => old.push(waker),
            false => old[weather.below(64) as usize] = waker,
        }
    }
}

/// Tasks come and go, and the places in the loop's table are let again. A late wake is for a tenant
/// who is gone: it neither reaches the next one nor takes anything from him.
#[test]
fn stale_wakers_are_called_while_their_places_are_let_again() {
    const ROUNDS: u64 = 6_000;
    must_end(|| {
        let event_loop = EventLoop::new();
        let (senders, threads): (Vec<_>, Vec<_>) = (0..2)
            .map(|number| {
                let (sender, doors) = channel();
                let open = move || open_doors(&doors, Weather::new(number));
                (sender, thread::spawn(open))
            })
            .unzip();
        let mut weather = Weather::new(7);
        for round in 0..ROUNDS {
            let tasks: Vec<Task<u32>> = (0..4 + weather.below(4))
                .map(|task| {
                    let sender = senders[(round + task) as usize % 2].clone();
                    let (open, mut polls) = (Arc::new(AtomicBool::new(false)), 0);
                    event_loop.create_task(poll_fn(move |cx| {
                        polls += 1;
                        if polls == 1 {
                            sender.send((open.clone(), cx.waker().clone())).unwrap();
                            return Poll::Pending;
                        }
                        assert!(open.load(Ordering::Relaxed), "woken by a stale waker");
                        Poll::Ready(Ok(polls))
                    }))
                })
                .collect();
            weather.pause();
            if let Some(unlucky) = tasks.get(weather.below(16) as usize) {
                turn(&event_loop);
                unlucky.abort();
            }
            let all = send_none::gather_results(tasks);
            for polls in event_loop.run_until_complete(all).unwrap() {
                assert!(
                    matches!(polls, Ok(2) | Err(send_none::Error::Cancelled)),
                    "{polls:?}"
                );
            }
        }
        drop(senders);
        join(threads);
    });
}
