//! What a loop tells of itself: its reports, and its snapshots.

use crate::{Later, reports, secs, turn};
use send_none::sync::{Event, Lock, Queue};
use send_none::{
    Coroutine, EventLoop, FutureCell, LoopEvent, Result, ReturnWhen, Task, TaskState, all_tasks,
    current_task, gather, get_event_loop, set_event_loop, wait, wait_for, yield_now,
};
use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

#[test]
fn a_callback_that_takes_just_as_long_as_it_may_is_slow() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    event_loop.set_debug(true);
    event_loop.set_slow_callback_duration(secs(2));
    for seconds in [1, 2, 3] {
        let inside = event_loop.clone();
        event_loop.call_soon(move || inside.block(secs(seconds)));
    }
    turn(&event_loop);
    let took: Vec<_> = reports
        .borrow()
        .iter()
        .map(|report| report.split(" took ").last().unwrap().to_owned())
        .collect();
    assert_eq!(took, ["2.000 seconds", "3.000 seconds"]);
}

#[test]
fn a_snapshot_shows_who_waits_for_whom_and_what_is_still_wanted() {
    let event_loop = EventLoop::with_virtual_clock();
    let (done, fut) = (event_loop.create_future(), event_loop.create_future());
    done.set_result(1).unwrap();
    let both = gather([done, fut.clone()]);
    let waits = event_loop.create_task(both.clone());
    let foreign = event_loop.create_task(pending::<Result<()>>());
    let above = waits.clone();
    let top = event_loop.create_task(async move { above.await.map(drop) });
    turn(&event_loop);
    let queued = event_loop.create_task(async { Ok(()) });
    event_loop.call_later(secs(3), || ());
    event_loop.call_later(secs(2), || ());
    event_loop.call_later(secs(1), || ()).cancel();

    let seen = event_loop.snapshot();
    assert_eq!(seen.timers, [secs(2), secs(3)]);
    assert_eq!(seen.ready, ["<Task-4>"]);
    let edges = |waits_for: &[u64]| waits_for.len();
    let states: Vec<_> = seen
        .tasks
        .iter()
        .map(|task| (&*task.name, task.state, edges(&task.waits_for)))
        .collect();
    assert_eq!(
        states,
        [
            ("Task-1", TaskState::Parked, 1),
            ("Task-2", TaskState::Parked, 0),
            ("Task-3", TaskState::Parked, 1),
            ("Task-4", TaskState::Queued, 0),
        ]
    );
    let tree = seen.to_string();
    let lines: Vec<_> = tree
        .lines()
        .map(|line| line.split(", made at ").next().unwrap())
        .collect();
    assert_eq!(
        lines,
        [
            "t=0, turn 1: 1 ready, 2 timers",
            "Task-2, parked, and nobody has its waker",
            "Task-3, parked at tests/corners/watching.rs:43:57",
            "  waits for Task-1, parked at tests/corners/watching.rs:39:16",
            "    waits for Gather-3, pending",
            "      waits for Future-2, pending",
            "Task-4, queued",
        ]
    );
    event_loop.set_exception_handler(|_, _| ());
    drop((fut, foreign, top, queued));
}

#[test]
fn the_task_that_runs_is_running() {
    let event_loop = EventLoop::with_virtual_clock();
    let state = event_loop.run_until_complete(async {
        let seen = get_event_loop()?.snapshot();
        Ok(seen.tasks[0].state)
    });
    assert_eq!(state.unwrap(), TaskState::Running);
}

/// Circles are refused, but they are not searched for as far as this.
#[test]
fn what_waits_in_a_large_circle_is_shown_too() {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ());
    let last: Later<Task<()>> = Rc::default();
    let waits = last.clone();
    let mut task = event_loop.create_task(async move {
        let last = waits.borrow().clone().unwrap();
        last.await
    });
    for _ in 1..300 {
        task = event_loop.create_task(task.clone());
    }
    *last.borrow_mut() = Some(task.clone());
    let error = event_loop.run_until_complete(task).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("the loop would sleep for ever"));
    // The error, the loop, each task once, and the first of them once more.
    assert_eq!(text.lines().count(), 1 + 1 + 300 + 1);
    assert!(text.ends_with("(see above)"));
    drop(last.take());
}

#[test]
fn in_debug_mode_a_coroutine_that_was_never_started_is_reported() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    set_event_loop(&event_loop);
    drop(Coroutine::new(yield_now()));
    assert!(reports.borrow().is_empty(), "debug mode is off");
    event_loop.set_debug(true);
    drop(Coroutine::new(yield_now()));
    let mut started = Coroutine::new(yield_now());
    drop(started.send(None));
    drop(started);
    Coroutine::new(yield_now()).close();
    assert_eq!(*reports.borrow(), ["coroutine was never awaited"]);
}

