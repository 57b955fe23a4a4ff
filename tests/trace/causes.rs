//! Why something happens is told, and nothing else is.

use super::{recorded, secs, story, tells};
use send_none::sync::Lock;
use send_none::{FutureCell, gather, sleep};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

struct OnDrop<F: FnMut()>(F);

impl<F: FnMut()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn what_comes_after_a_future_with_a_foreign_waker_in_its_line_does_not_come_of_it() {
    let recorder = recorded(|event_loop| {
        let fut: FutureCell<()> = event_loop.create_future();
        let mut waiting = fut.clone();
        let polled = Pin::new(&mut waiting).poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
        let inside = event_loop.clone();
        event_loop.call_soon(move || {
            fut.set_result(()).unwrap();
            inside.call_soon(|| ());
            inside.create_task(async { Ok(()) });
            drop(waiting);
        });
        event_loop.call_later(secs(1), {
            let event_loop = event_loop.clone();
            move || event_loop.stop()
        });
        event_loop.run_forever().unwrap();
    });
    let text = story(&recorder);
    let sentences = [
        "Future-1 has its result; 1 in its line",
        "callback #1: callback #3 joins the run queue",
        "callback #1: Task-1 is made",
    ];
    tells(&text, &sentences);
}

#[test]
fn a_future_that_ends_with_another_does_not_take_the_rest_of_its_line() {
    let recorder = recorded(|event_loop| {
        let fut: FutureCell<()> = event_loop.create_future();
        let setter = fut.clone();
        let sender = event_loop.create_task(async move {
            fut.await?;
            Ok(())
        });
        let any = sender.any();
        let first = event_loop.create_task(async move { any.await });
        let second = sender.clone();
        let second = event_loop.create_task(async move {
            second.await?;
            Ok(())
        });
        event_loop.call_later(secs(1), move || setter.set_result(()));
        let all = async move { gather([first, second]).await };
        event_loop.run_until_complete(all).unwrap();
    });
    let text = story(&recorder);
    let sentences = [
        "Task-1 has its result; 2 in its line",
        "AnyTask-6 has its result; 1 in its line",
        "AnyTask-6 is settled: Task-2 is woken",
        "Task-1 is settled: Task-3 is woken",
    ];
    tells(&text, &sentences);
}

#[test]
fn what_happens_when_a_loop_closes_comes_of_what_is_dropped() {
    let recorder = recorded(|event_loop| {
        event_loop.set_exception_handler(|_, _| ());
        let (lock, done) = (Lock::new(), event_loop.create_future());
        done.add_done_callback(|_: &FutureCell<()>| ());
        let locked = async |lock: Lock| {
            let _guard = lock.lock().await?;
            sleep(secs(9)).await
        };
        let first = event_loop.create_task(locked(lock.clone()));
        let second = event_loop.create_task(locked(lock));
        event_loop.call_later(secs(1), {
            let event_loop = event_loop.clone();
            move || event_loop.stop()
        });
        event_loop.run_forever().unwrap();
        let sends_off = OnDrop(move || drop(done.set_result(())));
        event_loop.call_soon(move || drop(sends_off));
        drop((first, second));
    });
    let text = story(&recorder);
    let (_, end) = text.split_once("the run is over\n").unwrap();
    let expected = "       1  ┊┊      callback #3 joins the run queue
       1          the loop closes, and drops what is left: 2 callbacks, 2 tasks
       1              Future-1 has its result; 1 in its line
       1          the coroutine of Task-1 is dropped where it stands
       1              reported: Task was destroyed but it is pending!
                        <Task-1 waiting for <Future-4 pending, 1 waiting>>, made
       1              Future-4 is gone, and was never settled
       1              Lock.acquire-5 has its result; 1 in its line
       1              Task-1 is gone, and was never settled
       1          the coroutine of Task-2 is dropped where it stands
       1              reported: Task was destroyed but it is pending!
                        <Task-2 waiting for <Lock.acquire-5 finished>>, made
       1              Task-2 is gone, and was never settled
       1          the loop is closed
";
    assert_eq!(end, expected);
}
