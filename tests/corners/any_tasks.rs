//! Tasks of which nobody knows the type can be waited for.

use std::cell::RefCell;
use std::rc::Rc;

use super::{reports, secs};
use send_none::{
    AnyTask, AsyncIter, Error, EventLoop, FutureCell, Result, ReturnWhen, all_tasks, as_completed,
    create_task, current_task, ensure_future, gather, gather_results, set_event_loop, shield,
    sleep, sleep_with, wait, yield_now,
};
use std::future::IntoFuture;

#[test]
fn to_wait_for_any_task_takes_no_turn_more_than_to_wait_for_it() {
    let turns = |any: bool| {
        let event_loop = EventLoop::with_virtual_clock();
        let task = event_loop.create_task(sleep_with(secs(1), 7));
        let same = task.any();
        let waits = async move {
            match any {
                true => same.await,
                false => task.await.map(drop),
            }
        };
        event_loop.run_until_complete(waits).unwrap();
        event_loop.turns()
    };
    assert_eq!(turns(true), turns(false));
}

#[test]
fn who_waits_for_any_task_keeps_his_place_in_the_line() {
    let event_loop = EventLoop::with_virtual_clock();
    let order = Rc::new(RefCell::new(Vec::new()));
    let task = event_loop.create_task(yield_now());
    let say = |who: &'static str| {
        let order = order.clone();
        move || order.borrow_mut().push(who)
    };
    let (first, third) = (say("first"), say("third"));
    task.add_done_callback(move |_: &FutureCell<_>| first());
    let (any, second) = (task.any(), say("second"));
    let stands_between = (&any).into_future();
    stands_between.add_done_callback(move |_: &FutureCell<_>| second());
    task.add_done_callback(move |_: &FutureCell<_>| third());
    event_loop.run_until_complete(sleep(secs(0))).unwrap();
    event_loop.run_until_complete(any).unwrap();
    assert_eq!(*order.borrow(), ["first", "second", "third"]);
}

#[test]
fn a_program_ends_all_that_is_left() {
    let event_loop = EventLoop::with_virtual_clock();
    let hour = secs(3600);
    event_loop.create_task(sleep(hour));
    event_loop.create_task(sleep_with(hour, "another type"));
    let fails = async move {
        match sleep(hour).await {
            Err(Error::Cancelled) => Err::<u8, _>(Error::msg("not now")),
            other => other.map(|()| 1),
        }
    };
    event_loop.create_task(fails);
    event_loop.run_until_complete(yield_now()).unwrap();
    let left = all_tasks(&event_loop);
    assert_eq!(left.len(), 3);
    for task in &left {
        assert!(task.cancel());
    }
    let ends = event_loop.run_until_complete(async move { gather_results(&left).await });
    let ends: Vec<_> = ends
        .unwrap()
        .into_iter()
        .map(|end| end.unwrap_err().to_string())
        .collect();
    assert_eq!(ends, ["cancelled", "cancelled", "not now"]);
    assert!(all_tasks(&event_loop).is_empty());
    assert_eq!(event_loop.time(), secs(0));
}

#[test]
fn to_cancel_who_waits_for_any_task_cancels_the_task() {
    let event_loop = EventLoop::with_virtual_clock();
    let task = event_loop.create_task(sleep(secs(9)));
    let end = task.any().into_future();
    assert!(end.set_result(()).is_err(), "only the task can");
    let any = end.clone();
    let waits = event_loop.create_task(any);
    event_loop.run_until_complete(yield_now()).unwrap();
    assert!(waits.cancel());
    assert!(!task.done(), "it was asked, and no more");
    assert_eq!(
        event_loop
            .run_until_complete(&waits)
            .unwrap_err()
            .to_string(),
        "cancelled"
    );
    assert!(task.cancelled() && end.cancelled() && waits.cancelled());
}

#[test]
fn of_a_task_that_is_done_the_end_is_there_at_once() {
    let event_loop = EventLoop::with_virtual_clock();
    let task = event_loop.create_task(async { Ok(1) });
    event_loop.run_until_complete(&task).unwrap();
    let turns = event_loop.turns();
    let end = task.any().into_future();
    assert_eq!((end.result().unwrap(), event_loop.turns()), ((), turns));
    assert!(!end.cancel(), "it is over");
}

#[test]
fn tasks_of_all_kinds_can_be_waited_for_with_the_combinators() {
    let event_loop = EventLoop::with_virtual_clock();
    let main = async {
        create_task(sleep(secs(1)));
        create_task(sleep_with(secs(2), 'x'));
        let me = current_task().expect("this is one");
        let mut others = all_tasks(&send_none::get_event_loop()?);
        others.retain(|task| *task != me);
        let first = ReturnWhen::FirstCompleted;
        let (done, pending) = wait(&others, None, first).await?;
        assert_eq!((done.len(), pending.len()), (1, 1));
        assert!(others[0] == done[0] && others[1] == pending[0] && others[0] != pending[0]);
        gather(&others).await
    };
    assert_eq!(event_loop.run_until_complete(main).unwrap().len(), 2);
    assert_eq!(event_loop.time(), secs(2));
}

