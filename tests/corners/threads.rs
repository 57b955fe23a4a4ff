//! Other threads that wake, call and go. No test here waits for a moment: each thread is joined, or
//! the loop itself waits for it.

use crate::{Later, OnDrop, reports, secs, turn, turns};
use send_none::{Error, EventLoop, LoopEvent, Result, Task, get_event_loop, set_event_loop, sleep};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Poll, Waker};
use std::thread;
use std::time::Duration;

/// A task that never ends, and counts its polls; and where it leaves its waker.
fn counts_polls(event_loop: &EventLoop) -> (Task<()>, Rc<Cell<u32>>, Later<Waker>) {
    let (polls, waker) = (Rc::new(Cell::new(0)), Later::default());
    let (counts, leaves) = (polls.clone(), waker.clone());
    let task = event_loop.create_task(poll_fn(move |cx| {
        counts.set(counts.get() + 1);
        *leaves.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }));
    (task, polls, waker)
}

/// Does it on another thread, and waits until it is done.
fn elsewhere(act: impl FnOnce() + Send + 'static) {
    thread::spawn(act).join().unwrap();
}

#[test]
fn another_thread_can_wake_a_task_each_time_that_it_is_parked() {
    let event_loop = EventLoop::with_virtual_clock();
    let (_task, polls, waker) = counts_polls(&event_loop);
    turn(&event_loop);
    for expected in 2..6 {
        let waker = waker.borrow().clone().unwrap();
        elsewhere(move || {
            for _ in 0..1000 {
                waker.wake_by_ref();
            }
        });
        turn(&event_loop);
        assert_eq!(polls.get(), expected);
        turn(&event_loop);
        assert_eq!(polls.get(), expected, "nobody woke it since");
    }
}

/// The note of the thread finds the task queued, and is used up by that.
#[test]
fn a_task_that_both_threads_woke_is_polled_once_and_can_be_woken_again() {
    let event_loop = EventLoop::with_virtual_clock();
    let (_task, polls, waker) = counts_polls(&event_loop);
    turn(&event_loop);
    for expected in 2..4 {
        let waker = waker.borrow().clone().unwrap();
        waker.wake_by_ref();
        elsewhere(move || waker.wake());
        turn(&event_loop);
        assert_eq!(polls.get(), expected);
    }
}

#[test]
fn what_came_by_mail_runs_before_the_timers_that_are_due() {
    let event_loop = EventLoop::with_virtual_clock();
    let log = Arc::new(Mutex::new(Vec::new()));
    let (by_timer, by_mail, by_call) = (log.clone(), log.clone(), log.clone());
    event_loop.call_at(Duration::ZERO, move || {
        by_timer.lock().unwrap().push("timer");
    });
    let handle = event_loop.threadsafe();
    elsewhere(move || {
        let call = move || by_mail.lock().unwrap().push("mail");
        handle.call_soon(call).unwrap();
    });
    event_loop.call_soon(move || by_call.lock().unwrap().push("ready"));
    turn(&event_loop);
    assert_eq!(*log.lock().unwrap(), ["mail", "ready", "timer"]);
}

/// Whichever thread it comes from, what was scheduled before runs before. Here each of the others is
/// over before the next callback is scheduled, outside of a run and in the midst of one.
#[test]
fn callbacks_of_several_threads_run_in_the_order_in_which_they_were_scheduled() {
    let event_loop = EventLoop::with_virtual_clock();
    let log = Arc::new(Mutex::new(Vec::new()));
    let say = |log: &Arc<Mutex<Vec<u32>>>, n| {
        let log = log.clone();
        move || log.lock().unwrap().push(n)
    };
    let (handle, inner) = (event_loop.threadsafe(), event_loop.clone());
    let (handle_too, log_too) = (handle.clone(), log.clone());
    event_loop.call_soon(say(&log, 1));
    let two = say(&log, 2);
    elsewhere(move || handle.call_soon(two).unwrap());
    event_loop.call_soon(move || {
        log_too.lock().unwrap().push(3);
        inner.call_soon(say(&log_too, 4));
        let five = say(&log_too, 5);
        elsewhere(move || handle_too.call_soon(five).unwrap());
        inner.call_soon(say(&log_too, 6));
    });
    turns(&event_loop, 2);
    assert_eq!(*log.lock().unwrap(), [1, 2, 3, 4, 5, 6]);
}

