//! async-channel: many senders, many receivers.

use async_channel::{RecvError, bounded, unbounded};
use send_none::{Coroutine, Error, EventLoop, Step, Suspended, sleep, wait_for, yield_now};
use std::thread::spawn;

use crate::{
    assert_panicked, cancel_one_and_abort_one, on_a_loop, planned, secs, settle, turn, when_asleep,
};

#[test]
fn messages_come_in_their_order_and_a_full_channel_makes_the_sender_wait() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = bounded(1);
        let sends = event_loop.create_task(async move {
            for number in 0..5 {
                sender.send(number).await?;
            }
            Ok(())
        });
        let received = event_loop.run_until_complete(async move {
            let mut received = Vec::new();
            while let Ok(number) = receiver.recv().await {
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
fn a_coroutine_that_waits_for_a_message_can_be_driven_by_hand() {
    let (sender, receiver) = unbounded();
    let mut coro = Coroutine::new(async move { Ok(receiver.recv().await?) });
    for _ in 0..3 {
        let step = coro.send(None);
        assert!(matches!(step, Step::Suspended(Suspended::Foreign)));
    }
    sender.try_send(7).unwrap();
    assert!(matches!(coro.send(None), Step::Returned(Ok(7))));
}

#[test]
fn a_message_wakes_the_receiver_and_room_wakes_the_sender() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = bounded(1);
        let late = sender.clone();
        event_loop.call_later(secs(3), move || late.try_send(7).unwrap());
        let receives = receiver.clone();
        let first = event_loop.run_until_complete(async move { Ok(receives.recv().await?) });
        assert_eq!((first.unwrap(), event_loop.time()), (7, secs(3)));

        sender.try_send(8).unwrap();
        let takes = receiver.clone();
        event_loop.call_later(secs(3), move || takes.try_recv().unwrap());
        let second = event_loop.run_until_complete(async move { Ok(sender.send(9).await?) });
        assert_eq!((second.unwrap(), event_loop.time()), ((), secs(6)));
        assert_eq!(receiver.try_recv(), Ok(9));
    });
}

#[test]
fn a_message_from_another_thread_wakes_the_receiver() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        let thread = when_asleep(event_loop, move || sender.send_blocking(7));
        let received = event_loop.run_until_complete(async move { Ok(receiver.recv().await?) });
        assert_eq!(received.unwrap(), 7);
        thread.join().unwrap().unwrap();
    });
}

#[test]
fn a_thousand_messages_go_to_a_thread_and_come_back() {
    on_a_loop(|event_loop| {
        let (to_thread, in_thread) = bounded(1);
        let (to_loop, in_loop) = bounded(1);
        let thread = spawn(move || {
            while let Ok(number) = in_thread.recv_blocking() {
                to_loop.send_blocking(number + 1).unwrap();
            }
        });
        let last = event_loop.run_until_complete(async move {
            let mut number = 0;
            while number < 1000 {
                to_thread.send(number).await?;
                number = in_loop.recv().await?;
            }
            Ok(number)
        });
        assert_eq!(last.unwrap(), 1000);
        thread.join().unwrap();
    });
}

#[test]
fn two_loops_on_two_threads_talk_to_each_other() {
    on_a_loop(|event_loop| {
        let (to_other, in_other) = unbounded::<i32>();
        let (to_us, in_ours) = unbounded::<i32>();
        let thread = spawn(move || {
            EventLoop::with_virtual_clock().run_until_complete(async move {
                while let Ok(number) = in_other.recv().await {
                    sleep(secs(1)).await?;
                    to_us.send(number * 2).await?;
                }
                Ok(())
            })
        });
        let doubled = event_loop.run_until_complete(async move {
            let mut doubled = Vec::new();
            for number in 0..100 {
                to_other.send(number).await?;
                doubled.push(in_ours.recv().await?);
            }
            Ok(doubled)
        });
        assert!(doubled.unwrap().into_iter().eq((0..100).map(|n| n * 2)));
        thread.join().unwrap().unwrap();
    });
}

#[test]
fn receivers_that_are_cancelled_or_aborted_leave_the_line() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        cancel_one_and_abort_one(event_loop, || {
            let receiver = receiver.clone();
            async move { Ok(receiver.recv().await?) }
        });
        assert_eq!(receiver.receiver_count(), 1);
        sender.try_send(7).unwrap();
        let received = event_loop.run_until_complete(async move { Ok(receiver.recv().await?) });
        assert_eq!(received.unwrap(), 7);
    });
}

#[test]
fn senders_that_are_cancelled_or_aborted_send_nothing() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = bounded(1);
        sender.try_send(1).unwrap();
        cancel_one_and_abort_one(event_loop, || {
            let sender = sender.clone();
            async move { Ok(sender.send(2).await?) }
        });
        assert_eq!(receiver.try_recv(), Ok(1));
        settle(event_loop);
        assert!(receiver.is_empty() && receiver.sender_count() == 1);
    });
}

#[test]
fn a_receiver_that_is_aborted_when_its_message_is_there_leaves_it_to_the_next() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        let [first, second] = [receiver.clone(), receiver]
            .map(|receiver| event_loop.create_task(async move { Ok(receiver.recv().await?) }));
        turn(event_loop);
        sender.try_send(7).unwrap();
        first.abort();
        assert_eq!(event_loop.run_until_complete(second).unwrap(), 7);
        assert!(first.cancelled());
    });
}

#[test]
fn a_receiver_gives_up_when_its_time_is_over() {
    on_a_loop(|event_loop| {
        let (_sender, receiver) = unbounded::<i32>();
        let limited = wait_for(async move { Ok(receiver.recv().await?) }, secs(5));
        let result = event_loop.run_until_complete(limited);
        assert!(matches!(result, Err(Error::Timeout)));
        assert_eq!(event_loop.time(), secs(5));
    });
}

#[test]
fn when_a_receiver_panics_the_other_one_gets_what_comes_next() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        let other = receiver.clone();
        let panics = event_loop.create_task(async move {
            assert_eq!(receiver.recv().await?, 1);
            planned()
        });
        let other = event_loop.create_task(async move { Ok(other.recv().await?) });
        turn(event_loop);
        sender.try_send(1).unwrap();
        sender.try_send(2).unwrap();
        assert_eq!(event_loop.run_until_complete(other).unwrap(), 2);
        assert_panicked(&panics, "planned");
        assert!(sender.is_closed());
    });
}

#[test]
fn when_the_only_sender_panics_the_receiver_is_told() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        let panics = event_loop.create_task(async move {
            sender.send(1).await?;
            sleep(secs(1)).await?;
            planned()
        });
        let received = event_loop
            .run_until_complete(async move { Ok((receiver.recv().await, receiver.recv().await)) });
        assert_eq!(received.unwrap(), (Ok(1), Err(RecvError)));
        assert_panicked(&panics, "planned");
    });
}

#[test]
fn closing_the_loop_drops_the_receivers_and_a_sender_outlives_it() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        let task = event_loop.create_task(async move { Ok(receiver.recv().await?) });
        event_loop.run_until_complete(yield_now()).unwrap();
        event_loop.close().unwrap();
        assert!(sender.is_closed() && !task.done());
        assert!(spawn(move || sender.try_send(7)).join().unwrap().is_err());
    });
}
