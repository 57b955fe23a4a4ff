//! What would mislead a reader who takes each line at its word.

use super::*;
use send_none::sync::{Lock, Queue, Semaphore};
use send_none::{Coroutine, Step, get_event_loop};
use std::cell::RefCell;
use std::fmt;

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
