//! What would mislead a reader who takes each line at its word.

use super::*;
use send_none::sync::{Lock, Queue, Semaphore};
use send_none::{Coroutine, Step, get_event_loop};
use std::cell::RefCell;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

#[test]
fn what_is_said_is_formatted_once() {
    struct Counts<'a>(&'a Cell<u32>);
    impl fmt::Display for Counts<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(self.0.get() + 1);
            write!(f, "{}", self.0.get())
        }
    }
    let count = Cell::new(0);
    let recorder = recorded(|event_loop| {
        send_none::set_event_loop(event_loop);
        say!("number {}", Counts(&count));
        say!("number {}", Counts(&count));
    });
    tells(&story(&recorder), &["“number 1”", "“number 2”"]);
    assert_eq!(count.get(), 2);
}

#[test]
fn members_of_one_name_are_all_told() {
    let recorder = recorded(|event_loop| {
        let members = ["worker", "worker", "other"].map(|name| {
            let member = event_loop.create_task(async { Ok(1) });
            member.set_name(name);
            member
        });
        event_loop.run_until_complete(gather(members)).unwrap();
    });
    let expected = "is made: it waits for worker, worker and other";
    assert!(story(&recorder).contains(expected), "{}", story(&recorder));
}

#[test]
fn a_recorder_that_comes_in_the_midst_of_a_step_does_not_guess_at_an_order() {
    let recorder = Recorder::new();
    let observer = recorder.clone();
    let event_loop = EventLoop::with_virtual_clock();
    let main = async move {
        get_event_loop()?.observe(observer);
        let next = send_none::create_task(async { Ok(()) });
        yield_now().await?;
        next.await
    };
    event_loop.run_until_complete(main).unwrap();
    let text = story(&recorder);
    assert!(
        text.contains("the batch is 2: Task-2, and among them 1 unknown"),
        "{text}"
    );
    assert!(
        text.contains("it was woken meanwhile, and joins the run queue"),
        "{text}"
    );
}

#[test]
fn a_task_that_is_done_can_be_renamed() {
    let recorder = recorded(|event_loop| {
        let task = event_loop.create_task(async { Ok(()) });
        event_loop.run_until_complete(&task).unwrap();
        task.set_name("x");
        task.set_name("y");
        task.cancel();
    });
    let expected = [
        "Task-1 is called x",
        "x is called y",
        "y is asked to cancel itself",
    ];
    let text = story(&recorder);
    assert!(expected.iter().all(|part| text.contains(part)), "{text}");
}

/// The loop of who has taken it is told, too, although nobody of it waits.
#[test]
fn a_lock_that_is_let_go_between_two_runs_is_not_said_to_be_held() {
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::new().doubting(&event_loop);
    event_loop.observe(recorder.clone());
    let lock = Lock::new();
    event_loop.run_until_complete(lock.acquire()).unwrap();
    lock.release().unwrap();
    let by_hand = lock.clone();
    event_loop.call_soon(move || {
        let mut takes = Coroutine::new(by_hand.acquire());
        assert!(matches!(takes.send(None), Step::Returned(Ok(true))));
    });
    let lets_go = lock.clone();
    event_loop.call_later(secs(1), move || lets_go.release());
    let waits = async move { lock.lock().await.map(drop) };
    event_loop.run_until_complete(waits).unwrap();
    assert_eq!(recorder.disagreement(), None);
}

/// They should leave the loop alone. But if not, nobody is forgotten in a line.
#[test]
fn an_observer_may_let_somebody_go_when_it_is_told_that_he_will_wait() {
    let event_loop = EventLoop::with_virtual_clock();
    let (queue, semaphore) = (Queue::new(0), Semaphore::new(0));
    let (puts, releases) = (queue.clone(), semaphore.clone());
    event_loop.observe(move |_: Duration, event: &LoopEvent| {
        if let LoopEvent::FutureMade { name, .. } = event {
            match name.split('.').next() {
                Some("Queue") => puts.put_nowait(7).unwrap(),
                Some("Semaphore") => releases.release().unwrap(),
                _ => {}
            }
        }
    });
    let gets = async move { queue.get().await };
    assert_eq!(event_loop.run_until_complete(gets).unwrap(), 7);
    let acquires = async move { semaphore.acquire().await };
    event_loop.run_until_complete(acquires).unwrap();
}

#[test]
fn an_observer_may_give_the_lock_back_when_it_is_told_who_has_it() {
    let event_loop = EventLoop::with_virtual_clock();
    let guard = Rc::new(RefCell::new(None));
    let to_drop = guard.clone();
    event_loop.observe(move |_: Duration, event: &LoopEvent| {
        if matches!(event, LoopEvent::Holder { task: Some(_), waiting, .. } if !waiting.is_empty())
        {
            let guard = to_drop.take();
            drop(guard);
        }
    });
    let main = async move {
        let lock = Lock::new();
        *guard.borrow_mut() = Some(lock.lock().await?);
        lock.lock().await.map(drop)
    };
    event_loop.run_until_complete(main).unwrap();
}

