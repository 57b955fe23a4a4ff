//! Who stands in which line, and may he?

use super::*;
use send_none::{Coroutine, Step, Task};
use std::cell::RefCell;
use std::task::{Context, Waker};

/// It was polled twice in that step, the second time with a waker of no task.
#[test]
fn a_task_whose_waker_is_replaced_in_its_own_step_is_not_said_to_be_parked_there() {
    let recorder = recorded(|event_loop| {
        let fut = event_loop.create_future::<i32>();
        let mut leaf = fut.clone();
        let task = event_loop.create_task(poll_fn(move |cx| {
            assert!(Pin::new(&mut leaf).poll(cx).is_pending());
            let mut nobody = Context::from_waker(Waker::noop());
            Pin::new(&mut leaf).poll(&mut nobody)
        }));
        assert!(event_loop.run_until_complete(task).is_err());
    });
    let text = story(&recorder);
    tells(&text, &["Task-1 is parked, and nobody has its waker"]);
    assert!(!text.contains("is parked on Future-1"), "{text}");
}

/// Two handles of one future: the one that was polled last goes, the other one stays in the line.
#[test]
fn who_stands_in_a_line_with_an_older_handle_is_said_to_wait_there() {
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::new().doubting(&event_loop);
    event_loop.observe(recorder.clone());
    let (fut, first) = (event_loop.create_future(), event_loop.create_future());
    let (mut old, mut wakes) = (fut.clone(), first.clone());
    let new = Rc::new(RefCell::new(Some(fut.clone())));
    let (polled, steps) = (new.clone(), Cell::new(0));
    let task: Task<i32> = event_loop.create_task(poll_fn(move |cx| {
        if steps.replace(1) == 0 {
            let both = [Pin::new(&mut wakes).poll(cx), Pin::new(&mut old).poll(cx)];
            assert!(both.iter().all(Poll::is_pending));
            return Poll::Pending;
        }
        match &mut *polled.borrow_mut() {
            Some(new) => Pin::new(new).poll(cx),
            None => Pin::new(&mut old).poll(cx),
        }
    }));
    event_loop.call_later(secs(1), move || first.set_result(0));
    event_loop.call_later(secs(2), move || drop(new.take()));
    let (watched, seen) = (event_loop.clone(), Rc::new(RefCell::new(String::new())));
    let sees = seen.clone();
    event_loop.call_later(secs(3), move || {
        *sees.borrow_mut() = watched.snapshot().to_string();
        fut.set_result(5)
    });
    assert_eq!(event_loop.run_until_complete(task).unwrap(), 5);
    assert!(seen.borrow().contains("waits for Future-1"), "{seen:?}");
    assert_eq!(recorder.disagreement(), None);
    assert!(!story(&recorder).contains("leaves the line"));
}

#[test]
fn a_task_that_may_not_wait_is_said_so_and_not_that_nobody_has_its_waker() {
    let event_loop = EventLoop::with_virtual_clock();
    let (watched, seen) = (event_loop.clone(), Rc::new(RefCell::new(Vec::new())));
    let sees = seen.clone();
    event_loop.observe(move |_: Duration, event: &LoopEvent| {
        if matches!(
            event,
            LoopEvent::MayNotWait { .. } | LoopEvent::Woken { .. }
        ) {
            let snapshot = watched.snapshot().to_string();
            let (_, task) = snapshot.split_once("Task-1, ").unwrap();
            let state = task.split(", made at ").next().unwrap();
            let (state, but) = (state.split([' ', ',']).next(), state.split(", ").last());
            sees.borrow_mut()
                .push([state.unwrap(), but.unwrap()].map(String::from));
        }
    });
    let me: Rc<RefCell<Option<Task<()>>>> = Rc::default();
    let later = me.clone();
    let task = event_loop.create_task(async move {
        let me = later.take().unwrap();
        me.await
    });
    *me.borrow_mut() = Some(task.clone());
    assert!(event_loop.run_until_complete(task).is_err());
    let expected = [
        ["parked", "and may not wait"],
        ["queued", "and may not wait"],
    ];
    assert_eq!(*seen.borrow(), expected);
}

#[test]
fn an_aborted_task_is_woken_and_no_waker_is_called() {
    let recorder = recorded(|event_loop| {
        let task: Task<()> = event_loop.create_task(async {
            send_none::current_task().unwrap().abort();
            yield_now().await
        });
        assert!(event_loop.run_until_complete(task).is_err());
    });
    let text = story(&recorder);
    tells(
        &text,
        &[
            "Task-1: Task-1 is to be dropped",
            "Task-1 is woken while it runs",
        ],
    );
}

/// An observer may do that: the loop does not run.
#[test]
fn a_sleep_by_hand_whose_loop_is_closed_when_it_is_told_of_leaves_no_timer() {
    let event_loop = EventLoop::with_virtual_clock();
    send_none::set_event_loop(&event_loop);
    let closes = event_loop.clone();
    event_loop.observe(move |_: Duration, event: &LoopEvent| {
        if matches!(event, LoopEvent::FutureMade { .. }) {
            closes.close().unwrap();
        }
    });
    let mut by_hand = Coroutine::new(sleep(secs(5)));
    let step = by_hand.send(None);
    assert!(
        matches!(step, Step::Returned(Err(Error::Runtime { .. }))),
        "{step:?}"
    );
    assert!(event_loop.snapshot().timers.is_empty());
}

/// A yield is nothing that one may not wait for.
#[test]
fn a_task_that_cancels_itself_is_not_said_to_wait_where_it_may_not() {
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::new().doubting(&event_loop);
    event_loop.observe(recorder.clone());
    let task = event_loop.create_task(async {
        send_none::current_task().unwrap().cancel();
        yield_now().await
    });
    event_loop.stop();
    event_loop.run_forever().unwrap();
    let seen = event_loop.snapshot();
    assert!(!seen.tasks[0].refused, "{seen}");
    assert!(event_loop.run_until_complete(task).is_err());
    assert_eq!(recorder.disagreement(), None);
    tells(
        &story(&recorder),
        &["Task-1 was asked to cancel itself: next comes CancelledError"],
    );
}

/// It is counted by the places that were noted, not by futures: one of the two is given up.
#[test]
fn a_waker_that_is_elsewhere_is_seen_though_one_of_two_handles_is_gone() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<()>();
    let (mut stays, goes) = (fut.clone(), Rc::new(RefCell::new(Some(fut))));
    let (polled, kept) = (goes.clone(), Rc::new(RefCell::new(None)));
    let keeps = kept.clone();
    let _task: Task<()> = event_loop.create_task(poll_fn(move |cx| {
        *keeps.borrow_mut() = Some(cx.waker().clone());
        let goes = polled.borrow_mut().as_mut().map(|it| Pin::new(it).poll(cx));
        assert!(goes.is_some_and(|poll| poll.is_pending()));
        Pin::new(&mut stays).poll(cx)
    }));
    event_loop.stop();
    event_loop.run_forever().unwrap();
    drop(goes.take());
    assert!(event_loop.snapshot().tasks[0].elsewhere);
    drop(kept.take());
    assert!(!event_loop.snapshot().tasks[0].elsewhere);
}
