//! What a reader who checks each line against the program would miss: who has a lock, what comes of asking, what is
//! left.

use super::*;
use send_none::sync::Lock;
use send_none::{Coroutine, current_task, wait_for};
use std::cell::RefCell;
use std::task::Waker;

#[test]
fn an_observer_may_let_go_of_a_waiter_when_it_is_told_who_holds_the_lock() {
    let event_loop = EventLoop::with_virtual_clock();
    let waits: Rc<RefCell<Option<Box<dyn std::any::Any>>>> = Rc::default();
    let to_drop = waits.clone();
    event_loop.observe(move |_: Duration, event: &LoopEvent| {
        if matches!(event, LoopEvent::Holder { task: None, .. }) {
            drop(to_drop.take());
        }
    });
    let lock = Lock::new();
    let held = lock.clone();
    let main = async move {
        let guard = held.lock().await?;
        let mut waiter = Coroutine::new(held.acquire());
        let _suspended = waiter.send(Some(Waker::noop()));
        *waits.borrow_mut() = Some(Box::new(waiter));
        drop(guard);
        Ok(waits.borrow().is_none())
    };
    assert!(event_loop.run_until_complete(main).unwrap());
    assert!(!lock.locked());
    assert_eq!(format!("{lock:?}"), "<Lock unlocked, 0 waiting>");
}

#[test]
fn a_task_of_another_loop_that_has_the_lock_is_not_taken_for_one_of_this_loop() {
    let lock = Lock::new();
    EventLoop::with_virtual_clock()
        .run_until_complete(lock.acquire())
        .unwrap();
    let recorder = recorded(|event_loop| {
        let waits = event_loop.create_task(lock.acquire());
        let hangs = event_loop.run_until_complete(waits).unwrap_err();
        assert!(!hangs.to_string().contains("held by"), "{hangs}");
    });
    let expected = "a task of another loop has taken the lock that Lock.acquire-2 must wait for";
    tells(&story(&recorder), &[expected]);
}

#[test]
fn a_lock_that_many_wait_for_is_told_in_short_lines() {
    let recorder = recorded(|event_loop| {
        let lock = Lock::new();
        for _ in 0..100 {
            let lock = lock.clone();
            event_loop.create_task(async move {
                let _held = lock.lock().await?;
                yield_now().await
            });
        }
        event_loop
            .run_until_complete(async move { lock.acquire().await })
            .unwrap();
    });
    let text = story(&recorder);
    let first = "Task-1 has taken the lock that Lock.acquire-102 must wait for";
    let many = "Task-2 has taken the lock that Lock.acquire-103, Lock.acquire-104, Lock.acquire-105, \
                Lock.acquire-106, Lock.acquire-107, Lock.acquire-108 and others must wait for";
    tells(&text, &[first, many]);
    let page = recorder.tell(Format::Page);
    let longest = page
        .lines()
        .filter(|line| line.contains("\"k\":\"Holder\""))
        .map(str::len)
        .max();
    assert!(longest.is_some_and(|longest| longest < 600), "{longest:?}");
}

#[test]
fn to_ask_what_is_done_is_told_as_such() {
    let recorder = recorded(|event_loop| {
        let fut = event_loop.create_future();
        let task = event_loop.create_task(async { Ok(()) });
        let main = async move {
            fut.set_result(())?;
            fut.cancel();
            (&task).await?;
            task.abort();
            Ok(())
        };
        event_loop.run_until_complete(main).unwrap();
    });
    let text = story(&recorder);
    tells(
        &text,
        &["Future-1 is asked to cancel itself, and is done already"],
    );
    assert!(!text.contains("is to be dropped"), "{text}");
}

#[test]
fn who_is_cancelled_and_may_not_wait_is_told_what_comes() {
    let recorder = recorded(|event_loop| {
        let own: Rc<Cell<Option<send_none::Task<()>>>> = Rc::default();
        let me = own.clone();
        let task = event_loop.create_task(async move {
            current_task().unwrap().cancel();
            me.take().unwrap().await
        });
        own.set(Some(task.clone()));
        event_loop.run_until_complete(task).unwrap_err();
    });
    let text = story(&recorder);
    tells(
        &text,
        &["Task-1 was asked to cancel itself: next comes CancelledError"],
    );
    assert!(!text.contains("RuntimeError"), "{text}");
}

#[test]
fn a_coroutine_that_panics_when_it_is_dropped_is_told_so() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("planned");
        }
    }
    let recorder = recorded(|event_loop| {
        let bomb = Bomb;
        let task = event_loop.create_task(async move {
            let _kept = &bomb;
            std::future::pending::<send_none::Result<()>>().await
        });
        let canceller = task.clone();
        event_loop.call_later(secs(1), move || canceller.cancel());
        event_loop.run_until_complete(gather([task])).unwrap_err();
    });
    let sentences = [
        "CancelledError ends Task-1; nothing of it runs",
        "the coroutine of Task-1 is dropped, and panics",
    ];
    tells(&story(&recorder), &sentences);
}

#[test]
fn a_leaf_that_was_not_polled_again_is_named_as_one_that_has_the_waker() {
    let recorder = recorded(|event_loop| {
        let [mut quick, mut slow] = [(); 2].map(|()| event_loop.create_future::<()>());
        let setter = quick.clone();
        event_loop.call_later(secs(1), move || setter.set_result(()));
        let main = async move {
            poll_fn(|cx| match Pin::new(&mut quick).poll(cx) {
                Poll::Pending => Pin::new(&mut slow).poll(cx),
                ready => ready,
            })
            .await?;
            wait_for(sleep(secs(1)), secs(9)).await
        };
        event_loop.run_until_complete(main).unwrap();
    });
    tells(
        &story(&recorder),
        &["; its waker is in the line of Future-2, too"],
    );
}

#[test]
fn what_a_closing_loop_has_still_to_drop_is_known_when_the_beginning_is_kept_no_longer() {
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::keeping(8);
    event_loop.observe(recorder.clone());
    for _ in 0..9 {
        event_loop.create_task(sleep(secs(1)));
    }
    event_loop.stop();
    event_loop.run_forever().unwrap();
    event_loop.close().unwrap();
    let page = recorder.tell(Format::Page);
    assert!(!page.contains("\"k\":\"Closing\""), "{page}");
    let (_, base) = page.split_once("\"k\":\"Base\"").unwrap();
    let (base, _) = base.split_once("-->").unwrap();
    assert!(base.contains("\"left\":[{"), "{base}");
    assert!(base.contains("\"tasks\":[]"), "{base}");
}

#[test]
fn two_loops_give_two_results() {
    let results = [1, 2].map(|n| {
        let event_loop = EventLoop::with_virtual_clock();
        event_loop.run_until_complete(async move { Ok(n) }).unwrap()
    });
    assert_eq!(results, [1, 2]);
}

/// The test above, traced in a process of its own.
#[test]
fn on_the_terminal_each_line_of_a_second_loop_says_so() {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "closer::two_loops_give_two_results",
            "--nocapture",
        ])
        .env("SEND_NONE_TRACE", "-")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let ends = |mark: &str| format!("\n{mark}       0          the loop is closed\n");
    tells(&text, &[&ends(""), &ends("loop 2: ")]);
}