/// The task is parked on a future, whose handle a callback drops a second later.
fn loses_its_leaf(event_loop: &EventLoop) -> (FutureCell<i32>, Error) {
    let fut = event_loop.create_future();
    let leaf = Rc::new(RefCell::new(Some(fut.clone())));
    let taken = leaf.clone();
    event_loop.call_later(secs(1), move || drop(taken.take()));
    let main = poll_fn(move |cx| match &mut *leaf.borrow_mut() {
        Some(leaf) => Pin::new(leaf).poll(cx),
        None => Poll::Ready(Ok(7)),
    });
    (fut, event_loop.run_until_complete(main).unwrap_err())
}

#[test]
fn a_task_whose_leaf_was_taken_away_is_not_said_to_wait_for_something_foreign() {
    let recorder = recorded(|event_loop| {
        let (_pending, error) = loses_its_leaf(event_loop);
        let text = format!("{error}");
        tells(&text, &["Task-1, parked at tests/trace/doubted.rs:"]);
        tells(&text, &[", and nobody has its waker, made at"]);
    });
    let expected = "the waker of Task-1 leaves the line of Future-1";
    tells(&story(&recorder), &[expected]);
}

#[test]
fn a_task_that_is_to_be_dropped_is_not_said_to_wait_for_something_foreign() {
    let event_loop = EventLoop::with_virtual_clock();
    let task = event_loop.create_task(sleep(secs(9)));
    event_loop.run_until_complete(yield_now()).unwrap();
    let (seen, watched) = (Rc::new(RefCell::new(String::new())), event_loop.clone());
    let (seen_by, asked) = (seen.clone(), task.clone());
    event_loop.observe(move |_: Duration, event: &LoopEvent| {
        if matches!(event, LoopEvent::AbortAsked { .. }) {
            assert!(watched.snapshot().tasks[0].aborted);
            *seen_by.borrow_mut() = watched.snapshot().to_string();
        }
    });
    asked.abort();
    let seen = seen.borrow();
    assert!(seen.contains("Task-1, to be dropped, made at"), "{seen}");
}

#[test]
fn a_task_that_was_aborted_is_said_to_be_dropped_until_it_is() {
    let event_loop = EventLoop::with_virtual_clock();
    let task = event_loop.create_task(sleep(secs(9)));
    event_loop.run_until_complete(yield_now()).unwrap();
    task.abort();
    let seen = event_loop.snapshot().to_string();
    assert!(seen.contains("Task-1, to be dropped, made at"), "{seen}");
}

#[test]
fn a_waker_that_was_called_on_another_thread_is_not_said_to_be_nobodys() {
    let event_loop = EventLoop::new();
    let recorder = Recorder::new().doubting(&event_loop);
    event_loop.observe(recorder.clone());
    let mut called = false;
    let task = event_loop.create_task(poll_fn(move |cx| {
        if std::mem::replace(&mut called, true) {
            return Poll::Ready(Ok(()));
        }
        let waker = cx.waker().clone();
        std::thread::spawn(move || waker.wake()).join().unwrap();
        Poll::Pending
    }));
    let watched = event_loop.clone();
    event_loop.call_soon(move || {
        let seen = watched.snapshot().to_string();
        assert!(
            seen.contains("Task-1, parked on something foreign, made"),
            "{seen}"
        );
    });
    event_loop.run_until_complete(task).unwrap();
    let text = story(&recorder);
    tells(&text, &["Task-1 is parked on something from elsewhere"]);
    assert_eq!(recorder.disagreement(), None);
}

#[test]
fn a_task_that_waits_for_futures_of_another_loop_is_said_to_be_parked_on_something_foreign() {
    let (event_loop, other) = (EventLoop::with_virtual_clock(), EventLoop::new());
    let futures: [FutureCell<()>; 2] = [other.create_future(), other.create_future()];
    let (mut leaves, first) = (futures.clone(), futures[0].clone());
    let task = event_loop.create_task(poll_fn(move |cx| {
        let polls = leaves.iter_mut().map(|leaf| Pin::new(leaf).poll(cx));
        let all: Vec<_> = polls.collect();
        all.into_iter()
            .find(Poll::is_ready)
            .unwrap_or(Poll::Pending)
    }));
    event_loop.run_until_complete(yield_now()).unwrap();
    let seen = event_loop.snapshot().to_string();
    assert!(
        seen.contains("Task-1, parked on something foreign at"),
        "{seen}"
    );
    first.set_result(()).unwrap();
    event_loop.run_until_complete(task).unwrap();
}

