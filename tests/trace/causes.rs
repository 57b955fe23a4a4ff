//! Why something happens is told, and nothing else is.

use super::{recorded, secs, story, tells};
use send_none::{FutureCell, gather};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};

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
