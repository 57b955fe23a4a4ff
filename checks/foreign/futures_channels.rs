//! futures: its channels and its lock.

use futures::channel::{mpsc, oneshot};
use futures::lock::Mutex;
use futures::{SinkExt, StreamExt};
use send_none::{Result, sleep};
use std::sync::Arc;
use std::thread::spawn;

use crate::{
    assert_panicked, cancel_one_and_abort_one, on_a_loop, planned, secs, turn, when_asleep,
};

#[test]
fn messages_come_in_their_order_and_a_full_channel_makes_the_sender_wait() {
    on_a_loop(|event_loop| {
        let (mut sender, receiver) = mpsc::channel(0);
        let sends = event_loop.create_task(async move {
            for number in 0..5 {
                sender.send(number).await?;
            }
            Ok(())
        });
        let slowly = receiver.then(async |number| {
            sleep(secs(1)).await?;
            Ok(number)
        });
        let received = async move { Ok(slowly.collect::<Vec<Result<i32>>>().await) };
        let received = event_loop.run_until_complete(received).unwrap();
        assert!(received.into_iter().map(Result::unwrap).eq(0..5));
        assert!(sends.result().is_ok());
        assert_eq!(event_loop.time(), secs(5));
    });
}

#[test]
fn a_oneshot_wakes_the_one_who_waits() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = oneshot::channel();
        event_loop.call_later(secs(3), move || sender.send(7).unwrap());
        let received = event_loop.run_until_complete(async move { Ok(receiver.await?) });
        assert_eq!((received.unwrap(), event_loop.time()), (7, secs(3)));
    });
}

#[test]
fn a_oneshot_from_another_thread_wakes_the_one_who_waits() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = oneshot::channel();
        let thread = when_asleep(event_loop, move || sender.send(7));
        let received = event_loop.run_until_complete(async move { Ok(receiver.await?) });
        assert_eq!(received.unwrap(), 7);
        thread.join().unwrap().unwrap();
    });
}

#[test]
fn ten_thousand_messages_from_another_thread_all_arrive() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = mpsc::unbounded();
        let thread = spawn(move || (0..10_000).for_each(|n| sender.unbounded_send(n).unwrap()));
        let received = async move { Ok(receiver.collect::<Vec<_>>().await) };
        let received = event_loop.run_until_complete(received).unwrap();
        assert!(received.into_iter().eq(0..10_000));
        thread.join().unwrap();
    });
}

#[test]
fn the_receivers_of_tasks_that_are_cancelled_or_aborted_are_dropped_and_the_senders_are_told() {
    on_a_loop(|event_loop| {
        let (mut senders, mut oneshots) = (Vec::new(), Vec::new());
        cancel_one_and_abort_one(event_loop, || {
            let (sender, mut receiver) = mpsc::unbounded::<()>();
            senders.push(sender);
            async move { Ok(receiver.next().await) }
        });
        cancel_one_and_abort_one(event_loop, || {
            let (sender, receiver) = oneshot::channel::<()>();
            oneshots.push(sender);
            async move { Ok(receiver.await?) }
        });
        assert!(senders.iter().all(|sender| sender.is_closed()));
        assert!(oneshots.iter().all(|sender| sender.is_canceled()));
    });
}

#[test]
fn when_a_sender_panics_the_receiver_is_told_and_the_other_way_round() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = oneshot::channel::<()>();
        let (mut back, mut answers) = mpsc::channel::<()>(0);
        let panics = event_loop.create_task(async move {
            let _both = (sender, answers.next().await);
            planned()
        });
        turn(event_loop);
        back.try_send(()).unwrap();
        let told = event_loop.run_until_complete(async move { Ok(receiver.await) });
        assert_eq!(told.unwrap(), Err(oneshot::Canceled));
        assert_panicked(&panics, "planned");
        assert!(back.is_closed());
    });
}

#[test]
fn a_lock_goes_on_to_the_next_whether_its_holder_ends_or_panics_or_is_cancelled() {
    on_a_loop(|event_loop| {
        let lock = Arc::new(Mutex::new(0));
        let hold = |and_then: fn() -> Result<()>| {
            let lock = lock.clone();
            event_loop.create_task(async move {
                let mut guard = lock.lock().await;
                *guard += 1;
                sleep(secs(1)).await?;
                and_then()
            })
        };
        let [ends, panics, cancelled] = [hold(|| Ok(())), hold(planned), hold(|| Ok(()))];
        let last = hold(|| Ok(()));
        let canceller = cancelled.clone();
        event_loop.call_later(secs(5) / 2, move || canceller.cancel());
        event_loop.run_until_complete(last).unwrap();
        assert!(ends.result().is_ok() && cancelled.cancelled());
        assert_panicked(&panics, "planned");
        assert_eq!(event_loop.time(), secs(7) / 2);
        assert_eq!(*lock.try_lock().unwrap(), 4);
    });
}

#[test]
fn a_lock_that_a_thread_lets_go_wakes_the_task_that_waits_and_those_that_ended_are_passed_over() {
    on_a_loop(|event_loop| {
        let lock = Arc::new(Mutex::new(7));
        let pass = || {
            let lock = lock.clone();
            async move { Ok(*lock.lock().await) }
        };
        let guard = lock.clone().try_lock_owned().unwrap();
        cancel_one_and_abort_one(event_loop, pass);
        let thread = when_asleep(event_loop, move || drop(guard));
        assert_eq!(event_loop.run_until_complete(pass()).unwrap(), 7);
        thread.join().unwrap();
    });
}