#[test]
fn a_task_cannot_wait_for_itself_that_way_either() {
    let event_loop = EventLoop::with_virtual_clock();
    let main = async { current_task().expect("this is one").await };
    let error = event_loop.run_until_complete(main).unwrap_err();
    let text = "Tasks wait for each other in a circle: Task-1 -> AnyTask-2 -> Task-1";
    assert_eq!(error.to_string(), text);
}

#[test]
fn an_error_is_reported_if_nobody_asks_for_it_there() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let task = event_loop.create_task(async { Err::<(), _>(Error::msg("lost")) });
    let end = task.any().into_future();
    drop(task);
    event_loop.run_until_complete(yield_now()).unwrap();
    assert!(reports.borrow().is_empty());
    drop(end);
    assert_eq!(
        *reports.borrow(),
        ["Task exception was never retrieved | lost"]
    );
}

#[test]
fn who_looks_at_either_of_the_two_has_looked() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let fails = || event_loop.create_task(async { Err::<(), _>(Error::msg("seen")) });
    let (first, second, third) = (fails(), fails(), fails());
    let ends = [first.any(), second.any(), third.any()].map(IntoFuture::into_future);
    event_loop.run_until_complete(yield_now()).unwrap();
    assert!(first.exception().unwrap().is_some());
    assert!(ends[1].exception().unwrap().is_some());
    assert!(!ends[2].cancel(), "who cancels it need not be told");
    drop((ends, first, second, third));
    assert!(reports.borrow().is_empty(), "{reports:?}");
}

#[test]
fn a_gather_of_any_tasks_looks_at_all_errors() {
    let event_loop = EventLoop::with_virtual_clock();
    let reports = reports(&event_loop);
    let fails = |after| async move {
        sleep(secs(after)).await?;
        Err::<u8, _>(Error::msg(format!("after {after}")))
    };
    let tasks = [1, 2].map(|after| event_loop.create_task(fails(after)));
    let any: Vec<_> = tasks.iter().map(|task| task.any()).collect();
    drop(tasks);
    let error = event_loop.run_until_complete(async { gather(any).await });
    assert_eq!(error.unwrap_err().to_string(), "after 1");
    event_loop.run_until_complete(sleep(secs(5))).unwrap();
    assert!(reports.borrow().is_empty(), "{reports:?}");
}

/// Nobody but the one who is called back holds it.
#[test]
fn any_task_is_waited_for_though_nobody_holds_what_one_waits_for() {
    let event_loop = EventLoop::with_virtual_clock();
    let task = event_loop.create_task(sleep(secs(1)));
    let called = Rc::new(RefCell::new(0));
    let count = called.clone();
    ensure(&event_loop, task.any(), move || *count.borrow_mut() += 1);
    let any = task.any();
    event_loop
        .run_until_complete(async { shield(any).await })
        .unwrap();
    assert_eq!((event_loop.time(), *called.borrow()), (secs(1), 1));

    let others = [1, 2, 3].map(|n| event_loop.create_task(sleep(secs(n))).any());
    let main = async move {
        let mut ends = as_completed(others).timeout(secs(10));
        let mut times = Vec::new();
        while let Some(end) = ends.anext().await? {
            end?;
            times.push(send_none::get_event_loop()?.time());
        }
        Ok(times)
    };
    let times = event_loop.run_until_complete(main).unwrap();
    assert_eq!(times, [2, 3, 4].map(secs));
}

fn ensure(event_loop: &EventLoop, task: AnyTask, then: impl FnOnce() + 'static) {
    set_event_loop(event_loop);
    ensure_future(task).add_done_callback(move |_: &FutureCell<()>| then());
}

#[test]
fn any_task_given_twice_counts_once() {
    let event_loop = EventLoop::with_virtual_clock();
    let any = event_loop.create_task(sleep(secs(1))).any();
    let main = async move { wait([&any, &any], None, ReturnWhen::AllCompleted).await };
    let (done, _) = event_loop.run_until_complete(main).unwrap();
    assert_eq!(done.len(), 1);
}

#[test]
#[should_panic = "boom"]
fn a_panic_of_any_task_leaves_the_run_that_waits_for_it() {
    let event_loop = EventLoop::with_virtual_clock();
    let task = event_loop.create_task(async { panic!("boom") as Result<()> });
    drop(event_loop.run_until_complete(task.any()));
}

/// Somebody looks after a task again and again, and does not wait until it is done.
#[test]
fn to_wait_for_any_task_again_and_again_leaves_one_place_in_its_line() {
    let event_loop = EventLoop::with_virtual_clock();
    let task = event_loop.create_task(sleep(secs(9)));
    let any = task.any();
    let looks = async move {
        for _ in 0..3 {
            let (_, pending) = wait([&any], secs(1), ReturnWhen::AllCompleted).await?;
            assert_eq!(pending.len(), 1);
        }
        Ok(())
    };
    event_loop.run_until_complete(looks).unwrap();
    assert_eq!(format!("{task:?}"), "<Task-1 pending, 1 waiting>");
    task.abort();
    event_loop.run_until_complete(yield_now()).unwrap();
}