/// To wake a task is to put something on the run queue, too. Here that happens in the midst of taking
/// the mail out, and meanwhile more of it arrives.
#[test]
fn mail_that_arrives_while_the_mail_is_taken_out_comes_behind_it() {
    let event_loop = EventLoop::with_virtual_clock();
    let log = Arc::new(Mutex::new(Vec::new()));
    let (first, late) = (log.clone(), log.clone());
    let (_task, _polls, waker) = counts_polls(&event_loop);
    turn(&event_loop);
    let waker = waker.take().unwrap();
    elsewhere(move || waker.wake());
    let (handle, handle_too) = (event_loop.threadsafe(), event_loop.threadsafe());
    elsewhere(move || {
        handle
            .call_soon(move || first.lock().unwrap().push("first"))
            .unwrap()
    });
    let arrives = Cell::new(Some(move || {
        let say = move || late.lock().unwrap().push("late");
        handle_too.call_soon(say).unwrap();
    }));
    event_loop.observe(move |_, event: &LoopEvent| {
        if matches!(event, LoopEvent::Woken { .. }) {
            if let Some(arrives) = arrives.take() {
                elsewhere(arrives);
            }
        }
    });
    turns(&event_loop, 2);
    assert_eq!(*log.lock().unwrap(), ["first", "late"]);
}

/// What a callback from another thread returns is looked at as well.
#[test]
fn the_error_of_a_callback_from_another_thread_is_reported() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let handle = event_loop.threadsafe();
    let fails = || -> Result<()> { Err(Error::msg("oops")) };
    elsewhere(move || handle.call_soon(fails).unwrap());
    turn(&event_loop);
    assert_eq!(*reports.borrow(), ["Exception in callback | oops"]);
}

/// A wait that is too long for the system is made of several.
#[test]
fn a_loop_that_sleeps_for_ever_is_woken_by_another_thread() {
    let event_loop = EventLoop::new();
    event_loop.set_exception_handler(|_, _| ());
    let sleeper = event_loop.create_task(sleep(Duration::MAX));
    turn(&event_loop);
    let handle = event_loop.threadsafe();
    let thread = thread::spawn(move || handle.call_soon(|| get_event_loop().unwrap().stop()));
    event_loop.run_forever().unwrap();
    thread.join().unwrap().unwrap();
    assert!(!sleeper.done());
}

/// As long as there was a handle, the loop could be called. The one who had it tells it that he goes.
#[test]
fn a_loop_that_sleeps_wakes_up_when_the_last_handle_goes_that_could_have_called_it() {
    let event_loop = EventLoop::new();
    let (sender, asleep) = mpsc::channel();
    event_loop.observe(move |_: Duration, event: &LoopEvent| {
        if matches!(event, LoopEvent::Asleep { .. }) {
            let _only_the_first_is_received = sender.send(());
        }
    });
    let handle = event_loop.threadsafe();
    let thread = thread::spawn(move || {
        asleep.recv().unwrap();
        drop(handle);
    });
    let fut = event_loop.create_future::<()>();
    let error = event_loop.run_until_complete(fut).unwrap_err();
    assert!(error.to_string().contains("would sleep for ever"));
    thread.join().unwrap();
}

