//! tokio::sync: it needs nothing but a waker, and so it works without tokio's runtime.

use send_none::{Result, gather, sleep};
use std::sync::Arc;
use std::thread::spawn;
use tokio::sync::{Mutex, Notify, Semaphore, broadcast, mpsc, oneshot, watch};

use crate::{
    Log, assert_panicked, cancel_one_and_abort_one, now, on_a_loop, planned, secs, settle, turn,
    when_asleep,
};

#[test]
fn a_oneshot_wakes_the_one_who_waits() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = oneshot::channel();
        event_loop.call_later(secs(3), move || sender.send(7).unwrap());
        let received = event_loop.run_until_complete(async { Ok(receiver.await?) });
        assert_eq!((received.unwrap(), event_loop.time()), (7, secs(3)));
    });
}

#[test]
fn a_oneshot_from_another_thread_wakes_the_one_who_waits() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = oneshot::channel();
        let thread = when_asleep(event_loop, move || sender.send(7));
        let received = event_loop.run_until_complete(async { Ok(receiver.await?) });
        assert_eq!(received.unwrap(), 7);
        thread.join().unwrap().unwrap();
    });
}

#[test]
fn a_full_channel_makes_the_sender_wait() {
    on_a_loop(|event_loop| {
        let (sender, mut receiver) = mpsc::channel(1);
        let sends = event_loop.create_task(async move {
            for number in 0..5 {
                sender.send(number).await?;
            }
            Ok(())
        });
        let received = event_loop.run_until_complete(async move {
            let mut received = Vec::new();
            while let Some(number) = receiver.recv().await {
                received.push(number);
                sleep(secs(1)).await?;
            }
            Ok(received)
        });
        assert_eq!(received.unwrap(), [0, 1, 2, 3, 4]);
        assert!(sends.result().is_ok());
        assert_eq!(event_loop.time(), secs(5));
    });
}

#[test]
fn a_thousand_messages_go_to_a_thread_and_come_back() {
    on_a_loop(|event_loop| {
        let (to_thread, mut in_thread) = mpsc::channel(1);
        let (to_loop, mut in_loop) = mpsc::channel(1);
        let thread = spawn(move || {
            while let Some(number) = in_thread.blocking_recv() {
                to_loop.blocking_send(number + 1).unwrap();
            }
        });
        let last = event_loop.run_until_complete(async move {
            let mut number = 0;
            while number < 1000 {
                to_thread.send(number).await?;
                number = in_loop.recv().await.unwrap();
            }
            Ok(number)
        });
        assert_eq!(last.unwrap(), 1000);
        thread.join().unwrap();
    });
}

/// tokio's own tasks must give way after so many messages. Ours are no tasks of tokio.
#[test]
fn ten_thousand_messages_that_are_there_are_taken_in_one_step() {
    on_a_loop(|event_loop| {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        (0..10_000).for_each(|number| sender.send(number).unwrap());
        drop(sender);
        let counts = event_loop.create_task(async move {
            let mut count = 0;
            while receiver.recv().await == Some(count) {
                count += 1;
            }
            Ok(count)
        });
        turn(event_loop);
        assert_eq!(counts.result().unwrap(), 10_000);
    });
}

#[test]
fn a_mutex_goes_from_one_to_the_next_in_the_order_in_which_they_came() {
    on_a_loop(|event_loop| {
        let (lock, log) = (Arc::new(Mutex::new(())), Log::default());
        let tasks = ["one", "two", "three"].map(|name| {
            let (lock, log) = (lock.clone(), log.clone());
            event_loop.create_task(async move {
                let _guard = lock.lock().await;
                sleep(secs(1)).await?;
                log.add(format!("{name} at {}", now()));
                Ok(())
            })
        });
        event_loop.run_until_complete(gather(tasks)).unwrap();
        assert_eq!(log.take(), ["one at 1", "two at 2", "three at 3"]);
    });
}

#[test]
fn a_mutex_that_a_thread_lets_go_wakes_the_task_that_waits() {
    on_a_loop(|event_loop| {
        let lock = Arc::new(Mutex::new(7));
        let guard = lock.clone().try_lock_owned().unwrap();
        let thread = when_asleep(event_loop, move || drop(guard));
        let value = event_loop.run_until_complete(async move { Ok(*lock.lock().await) });
        assert_eq!(value.unwrap(), 7);
        thread.join().unwrap();
    });
}

#[test]
fn notify_wakes_one_or_all_and_remembers_one_if_nobody_waits() {
    on_a_loop(|event_loop| {
        let (notify, log) = (Arc::new(Notify::new()), Log::default());
        notify.notify_one();
        for name in ["one", "two", "three", "four"] {
            let (notify, log) = (notify.clone(), log.clone());
            event_loop.create_task(async move {
                notify.notified().await;
                log.add(name);
                Ok(())
            });
        }
        settle(event_loop);
        assert_eq!(log.take(), ["one"], "that was remembered");
        notify.notify_one();
        settle(event_loop);
        assert_eq!(log.take(), ["two"]);
        spawn(move || notify.notify_waiters()).join().unwrap();
        settle(event_loop);
        assert_eq!(log.take(), ["three", "four"]);
    });
}

#[test]
fn a_semaphore_lets_two_in_and_many_permits_are_waited_for() {
    on_a_loop(|event_loop| {
        let (semaphore, log) = (Arc::new(Semaphore::new(2)), Log::default());
        let tasks = [1, 1, 2, 1].map(|permits| {
            let (semaphore, log) = (semaphore.clone(), log.clone());
            event_loop.create_task(async move {
                let _permit = semaphore.acquire_many(permits).await?;
                sleep(secs(1)).await?;
                log.add(format!("{permits} at {}", now()));
                Ok(())
            })
        });
        event_loop.run_until_complete(gather(tasks)).unwrap();
        assert_eq!(log.take(), ["1 at 1", "1 at 1", "2 at 2", "1 at 3"]);
    });
}

