//! event-listener: what async-channel and async-lock are made of. An `Event` wakes those who listen,
//! so many as it is told, the one who came first first.

use event_listener::{Event, Listener};
use send_none::{EventLoop, Task, sleep};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::spawn;

use crate::{
    Log, assert_panicked, cancel_one_and_abort_one, on_a_loop, planned, secs, settle, turn,
    when_asleep,
};

/// Tasks that listen, and say so when they have heard.
fn listening<const N: usize>(
    event_loop: &EventLoop,
    event: &Arc<Event>,
    log: &Log,
    names: [&'static str; N],
) -> [Task<()>; N] {
    let tasks = names.map(|name| {
        let (event, log) = (event.clone(), log.clone());
        event_loop.create_task(async move {
            event.listen().await;
            log.add(name);
            Ok(())
        })
    });
    turn(event_loop);
    tasks
}

#[test]
fn as_many_are_woken_as_the_event_is_told_the_first_one_first() {
    on_a_loop(|event_loop| {
        let (event, log) = (Arc::new(Event::new()), Log::default());
        let _tasks = listening(event_loop, &event, &log, ["one", "two", "three", "four"]);
        assert_eq!(event.notify(2), 2);
        settle(event_loop);
        assert_eq!(log.take(), ["one", "two"]);
        assert_eq!(event.notify(usize::MAX), 2);
        settle(event_loop);
        assert_eq!(log.take(), ["three", "four"]);
    });
}

#[test]
fn an_event_wakes_the_one_who_listens() {
    on_a_loop(|event_loop| {
        let (event, log) = (Arc::new(Event::new()), Log::default());
        let [task] = listening(event_loop, &event, &log, ["heard"]);
        event_loop.call_later(secs(3), move || event.notify(1));
        event_loop.run_until_complete(task).unwrap();
        assert_eq!(event_loop.time(), secs(3));
    });
}

#[test]
fn an_event_on_another_thread_wakes_the_one_who_listens() {
    on_a_loop(|event_loop| {
        let (event, log) = (Arc::new(Event::new()), Log::default());
        let [task] = listening(event_loop, &event, &log, ["heard"]);
        let thread = when_asleep(event_loop, move || event.notify(1));
        event_loop.run_until_complete(task).unwrap();
        assert_eq!(thread.join().unwrap(), 1);
    });
}

/// Look, listen, look again, wait: the way in which a listener is meant to be used.
#[test]
fn the_loop_and_a_thread_wait_for_each_other_a_thousand_times() {
    on_a_loop(|event_loop| {
        let shared = Arc::new((Event::new(), AtomicU32::new(0)));
        let others = shared.clone();
        let thread = spawn(move || {
            let (event, count) = &*others;
            for even in (0..2000).step_by(2) {
                while count.load(Ordering::SeqCst) != even + 1 {
                    let listener = event.listen();
                    if count.load(Ordering::SeqCst) != even + 1 {
                        listener.wait();
                    }
                }
                count.store(even + 2, Ordering::SeqCst);
                event.notify(usize::MAX);
            }
        });
        let ours = async move {
            let (event, count) = &*shared;
            for even in (0..2000).step_by(2) {
                count.store(even + 1, Ordering::SeqCst);
                event.notify(usize::MAX);
                while count.load(Ordering::SeqCst) != even + 2 {
                    let listener = event.listen();
                    if count.load(Ordering::SeqCst) != even + 2 {
                        listener.await;
                    }
                }
            }
            Ok(count.load(Ordering::SeqCst))
        };
        assert_eq!(event_loop.run_until_complete(ours).unwrap(), 2000);
        thread.join().unwrap();
    });
}

#[test]
fn tasks_that_are_cancelled_or_aborted_listen_no_more() {
    on_a_loop(|event_loop| {
        let (event, log) = (Arc::new(Event::new()), Log::default());
        cancel_one_and_abort_one(event_loop, || {
            let event = event.clone();
            async move {
                event.listen().await;
                Ok(())
            }
        });
        assert_eq!(event.total_listeners(), 0);
        let _last = listening(event_loop, &event, &log, ["last"]);
        event.notify(1);
        settle(event_loop);
        assert_eq!(log.take(), ["last"]);
    });
}

#[test]
fn a_task_that_is_aborted_when_it_was_notified_passes_it_on() {
    on_a_loop(|event_loop| {
        let (event, log) = (Arc::new(Event::new()), Log::default());
        let [first, second] = listening(event_loop, &event, &log, ["first", "second"]);
        event.notify(1);
        first.abort();
        event_loop.run_until_complete(second).unwrap();
        assert!(first.cancelled());
        assert_eq!(log.take(), ["second"]);
    });
}

#[test]
fn a_task_that_panics_while_it_listens_passes_it_on() {
    on_a_loop(|event_loop| {
        let (event, log) = (Arc::new(Event::new()), Log::default());
        let listens = event.clone();
        let panics = event_loop.create_task(async move {
            let _listener = listens.listen();
            sleep(secs(1)).await?;
            planned()
        });
        turn(event_loop);
        let [next] = listening(event_loop, &event, &log, ["next"]);
        assert_eq!(event.notify(1), 1); // and that is the one who will panic
        event_loop.run_until_complete(next).unwrap();
        assert_panicked(&panics, "planned");
        assert_eq!(event_loop.time(), secs(1));
    });
}
