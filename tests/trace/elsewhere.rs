//! What is told where something stands outside: in a box, in another loop, in a thread, in a program's own code.

use super::*;
use send_none::sync::Lock;
use std::fmt;
use std::rc::Rc;
use std::task::Waker;

#[test]
fn the_line_that_has_made_a_future_is_not_where_a_task_is_parked() {
    let made_at = line!() + 2;
    let recorder = recorded(|event_loop| {
        let fut: FutureCell<()> = event_loop.create_future();
        let setter = fut.clone();
        event_loop.call_later(secs(1), move || setter.set_result(()));
        let mut boxed: Pin<Box<dyn Future<Output = send_none::Result<()>>>> = Box::pin(fut);
        let polls = poll_fn(move |cx| boxed.as_mut().poll(cx));
        event_loop.run_until_complete(polls).unwrap();
    });
    let text = recorder.text();
    assert!(text.contains("Task-1 is parked on Future-1\n"), "{text}");
    let made_at = format!("at tests/trace/elsewhere.rs:{made_at}");
    assert!(!text.contains(&made_at), "{text}");
}

#[test]
fn of_several_things_the_last_is_told_with_its_own_place() {
    let asked_at = line!() + 6;
    let recorder = recorded(|event_loop| {
        let mut fut: FutureCell<()> = event_loop.create_future();
        let setter = fut.clone();
        event_loop.call_later(secs(1), move || setter.set_result(()));
        let either = async {
            let mut nap = Box::pin(sleep(secs(9)));
            poll_fn(move |cx| match Pin::new(&mut fut).poll(cx) {
                Poll::Pending => nap.as_mut().poll(cx),
                ready => ready,
            })
            .await
        };
        event_loop.run_until_complete(either).unwrap();
    });
    let text = recorder.text();
    let expected = format!("Future-1 and Future-3, at tests/trace/elsewhere.rs:{asked_at}:");
    assert!(text.contains(&expected), "no {expected:?} in\n{text}");
}

#[test]
fn a_lock_that_is_given_back_outside_of_a_run_is_told_to_the_loop_of_those_who_wait() {
    let recorder = recorded(|event_loop| {
        event_loop.set_exception_handler(|_, _| ());
        let (lock, kept) = (Lock::new(), Rc::new(Cell::new(None)));
        let (first, keep) = (lock.clone(), kept.clone());
        let takes = async move {
            keep.set(Some(first.lock().await?));
            Ok(())
        };
        event_loop.run_until_complete(takes).unwrap();
        for lock in [lock.clone(), lock] {
            event_loop.create_task(async move {
                let _got = lock.lock().await?;
                Ok(())
            });
        }
        event_loop.stop();
        event_loop.run_forever().unwrap();
        drop(kept.take());
    });
    let text = story(&recorder);
    let sentences = [
        "Task-1 has taken the lock that Lock.acquire-4 must wait for",
        "Task-1 has taken the lock that Lock.acquire-5 must wait for",
        "Lock.acquire-4 has its result",
    ];
    tells(&text, &sentences);
    let given_back = "\"elsewhere\":false,\"waiting\":[4, 5],\"f\":";
    let page = recorder.tell(Format::Page);
    assert!(page.contains(given_back), "{page}");
}

#[test]
fn a_task_of_another_loop_is_not_taken_for_one_of_this_loop() {
    let other = EventLoop::with_virtual_clock();
    let guest = Recorder::new();
    other.observe(guest.clone());
    let host = recorded(|event_loop| {
        let fut: FutureCell<()> = event_loop.create_future();
        other
            .run_until_complete(async { fut.await.map(drop) })
            .unwrap_err();
    });
    let page = host.tell(Format::Page);
    assert!(page.contains("\"who\":\"a waker\""), "{page}");
    let text = story(&guest);
    assert!(text.contains("Task-1 is parked on something from elsewhere"));
    assert!(!text.contains("nobody has its waker"), "{text}");
}

#[test]
fn a_loop_that_waits_for_its_threads_when_it_closes_says_so() {
    let event_loop = EventLoop::new();
    let recorder = Recorder::new();
    event_loop.observe(recorder.clone());
    let _given_up = event_loop.run_in_executor(|| ());
    event_loop.close().unwrap();
    let text = story(&recorder);
    let expected = "the loop closes, and drops what is left: what it keeps for others (a pool of threads, a gather)\n";
    assert!(text.contains(expected), "{text}");
}

