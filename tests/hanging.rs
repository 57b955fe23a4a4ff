//! Programs that would hang: what is noticed, what is said, and what is left alone.

use send_none::sync::Lock;
use send_none::{
    Coroutine, Error, EventLoop, FutureCell, Result, Step, Task, TaskState, all_tasks, gather,
    gather_results, sleep, yield_now,
};
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::task::{Poll, Waker};
use std::time::Duration;

/// Whether the run gave up because nobody could wake the loop any more.
fn would_sleep_for_ever<T>(result: Result<T>) -> bool {
    let error = result.err().expect("it should not have ended well");
    error
        .to_string()
        .starts_with("the loop would sleep for ever")
}

fn turn(event_loop: &EventLoop) {
    event_loop.stop();
    event_loop.run_forever().unwrap();
}

/// A loop whose reports nobody wants: what hangs is still pending when it is closed.
fn quiet_loop() -> EventLoop {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ());
    event_loop
}

/// So many tasks, of which each awaits the next, and the last one the first.
fn circle_of(event_loop: &EventLoop, members: usize) -> Vec<Task<()>> {
    let next: Vec<FutureCell<Task<()>>> =
        (0..members).map(|_| event_loop.create_future()).collect();
    let tasks: Vec<_> = next
        .iter()
        .map(|next| {
            let next = next.clone();
            event_loop.create_task(async move { next.await?.await })
        })
        .collect();
    for (i, next) in next.iter().enumerate() {
        next.set_result(tasks[(i + 1) % members].clone()).unwrap();
    }
    tasks
}

#[test]
fn a_circle_of_tasks_is_refused_where_it_closes_and_its_members_are_named() {
    let event_loop = quiet_loop();
    let tasks = circle_of(&event_loop, 3);
    let error = event_loop.run_until_complete(&tasks[0]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Tasks wait for each other in a circle: Task-3 -> Task-1 -> Task-2 -> Task-3"
    );
    assert!(
        all_tasks(&event_loop).is_empty(),
        "the error went round, and all are done"
    );
}

#[test]
fn a_circle_through_a_gather_is_refused_too() {
    let event_loop = quiet_loop();
    let slot = Rc::new(RefCell::new(None::<Task<()>>));
    let me = slot.clone();
    let task = event_loop.create_task(async move {
        let me = me.borrow().clone().unwrap();
        gather_results([me.into(), send_none::ensure_future(yield_now())]).await?;
        Ok(())
    });
    *slot.borrow_mut() = Some(task.clone());
    let error = event_loop.run_until_complete(task).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("Tasks wait for each other in a circle: Task-1 -> Gather")
    );
    drop(slot.take());
}

#[test]
fn a_large_circle_is_not_searched_for_but_the_loop_says_that_it_would_hang() {
    let event_loop = quiet_loop();
    let tasks = circle_of(&event_loop, 1000);
    assert!(would_sleep_for_ever(
        event_loop.run_until_complete(&tasks[0])
    ));
    // And cancelling all round comes to an end.
    tasks[0].cancel();
    event_loop.close().unwrap();
}

#[test]
fn a_loop_that_nobody_can_wake_shows_who_waits_for_what() {
    let event_loop = quiet_loop();
    let fut = event_loop.create_future::<()>();
    let reader = event_loop.create_task(fut.clone());
    reader.set_name("reader");
    let (waits, line) = (reader.clone(), line!() + 1);
    let main = event_loop.create_task(waits);
    main.set_name("main");
    let error = event_loop.run_until_complete(&main).unwrap_err();
    let text = error.to_string();
    let tree: Vec<_> = text.lines().skip(1).collect();
    assert_eq!(tree[0], "t=0, turn 1: 0 ready, 0 timers");
    assert!(
        tree[1].starts_with("main, parked at tests/hanging.rs:"),
        "{text}"
    );
    assert!(tree[1].contains(&format!(":{line}:")), "{text}");
    assert!(
        tree[2].starts_with("  waits for reader, parked at tests/hanging.rs:"),
        "{text}"
    );
    assert!(
        tree[3].starts_with("    waits for Future-1, pending, made at"),
        "{text}"
    );
    // Nothing is lost: settle it, and the same tasks go on.
    fut.set_result(()).unwrap();
    event_loop.run_until_complete(main).unwrap();
}

#[test]
fn a_loop_with_nothing_at_all_to_do_says_so() {
    assert!(would_sleep_for_ever(EventLoop::new().run_forever()));
    assert!(would_sleep_for_ever(
        EventLoop::with_virtual_clock().run_forever()
    ));
}