#[test]
fn a_watch_shows_the_latest_value_and_a_broadcast_shows_each_to_all() {
    on_a_loop(|event_loop| {
        let (shows, mut watches) = watch::channel(0);
        let (tells, mut hears) = broadcast::channel(16);
        let mut hears_too = tells.subscribe();
        let thread = when_asleep(event_loop, move || {
            for number in 1..=3 {
                tells.send(number).unwrap();
            }
            (1..=3).for_each(|number| shows.send(number).unwrap());
        });
        let result = event_loop.run_until_complete(async move {
            let (mut one, mut two) = (Vec::new(), Vec::new());
            while let Ok(number) = hears.recv().await {
                one.push(number);
            }
            while let Ok(number) = hears_too.recv().await {
                two.push(number);
            }
            watches.wait_for(|number| *number == 3).await?;
            Ok((one, two, watches.changed().await.is_err()))
        });
        assert_eq!(result.unwrap(), (vec![1, 2, 3], vec![1, 2, 3], true));
        thread.join().unwrap();
    });
}

#[test]
fn tasks_that_are_cancelled_or_aborted_leave_the_line_of_a_lock_and_of_a_semaphore() {
    on_a_loop(|event_loop| {
        let (lock, semaphore) = (Arc::new(Mutex::new(7)), Arc::new(Semaphore::new(2)));
        let (guard, permit) = (lock.try_lock().unwrap(), semaphore.try_acquire().unwrap());
        cancel_one_and_abort_one(event_loop, || {
            let lock = lock.clone();
            async move { Ok(*lock.lock().await) }
        });
        cancel_one_and_abort_one(event_loop, || {
            let semaphore = semaphore.clone();
            async move { Ok(semaphore.acquire_many(2).await?.num_permits()) }
        });
        drop((guard, permit));
        assert!(lock.try_lock().is_ok());
        assert_eq!(
            semaphore.available_permits(),
            2,
            "a half-filled wish is given back"
        );
    });
}

#[test]
fn tasks_that_are_cancelled_or_aborted_are_gone_from_all_kinds_of_channels() {
    on_a_loop(|event_loop| {
        let (broadcasts, watches) = (broadcast::Sender::<()>::new(1), watch::Sender::new(()));
        let (mut oneshots, mut channels) = (Vec::new(), Vec::new());
        cancel_one_and_abort_one(event_loop, || {
            let mut receiver = broadcasts.subscribe();
            async move { Ok(receiver.recv().await?) }
        });
        cancel_one_and_abort_one(event_loop, || {
            let mut receiver = watches.subscribe();
            async move { Ok(receiver.changed().await?) }
        });
        cancel_one_and_abort_one(event_loop, || {
            let (sender, receiver) = oneshot::channel::<()>();
            oneshots.push(sender);
            async move { Ok(receiver.await?) }
        });
        cancel_one_and_abort_one(event_loop, || {
            let (sender, mut receiver) = mpsc::channel::<()>(1);
            channels.push(sender);
            async move { Ok(receiver.recv().await) }
        });
        assert_eq!(
            (broadcasts.receiver_count(), watches.receiver_count()),
            (0, 0)
        );
        assert!(oneshots.iter().all(|sender| sender.is_closed()));
        assert!(channels.iter().all(|sender| sender.is_closed()));
    });
}

#[test]
fn a_task_that_is_aborted_when_it_was_notified_passes_it_on() {
    on_a_loop(|event_loop| {
        let notify = Arc::new(Notify::new());
        let [first, second] = [(); 2].map(|()| {
            let notify = notify.clone();
            event_loop.create_task(async move {
                notify.notified().await;
                Ok(())
            })
        });
        turn(event_loop);
        notify.notify_one();
        first.abort();
        event_loop.run_until_complete(second).unwrap();
        assert!(first.cancelled());
    });
}

#[test]
fn a_task_that_panics_with_the_lock_in_its_hand_lets_it_go_and_does_not_poison_it() {
    on_a_loop(|event_loop| {
        let (lock, semaphore) = (Arc::new(Mutex::new(0)), Arc::new(Semaphore::new(1)));
        let both = (lock.clone(), semaphore.clone());
        let panics = event_loop.create_task(async move {
            let (mut guard, _permit) = (both.0.lock().await, both.1.acquire().await?);
            *guard = 7;
            sleep(secs(1)).await?;
            planned()
        });
        turn(event_loop);
        let next = async move {
            let _permit = semaphore.acquire().await?;
            Ok(*lock.lock().await)
        };
        assert_eq!(event_loop.run_until_complete(next).unwrap(), 7);
        assert_panicked(&panics, "planned");
    });
}

#[test]
fn when_a_task_panics_those_at_the_other_end_of_its_channels_are_told() {
    on_a_loop(|event_loop| {
        let (once, answer) = oneshot::channel::<()>();
        let (sender, mut receiver) = mpsc::channel::<()>(1);
        let (shows, mut watches) = watch::channel(());
        let (full, mut fills) = mpsc::channel(1);
        full.try_send(()).unwrap();
        let panics = event_loop.create_task(async move {
            sleep(secs(1)).await?;
            let _all = (once, sender, shows, &mut fills);
            planned()
        });
        let told = event_loop.run_until_complete(async move {
            let sent: Result<()> = full.send(()).await.map_err(Into::into);
            let told = (sent.is_err(), answer.await.is_err(), receiver.recv().await);
            Ok((told, watches.changed().await.is_err()))
        });
        assert_eq!(told.unwrap(), ((true, true, None), true));
        assert_panicked(&panics, "planned");
    });
}