struct Unprintable;

impl fmt::Display for Unprintable {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("planned");
    }
}

impl fmt::Debug for Unprintable {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("planned");
    }
}

impl std::error::Error for Unprintable {}

#[test]
fn an_error_that_cannot_be_printed_reaches_who_waits_for_it() {
    let recorder = recorded(|event_loop| {
        let fut: FutureCell<()> = event_loop.create_future();
        let setter = fut.clone();
        event_loop.call_later(secs(1), move || setter.set_exception(Unprintable));
        let main = async move { Ok(fut.await.is_err()) };
        assert!(event_loop.run_until_complete(main).unwrap());
    });
    let expected = "Future-1 has an error, an error that panics when it is printed; 1 in its line";
    tells(&story(&recorder), &[expected]);
}

#[test]
fn names_in_a_trace_viewer_are_as_harmless_as_in_the_text() {
    let recorder = recorded(|event_loop| {
        let task = event_loop.create_task(async { Ok(()) });
        task.set_name(format!("\u{202e}evil{}", "x".repeat(200)));
        event_loop.run_until_complete(task).unwrap();
    });
    let json = recorder.tell(Format::Chrome);
    assert!(!json.contains('\u{202e}') && !json.contains(&"x".repeat(70)));
    assert!(json.contains("evilxxx"), "{json}");
}

#[test]
fn who_else_may_wake_a_task_is_told_beside_what_it_waits_for() {
    let kept: Rc<Cell<Option<Waker>>> = Rc::default();
    let keep = kept.clone();
    let recorder = recorded(|event_loop| {
        let mut fut: FutureCell<()> = event_loop.create_future();
        let setter = fut.clone();
        event_loop.call_later(secs(1), move || setter.set_result(()));
        let both = poll_fn(move |cx| {
            keep.set(Some(cx.waker().clone()));
            Pin::new(&mut fut).poll(cx)
        });
        event_loop.run_until_complete(both).unwrap();
    });
    let expected = "Task-1 is parked on Future-1; somebody else may wake it, too";
    tells(&story(&recorder), &[expected]);
}

#[test]
fn of_several_leaves_that_are_left_the_last_is_told_with_its_place() {
    let last = line!() + 8;
    let recorder = recorded(|event_loop| {
        let [a, mut b, mut c] = [(); 3].map(|()| event_loop.create_future::<()>());
        let (setter, mut a) = (b.clone(), Some(a));
        event_loop.call_later(secs(1), move || setter.set_result(()));
        let either = poll_fn(move |cx| {
            let _pending = a.as_mut().map(|a| Pin::new(a).poll(cx));
            let b = Pin::new(&mut b).poll(cx);
            let c = Pin::new(&mut c).poll(cx);
            a = None;
            if b.is_ready() { b } else { c }
        });
        event_loop.run_until_complete(either).unwrap();
    });
    let text = recorder.text();
    let (_, on) = text
        .split_once("Task-1 is parked on Future-2 and Future-3, at ")
        .unwrap();
    let place = format!("tests/trace/elsewhere.rs:{last}:");
    assert!(on.starts_with(&place), "{place} in {text}");
}

#[test]
fn what_another_thread_has_scheduled_is_among_what_a_closing_loop_drops() {
    let recorder = recorded(|event_loop| {
        let handle = event_loop.threadsafe();
        let other = std::thread::spawn(move || handle.call_soon(|| ()));
        other.join().unwrap().unwrap();
    });
    let expected = "the loop closes, and drops what is left: 1 callback\n";
    tells(&story(&recorder), &[expected]);
}

#[test]
fn who_was_cancelled_does_not_wait_for_a_lock_any_more() {
    let recorder = recorded(|event_loop| {
        let lock = Lock::new();
        let main = async move {
            let held = lock.lock().await?;
            let [first, _second] = [lock.clone(), lock].map(|lock| {
                create_task(async move {
                    let _got = lock.lock().await?;
                    Ok(())
                })
            });
            yield_now().await?;
            first.cancel();
            drop(held);
            Ok(())
        };
        event_loop.run_until_complete(main).unwrap();
    });
    let page = recorder.tell(Format::Page);
    let given_back = "\"elsewhere\":false,\"waiting\":[5],\"f\":";
    assert!(page.contains(given_back), "{page}");
}