#[test]
fn a_handle_for_other_threads_keeps_the_loop_waiting_until_it_is_dropped() {
    let event_loop = quiet_loop();
    let (asleep, when_asleep) = channel();
    event_loop.observe(move |_: Duration, event: &send_none::LoopEvent| {
        if matches!(event, send_none::LoopEvent::Asleep { .. }) {
            let _nobody_listens = asleep.send(());
        }
    });
    let handle = event_loop.threadsafe();
    let thread = std::thread::spawn(move || {
        when_asleep.recv().unwrap();
        drop(handle);
    });
    assert!(would_sleep_for_ever(event_loop.run_forever()));
    thread.join().unwrap();
}

#[test]
fn a_setter_on_another_thread_keeps_the_loop_waiting() {
    let event_loop = quiet_loop();
    let fut = event_loop.create_future();
    let setter = fut.threadsafe();
    let thread = std::thread::spawn(move || setter.set_result(7));
    assert_eq!(event_loop.run_until_complete(fut).unwrap(), 7);
    thread.join().unwrap().unwrap();
}

#[test]
fn a_setter_that_is_dropped_unused_cancels_its_future() {
    let event_loop = quiet_loop();
    let fut = event_loop.create_future::<()>();
    let setter = fut.threadsafe();
    let thread = std::thread::spawn(move || drop(setter));
    assert!(matches!(
        event_loop.run_until_complete(fut),
        Err(Error::Cancelled)
    ));
    thread.join().unwrap();
}

#[test]
fn a_waker_that_somebody_else_holds_keeps_the_loop_waiting() {
    let event_loop = quiet_loop();
    let waker = Rc::new(RefCell::new(None::<Waker>));
    let stores = waker.clone();
    let task: Task<()> = event_loop.create_task(poll_fn(move |cx| {
        match stores.borrow_mut().replace(cx.waker().clone()) {
            None => Poll::Pending,
            Some(_) => Poll::Ready(Ok(())),
        }
    }));
    turn(&event_loop);
    let on_its_way = waker.borrow().clone().unwrap();
    let thread = std::thread::spawn(move || on_its_way.wake());
    event_loop.run_until_complete(task).unwrap();
    thread.join().unwrap();
}

#[test]
fn a_snapshot_tells_the_queue_the_timers_and_the_tasks() {
    let event_loop = quiet_loop();
    let fut = event_loop.create_future::<()>();
    let parked = event_loop.create_task(fut.clone());
    let asleep = event_loop.create_task(sleep(Duration::from_secs(5)));
    let has_its_waker = Rc::new(RefCell::new(None));
    let takes_it = has_its_waker.clone();
    let foreign: Task<()> = event_loop.create_task(poll_fn(move |cx| {
        takes_it.replace(Some(cx.waker().clone()));
        Poll::Pending
    }));
    turn(&event_loop);
    let queued = event_loop.create_task(yield_now());
    event_loop.call_soon(|| ());
    event_loop.call_later(Duration::from_secs(2), || ());
    let snapshot = event_loop.snapshot();
    assert_eq!((snapshot.turn, snapshot.time), (1, Duration::ZERO));
    assert_eq!(
        snapshot.timers,
        [Duration::from_secs(2), Duration::from_secs(5)]
    );
    assert_eq!(snapshot.ready[0], "<Task-4>");
    assert!(snapshot.ready[1].starts_with("<callback "));
    let names: Vec<_> = snapshot
        .tasks
        .iter()
        .map(|task| task.name.as_str())
        .collect();
    assert_eq!(names, ["Task-1", "Task-2", "Task-3", "Task-4"]);
    let states: Vec<_> = snapshot.tasks.iter().map(|task| task.state).collect();
    use TaskState::{Parked, Queued};
    assert_eq!(states, [Parked, Parked, Parked, Queued]);
    assert_eq!(snapshot.tasks[0].waits_for, [snapshot.futures[0].id]);
    assert!(
        snapshot
            .to_string()
            .contains("Task-3, parked on something foreign")
    );
    for task in [parked, asleep, foreign, queued] {
        task.cancel();
    }
    let cancelled = event_loop.run_until_complete(gather([fut]));
    assert!(matches!(cancelled, Err(Error::Cancelled)));
}