/// If one wake-up in all these were lost, this would hang.
#[test]
fn no_wake_up_is_lost_in_a_race() {
    const EACH: u32 = 5_000;
    for _ in 0..10 {
        let event_loop = EventLoop::new();
        let (count, slot) = (Arc::new(AtomicU32::new(0)), Arc::new(Mutex::new(None)));
        let threads = [(); 2].map(|()| {
            let (count, slot): (_, Arc<Mutex<Option<Waker>>>) = (count.clone(), slot.clone());
            thread::spawn(move || {
                for _ in 0..EACH {
                    count.fetch_add(1, Ordering::SeqCst);
                    let waker = slot.lock().unwrap().clone();
                    if let Some(waker) = waker {
                        waker.wake();
                    }
                }
            })
        });
        let all_counted = poll_fn(move |cx| {
            *slot.lock().unwrap() = Some(cx.waker().clone());
            match count.load(Ordering::SeqCst) == 2 * EACH {
                true => Poll::Ready(Ok(())),
                false => Poll::Pending,
            }
        });
        event_loop.run_until_complete(all_counted).unwrap();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}

#[test]
fn a_loop_may_be_dropped_while_another_thread_wakes_and_calls() {
    for _ in 0..50 {
        let (witness, event_loop) = (Rc::new(()), EventLoop::new());
        event_loop.set_exception_handler(|_, _| ());
        let (task, _polls, waker) = counts_polls(&event_loop);
        let kept = witness.clone();
        event_loop.call_later(secs(9), move || drop(kept));
        turn(&event_loop);
        let (handle, waker) = (event_loop.threadsafe(), waker.take().unwrap());
        let gone = Arc::new(AtomicBool::new(false));
        let is_gone = gone.clone();
        let thread = thread::spawn(move || {
            while !is_gone.load(Ordering::Relaxed) {
                waker.wake_by_ref();
                let _closed: Result<()> = handle.call_soon(|| ());
            }
        });
        drop((task, event_loop));
        assert_eq!(Rc::strong_count(&witness), 1);
        gone.store(true, Ordering::Relaxed);
        thread.join().unwrap();
    }
}

#[test]
fn what_lies_in_the_mailbox_is_dropped_with_the_loop() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let (witness, handle) = (Arc::new(()), event_loop.threadsafe());
    let kept = witness.clone();
    elsewhere(move || handle.call_soon(move || drop(kept)).unwrap());
    assert_eq!(Arc::strong_count(&witness), 2);
    event_loop.close().unwrap();
    assert_eq!(Arc::strong_count(&witness), 1);
    let (late, kept) = (event_loop.threadsafe(), witness.clone());
    elsewhere(move || assert!(late.call_soon(move || drop(kept)).is_err()));
    assert_eq!(Arc::strong_count(&witness), 1, "refused, and dropped");
    assert!(reports.borrow().is_empty());
}

/// In the drop of a thread-local another one may be gone. To panic there would end the process.
#[test]
fn the_default_loop_can_be_set_while_the_thread_ends() {
    type AtTheEnd = OnDrop<fn()>;
    thread_local! {
        static LAST: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
    }
    let thread = thread::spawn(|| {
        LAST.set(Some(OnDrop(|| set_event_loop(&EventLoop::new())))); // used first, so it goes last
        set_event_loop(&EventLoop::new());
    });
    thread.join().unwrap();
}

/// The task wakes itself, and then another thread calls: but a step takes its place in the queue only when
/// the one before it is over.
#[test]
fn what_arrives_in_a_step_runs_before_the_next_step() {
    let event_loop = EventLoop::with_virtual_clock();
    let (handle, order) = (event_loop.threadsafe(), Arc::new(Mutex::new(Vec::new())));
    let says = order.clone();
    let mut steps = 0;
    let task: Task<()> = event_loop.create_task(poll_fn(move |cx| {
        steps += 1;
        says.lock().unwrap().push("step");
        if steps == 2 {
            return Poll::Ready(Ok(()));
        }
        cx.waker().wake_by_ref();
        let (handle, says) = (handle.clone(), says.clone());
        let call = move || handle.call_soon(move || says.lock().unwrap().push("call"));
        thread::spawn(call).join().unwrap().unwrap();
        Poll::Pending
    }));
    event_loop.run_until_complete(task).unwrap();
    assert_eq!(*order.lock().unwrap(), ["step", "call", "step"]);
}