#[test]
fn a_task_whose_place_another_one_takes_is_told() {
    let recorder = recorded(|event_loop| {
        let fut = event_loop.create_future::<i32>();
        let shared = Rc::new(RefCell::new(fut.clone()));
        let [a, b] = ["a", "b"].map(|name| {
            let leaf = shared.clone();
            let polls = poll_fn(move |cx| Pin::new(&mut *leaf.borrow_mut()).poll(cx));
            let task = event_loop.create_task(polls);
            task.set_name(name);
            task
        });
        event_loop.call_later(secs(1), move || fut.set_result(1));
        event_loop.run_until_complete(b).unwrap();
        a.abort();
    });
    let expected = "b: the waker of b takes the place of the waker of a in the line of Future-1";
    tells(&story(&recorder), &[expected]);
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("planned");
    }
}

#[test]
fn a_task_whose_result_panics_when_it_is_dropped_is_not_said_to_be_gone_unsettled() {
    let recorder = recorded(|event_loop| {
        event_loop.create_task(async { Ok(Rc::new(PanicsWhenDropped)) });
        event_loop.run_until_complete(yield_now()).unwrap();
    });
    let text = story(&recorder);
    tells(&text, &["Task-1 has its result", "Exception in a drop"]);
    assert!(!text.contains("never settled"), "{text}");
}

/// Its text cannot be printed, or it cannot be dropped.
#[derive(Debug)]
struct Evil {
    when_printed: bool,
}

impl fmt::Display for Evil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        assert!(!self.when_printed, "planned");
        write!(f, "evil")
    }
}

impl std::error::Error for Evil {}

impl Drop for Evil {
    fn drop(&mut self) {
        assert!(self.when_printed, "planned");
    }
}

#[test]
fn a_callback_whose_report_panics_is_over_all_the_same() {
    for when_printed in [false, true] {
        let recorder = recorded(|event_loop| {
            if !when_printed {
                event_loop.set_exception_handler(|_, _| ());
            }
            event_loop.stop();
            event_loop.call_soon(move || Err::<(), _>(Error::from(Evil { when_printed })));
            event_loop.run_forever().unwrap();
            event_loop.create_future::<i32>().cancel();
        });
        let text = story(&recorder);
        assert!(!text.contains("callback #1: Future"), "{text}");
        let is_of_a_drop = text.contains("Exception in a drop");
        assert_eq!(is_of_a_drop, !when_printed, "{text}");
    }
}

#[test]
fn the_wake_of_a_task_that_has_just_ended_is_not_told() {
    #[derive(Default)]
    struct Relay(Mutex<Option<Waker>>);
    impl Wake for Relay {
        fn wake(self: Arc<Self>) {
            self.0.lock().unwrap().take().unwrap().wake();
        }
    }
    let recorder = recorded(|event_loop| {
        let relay = Arc::new(Relay::default());
        let to = relay.clone();
        let task = event_loop.create_task(poll_fn(move |cx| {
            *to.0.lock().unwrap() = Some(cx.waker().clone());
            Poll::Ready(Ok(1))
        }));
        let waker = Waker::from(relay);
        let mut waits = task.clone();
        let polled = Pin::new(&mut waits).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
        event_loop.run_until_complete(&task).unwrap();
    });
    let text = story(&recorder);
    assert!(!text.contains("unknown"), "{text}");
}

#[test]
fn a_lock_that_goes_away_while_it_is_taken_has_no_holder_any_more() {
    let event_loop = EventLoop::with_virtual_clock();
    let holders = Rc::new(RefCell::new(Vec::new()));
    let told = holders.clone();
    event_loop.observe(move |_: Duration, event: &LoopEvent| {
        if let LoopEvent::Holder { task, .. } = event {
            told.borrow_mut().push(*task);
        }
    });
    let takes = async { Lock::new().acquire().await };
    assert!(event_loop.run_until_complete(takes).unwrap());
    assert_eq!(*holders.borrow(), [Some(1), None]);
}

#[test]
fn a_future_that_is_waited_for_twice_is_told_once() {
    let recorder = recorded(|event_loop| {
        let fut = event_loop.create_future();
        let second = Rc::new(RefCell::new(Some(fut.clone())));
        let (mut first, both) = (fut.clone(), second.clone());
        event_loop.create_task(poll_fn(move |cx| {
            if let Some(second) = &mut *both.borrow_mut() {
                assert!(Pin::new(second).poll(cx).is_pending());
            }
            Pin::new(&mut first).poll(cx)
        }));
        let seven = event_loop.create_task(gather([&fut; 7]));
        event_loop.run_until_complete(yield_now()).unwrap();
        let seen = event_loop.snapshot();
        assert_eq!(seen.tasks[0].waits_for.len(), 1);
        assert_eq!(seen.futures[1].waits_for.len(), 1);
        event_loop.call_soon(move || {
            second.take();
            fut.set_result(1)
        });
        assert_eq!(event_loop.run_until_complete(seven).unwrap(), [1; 7]);
    });
    tells(&story(&recorder), &["is made: it waits for Future-1\n"]);
}