#[test]
fn a_timer_that_never_fires_does_not_keep_a_loop_from_waiting_for_a_thread() {
    let event_loop = quiet_loop();
    let (release, released) = channel();
    let call = event_loop.run_in_executor(move || released.recv().unwrap_or(0));
    event_loop.observe(move |_: Duration, event: &send_none::LoopEvent| {
        if matches!(event, send_none::LoopEvent::Asleep { until: None }) {
            let _nobody_listens = release.send(7);
        }
    });
    let limited = send_none::wait_for(call, Duration::MAX);
    assert_eq!(event_loop.run_until_complete(limited).unwrap(), 7);
}

/// The task gives its waker away, and then another one takes the handle that it waited with. Whoever
/// has the waker can still wake it, so the loop must not say that nobody can.
#[test]
fn a_loop_does_not_cry_wolf_when_a_handle_was_taken_out_of_a_parked_task() {
    let event_loop = quiet_loop();
    let fut = event_loop.create_future::<()>();
    let handle = Rc::new(RefCell::new(Some(Box::pin(fut.clone()))));
    let (waker, shared) = (Rc::new(RefCell::new(None::<Waker>)), handle.clone());
    let gives_away = waker.clone();
    let task = event_loop.create_task(poll_fn(move |cx| match shared.borrow_mut().as_mut() {
        Some(fut) => {
            *gives_away.borrow_mut() = Some(cx.waker().clone());
            fut.as_mut().poll(cx)
        }
        None => Poll::Ready(Ok(())),
    }));
    turn(&event_loop);
    drop(handle.take());
    let waker = waker.take().unwrap();
    let thread = std::thread::spawn(move || waker.wake());
    event_loop.run_until_complete(task).unwrap();
    thread.join().unwrap();
}

#[test]
fn a_gathered_coroutine_is_said_to_be_made_where_gather_was_called() {
    let event_loop = quiet_loop();
    let both = event_loop.run_until_complete(async {
        let both = gather([std::future::pending::<Result<()>>()]);
        yield_now().await?;
        Ok(both)
    });
    let snapshot = event_loop.snapshot();
    assert!(!both.unwrap().done());
    assert_eq!(snapshot.tasks[0].made_at.file(), file!());
}

/// Two tasks, each of which holds the lock that the other one waits for.
#[test]
fn the_tree_names_the_holder_of_a_lock() {
    let event_loop = quiet_loop();
    let (one, two) = (Lock::new(), Lock::new());
    let takes = |first: &Lock, second: &Lock| {
        let (first, second) = (first.clone(), second.clone());
        event_loop.create_task(async move {
            let _first = first.lock().await?;
            yield_now().await?;
            second.acquire().await
        })
    };
    let both = [takes(&one, &two), takes(&two, &one)];
    let error = event_loop.run_until_complete(&both[0]).unwrap_err();
    let tree = error.to_string();
    let mut lines = tree
        .lines()
        .skip(2)
        .map(|line| line.split_once(", ").unwrap());
    assert_eq!(lines.next().unwrap().0, "Task-1");
    assert_eq!(lines.next().unwrap().0, "  waits for Lock.acquire-3");
    assert_eq!(lines.next().unwrap().0, "    which is held by Task-2");
    assert_eq!(lines.next().unwrap().0, "      waits for Lock.acquire-4");
    let (end, rest) = lines.next().unwrap();
    assert_eq!(end, "        which is held by Task-1");
    assert!(rest.ends_with("(see above)"));
    let holders: Vec<_> = event_loop
        .snapshot()
        .futures
        .iter()
        .map(|turn| turn.held_by)
        .collect();
    assert_eq!(holders, [Some(2), Some(1)]);
}

#[test]
fn a_lock_that_is_let_go_or_was_never_taken_by_a_task_has_no_holder() {
    let event_loop = quiet_loop();
    let lock = Lock::new();
    let held_by = || event_loop.snapshot().futures[0].held_by;
    assert!(matches!(
        Coroutine::new(lock.acquire()).send(None),
        Step::Returned(Ok(true))
    ));
    let waits = event_loop.create_task(lock.acquire());
    turn(&event_loop);
    assert_eq!(held_by(), None, "whoever took it is no task");
    lock.release().unwrap();
    event_loop.run_until_complete(waits).unwrap();
    let waits_too = event_loop.create_task(lock.acquire());
    turn(&event_loop);
    let tree = event_loop.snapshot().to_string();
    assert!(
        tree.ends_with("which was taken by a task that is done"),
        "{tree}"
    );
    let last = event_loop.create_task(lock.acquire());
    turn(&event_loop);
    lock.release().unwrap(); // the first one is let go, and has not taken it yet
    assert_eq!(held_by(), None);
    waits_too.cancel();
    last.cancel();
}