/// Whatever makes a task or a future on behalf of the program, reports name the program's line, and
/// what is waited for.
#[test]
fn what_is_made_on_behalf_of_the_program_is_said_to_be_made_there() {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.set_exception_handler(|_, _| ());
    let (lock, event, queue) = (Lock::new(), Event::new(), Queue::<()>::new(0));
    let takes = lock.clone();
    event_loop
        .run_until_complete(async move { takes.acquire().await })
        .unwrap();
    let waits = wait([pending::<Result<()>>()], None, ReturnWhen::AllCompleted);
    let tasks = (
        event_loop.create_task(waits),
        event_loop.create_task(wait_for(pending::<Result<()>>(), secs(5))),
        event_loop.create_task(lock.acquire()),
        event_loop.create_task(event.wait()),
        event_loop.create_task(queue.get()),
    );
    turn(&event_loop);
    let snapshot = event_loop.snapshot();
    let places = snapshot.tasks.iter().map(|task| task.made_at);
    let places = places.chain(snapshot.futures.iter().map(|future| future.made_at));
    assert!(places.clone().count() == 12 && places.clone().all(|place| place.file() == file!()));
    let mut names: Vec<_> = snapshot
        .futures
        .iter()
        .map(|future| &*future.name)
        .collect();
    names
        .iter_mut()
        .for_each(|name| *name = &name[..name.rfind('-').unwrap()]);
    names.sort();
    assert_eq!(
        names,
        [
            "Event.wait",
            "Lock.acquire",
            "Queue.get",
            "wait",
            "wait_for"
        ]
    );
    drop(tasks);
}

#[test]
fn a_program_s_main_task_is_said_to_be_made_where_run_was_called() {
    let made_at = send_none::run(async {
        let snapshot = get_event_loop()?.snapshot();
        Ok(snapshot.tasks[0].made_at.file())
    });
    assert_eq!(made_at.unwrap(), file!());
}

/// It should leave the loop alone; but if it does not, the loop does not sleep for ever.
#[test]
fn an_observer_may_stop_the_loop_that_is_about_to_sleep() {
    let event_loop = EventLoop::with_virtual_clock();
    let _handle = event_loop.threadsafe();
    event_loop.observe(|_: Duration, event: &LoopEvent| {
        if matches!(event, LoopEvent::Asleep { .. }) {
            get_event_loop().unwrap().stop();
        }
    });
    event_loop.run_forever().unwrap();
}

#[test]
fn a_timer_that_never_fires_does_not_fire_at_the_end_of_the_clock() {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.block(Duration::MAX);
    event_loop.call_later(Duration::MAX, || panic!("it fires"));
    let reports = reports(&event_loop);
    turn(&event_loop);
    assert!(reports.borrow().is_empty());
}

/// It should leave the loop alone; but if it does not, no task takes the place of another.
#[test]
fn an_observer_may_make_a_task_while_a_task_is_made() {
    let event_loop = EventLoop::with_virtual_clock();
    let handle = event_loop.threadsafe();
    let told = std::thread::spawn(move || handle.call_soon(|| ()));
    told.join().unwrap().unwrap();
    let inside = event_loop.clone();
    event_loop.observe(move |_: Duration, event: &LoopEvent| {
        if matches!(event, LoopEvent::CallQueued { by_mail: true, .. }) {
            drop(inside.create_task(async { Ok("the observer's") }));
        }
    });
    let task = event_loop.create_task(async { Ok("mine") });
    assert_eq!(all_tasks(&event_loop).len(), 2);
    assert_eq!(event_loop.run_until_complete(task).unwrap(), "mine");
    event_loop.close().unwrap();
}

#[test]
fn a_leaf_that_is_dropped_in_its_step_leaves_no_place_where_the_task_would_be_parked() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut: FutureCell<()> = event_loop.create_future();
    let _waits: Task<()> = event_loop.create_task(poll_fn(move |cx| {
        let mut leaf = fut.clone();
        assert!(Pin::new(&mut leaf).poll(cx).is_pending());
        Poll::Pending
    }));
    turn(&event_loop);
    let snapshot = event_loop.snapshot();
    assert_eq!(snapshot.tasks[0].state, TaskState::Parked);
    assert_eq!(snapshot.tasks[0].parked_at, None);
}

#[test]
fn a_slow_step_is_reported_by_the_name_that_its_task_has_then() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    event_loop.set_debug(true);
    let task = event_loop.create_task(async {
        current_task().unwrap().set_name("slow");
        get_event_loop()?.block(secs(1));
        Ok(())
    });
    event_loop.run_until_complete(task).unwrap();
    let report = "Executing <slow> took 1.000 seconds";
    assert_eq!(*reports.borrow(), [report]);
}
