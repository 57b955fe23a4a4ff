//! flume: channels for threads that tasks can use, too. It calls the waker under a lock of its own.

use flume::{RecvError, bounded, unbounded};
use futures::StreamExt;
use send_none::{EventLoop, sleep};
use std::thread::spawn;

use crate::{
    assert_panicked, cancel_one_and_abort_one, on_a_loop, planned, secs, settle, turn, when_asleep,
};

#[test]
fn messages_come_in_their_order_also_as_a_stream() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = bounded(1);
        let sends = event_loop.create_task(async move {
            for number in 0..5 {
                sender.send_async(number).await?;
            }
            Ok(())
        });
        let received = async move {
            Ok(receiver
                .into_stream()
                .map(|n| n * 2)
                .collect::<Vec<_>>()
                .await)
        };
        let received = event_loop.run_until_complete(received);
        assert_eq!(received.unwrap(), [0, 2, 4, 6, 8]);
        assert!(sends.result().is_ok());
    });
}

#[test]
fn a_channel_without_room_makes_the_sender_wait_for_the_receiver() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = bounded(0);
        let sends = event_loop.create_task(async move { Ok(sender.send_async(7).await?) });
        turn(event_loop);
        assert!(!sends.done());
        let receives = async move {
            sleep(secs(3)).await?;
            Ok(receiver.recv_async().await?)
        };
        assert_eq!(event_loop.run_until_complete(receives).unwrap(), 7);
        event_loop.run_until_complete(sends).unwrap();
        assert_eq!(event_loop.time(), secs(3));
    });
}

#[test]
fn a_message_wakes_the_receiver() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        event_loop.call_later(secs(3), move || sender.send(7).unwrap());
        let receives = async move { Ok(receiver.recv_async().await?) };
        assert_eq!(event_loop.run_until_complete(receives).unwrap(), 7);
        assert_eq!(event_loop.time(), secs(3));
    });
}

#[test]
fn a_message_from_another_thread_wakes_the_receiver() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        let thread = when_asleep(event_loop, move || sender.send(7));
        let receives = async move { Ok(receiver.recv_async().await?) };
        assert_eq!(event_loop.run_until_complete(receives).unwrap(), 7);
        thread.join().unwrap().unwrap();
    });
}

#[test]
fn a_thousand_messages_go_to_a_thread_and_come_back() {
    on_a_loop(|event_loop| {
        let (to_thread, in_thread) = bounded(0);
        let (to_loop, in_loop) = bounded(0);
        let thread = spawn(move || {
            for number in in_thread {
                to_loop.send(number + 1).unwrap();
            }
        });
        let last = event_loop.run_until_complete(async move {
            let mut number = 0;
            while number < 1000 {
                to_thread.send_async(number).await?;
                number = in_loop.recv_async().await?;
            }
            Ok(number)
        });
        assert_eq!(last.unwrap(), 1000);
        thread.join().unwrap();
    });
}

#[test]
fn receivers_that_are_cancelled_or_aborted_leave_the_line() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        cancel_one_and_abort_one(event_loop, || {
            let receiver = receiver.clone();
            async move { Ok(receiver.recv_async().await?) }
        });
        assert_eq!(sender.receiver_count(), 1);
        sender.send(7).unwrap();
        let receives = async move { Ok(receiver.recv_async().await?) };
        assert_eq!(event_loop.run_until_complete(receives).unwrap(), 7);
    });
}

#[test]
fn senders_that_are_cancelled_or_aborted_take_their_message_back() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = bounded(0);
        cancel_one_and_abort_one(event_loop, || {
            let sender = sender.clone();
            async move { Ok(sender.send_async(7).await?) }
        });
        assert!(receiver.try_recv().is_err() && receiver.sender_count() == 1);
    });
}

#[test]
fn a_receiver_that_is_aborted_when_its_message_is_there_leaves_it_to_the_next() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        let [first, second] = [receiver.clone(), receiver].map(|receiver| {
            event_loop.create_task(async move { Ok(receiver.recv_async().await?) })
        });
        turn(event_loop);
        sender.send(7).unwrap();
        first.abort();
        assert_eq!(event_loop.run_until_complete(second).unwrap(), 7);
        assert!(first.cancelled());
    });
}

#[test]
fn when_a_receiver_panics_the_other_one_gets_what_comes_next() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        let other = receiver.clone();
        let panics = event_loop.create_task(async move {
            assert_eq!(receiver.recv_async().await?, 1);
            planned()
        });
        let other = event_loop.create_task(async move { Ok(other.recv_async().await?) });
        turn(event_loop);
        sender.send(1).unwrap();
        sender.send(2).unwrap();
        assert_eq!(event_loop.run_until_complete(other).unwrap(), 2);
        assert_panicked(&panics, "planned");
        settle(event_loop);
        assert!(sender.is_disconnected());
    });
}

#[test]
fn when_the_only_sender_panics_the_receiver_is_told() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = unbounded();
        let panics = event_loop.create_task(async move {
            sender.send(1)?;
            sleep(secs(1)).await?;
            planned()
        });
        let both = async move { Ok((receiver.recv_async().await, receiver.recv_async().await)) };
        let received = event_loop.run_until_complete(both).unwrap();
        assert_eq!(received, (Ok(1), Err(RecvError::Disconnected)));
        assert_panicked(&panics, "planned");
    });
}

/// The drop of the receiver takes the lock under which the thread calls the waker.
#[test]
fn a_loop_can_be_closed_in_the_midst_of_the_messages_of_a_thread() {
    on_a_loop(|_| {
        for turns in 0..100 {
            let event_loop = EventLoop::with_virtual_clock();
            event_loop.set_exception_handler(|_, _| ());
            let (sender, receiver) = bounded(0);
            event_loop.create_task(async move {
                while receiver.recv_async().await.is_ok() {}
                Ok(())
            });
            let thread = spawn(move || (0..).take_while(|_| sender.send(()).is_ok()).count());
            for _ in 0..turns {
                turn(&event_loop);
            }
            event_loop.close().unwrap();
            thread.join().unwrap();
        }
    });
}
