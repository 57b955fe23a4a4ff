//! Loops that are closed or dropped in the midst of the storm.

use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::task::Waker;
use std::thread;

use send_none::{EventLoop, Result, Task, ThreadsafeHandle, ThreadsafeSetter, yield_now};

use crate::{Weather, join, must_end, turn};

/// What became of the callbacks of one loop.
#[derive(Default)]
struct Fates {
    ran: AtomicU32,
    dropped_unrun: AtomicU32,
}

/// A callback's note of its own fate, and whether it ran.
struct Fate(Arc<Fates>, bool);

impl Fate {
    fn it_ran(mut self) {
        self.1 = true;
    }
}

impl Drop for Fate {
    fn drop(&mut self) {
        let count = match self.1 {
            true => &self.0.ran,
            false => &self.0.dropped_unrun,
        };
        count.fetch_add(1, SeqCst);
    }
}

/// What a thread is given of a loop.
struct Ends {
    handle: ThreadsafeHandle,
    wakers: Vec<Waker>,
    setter: ThreadsafeSetter<u64>,
    fates: Arc<Fates>,
}

/// How many calls of it were accepted and refused, and whether its setter was accepted.
type Count = (u32, u32, bool);

/// Wakes and calls until it is refused, and a little longer.
fn hammer(ends: Ends, weather: &mut Weather) -> Count {
    let (mut accepted, mut refused, mut setter) = (0, 0, Some(ends.setter));
    let mut settled = false;
    while refused < 3 {
        let fate = Fate(ends.fates.clone(), false);
        match ends.handle.call_soon(move || fate.it_ran()) {
            Ok(()) => accepted += 1,
            Err(_) => refused += 1,
        }
        for waker in &ends.wakers {
            waker.wake_by_ref();
        }
        if let Some(setter) = setter.take_if(|_| weather.one_in(16)) {
            settled = setter.set_result(7).is_ok();
        }
        weather.pause();
    }
    (accepted, refused, settled)
}

fn hammer_all(loops: &Receiver<Ends>, counts: &Sender<Count>, seed: u64) {
    let mut weather = Weather::new(seed);
    while let Ok(ends) = loops.recv() {
        counts.send(hammer(ends, &mut weather)).unwrap();
    }
}

/// A task that gives its waker away, is woken all the time, and never ends.
fn never_ends(event_loop: &EventLoop, witness: Rc<()>) -> (Task<()>, Waker) {
    let slot = Rc::new(RefCell::new(None));
    let leaves = slot.clone();
    let task = event_loop.create_task(async move {
        let leave = |cx: &mut std::task::Context<'_>| {
            leaves.replace(Some(cx.waker().clone()));
            std::task::Poll::Ready(())
        };
        std::future::poll_fn(leave).await;
        pending::<Result<()>>().await.map(|()| drop(witness))
    });
    turn(event_loop);
    let waker = slot.take().expect("it was polled");
    (task, waker)
}

/// Runs it for a while and ends it, in one way or other.
fn one_loop(hammers: &[Sender<Ends>], counts: &Receiver<Count>, weather: &mut Weather) -> u32 {
    let (event_loop, witness) = (EventLoop::new(), Rc::new(()));
    event_loop.set_exception_handler(|_, _| ()); // tasks that were destroyed
    let tasks = [(); 2].map(|()| never_ends(&event_loop, witness.clone()));
    let fates: Arc<Fates> = Arc::default();
    let futures: Vec<_> = hammers.iter().map(|_| event_loop.create_future()).collect();
    for (hammer, future) in hammers.iter().zip(&futures) {
        let ends = Ends {
            handle: event_loop.threadsafe(),
            wakers: tasks.iter().map(|(_, waker)| waker.clone()).collect(),
            setter: future.threadsafe(),
            fates: fates.clone(),
        };
        hammer.send(ends).unwrap();
    }
    for _ in 0..weather.below(20) {
        match weather.one_in(2) {
            true => turn(&event_loop),
            false => event_loop.run_until_complete(yield_now()).unwrap(),
        }
        weather.pause();
    }
    match weather.below(3) {
        0 => event_loop.close().unwrap(),
        1 => drop(event_loop),
        _ => {
            event_loop.close().unwrap();
            drop(event_loop);
        }
    }
    let gone = fates.ran.load(SeqCst) + fates.dropped_unrun.load(SeqCst);
    assert_eq!(Rc::strong_count(&witness), 1, "a coroutine is still there");
    let counts: Vec<_> = hammers.iter().map(|_| counts.recv().unwrap()).collect();
    let accepted: u32 = counts.iter().map(|count| count.0).sum();
    let refused: u32 = counts.iter().map(|count| count.1).sum();
    let (ran, dropped) = (fates.ran.load(SeqCst), fates.dropped_unrun.load(SeqCst));
    assert_eq!(
        ran + dropped,
        accepted + refused,
        "one was lost, or came twice"
    );
    assert!(
        ran <= accepted && gone >= accepted,
        "accepted and forgotten"
    );
    assert!(
        futures
            .iter()
            .all(|fut| !fut.done() || fut.result().unwrap_or(7) == 7)
    );
    accepted + refused
}

#[test]
fn loops_are_closed_and_dropped_while_two_threads_call_and_wake_and_settle() {
    const LOOPS: u32 = 6_000;
    must_end(|| {
        let (count, counts) = channel();
        let (hammers, threads): (Vec<_>, Vec<_>) = (0..2)
            .map(|seed| {
                let ((sender, loops), count) = (channel(), count.clone());
                (
                    sender,
                    thread::spawn(move || hammer_all(&loops, &count, seed)),
                )
            })
            .unzip();
        let mut weather = Weather::new(7);
        let calls: u32 = (0..LOOPS)
            .map(|_| one_loop(&hammers, &counts, &mut weather))
            .sum();
        println!("{calls} calls, and twice as many wakes");
        drop(hammers);
        join(threads);
    });
}
