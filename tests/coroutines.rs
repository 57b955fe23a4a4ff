//! Coroutines driven by hand, and what a step tells of itself.

use send_none::{
    Coroutine, Error, EventLoop, Result, Step, Suspended, Task, all_tasks, current_task,
    ensure_future, gather, run, sleep, yield_now,
};
use std::cell::{Cell, RefCell};
use std::future::{pending, poll_fn};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

fn turn(event_loop: &EventLoop) {
    event_loop.stop();
    event_loop.run_forever().unwrap();
}

/// Sets its flag when it is dropped.
struct Witness(Rc<Cell<bool>>);

impl Drop for Witness {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

fn witness() -> (Witness, Rc<Cell<bool>>) {
    let dropped = Rc::new(Cell::new(false));
    (Witness(dropped.clone()), dropped)
}

#[test]
fn a_step_tells_a_future_from_a_bare_yield_from_a_foreign_future() {
    let event_loop = EventLoop::with_virtual_clock();
    let (fut, other) = (
        event_loop.create_future::<()>(),
        event_loop.create_future::<()>(),
    );
    let waits = fut.clone();
    let mut coro = Coroutine::new(async move {
        yield_now().await?;
        poll_fn(|cx| {
            // Somebody else's future: pending, and nothing noted.
            cx.waker().wake_by_ref();
            Poll::Pending::<()>
        })
        .await;
        waits.await
    });
    assert!(matches!(coro.send(None), Step::Suspended(Suspended::Yield)));
    assert!(matches!(
        coro.send(None),
        Step::Suspended(Suspended::Foreign)
    ));
    // A foreign future cannot take what is thrown in: the coroutine is dropped.
    let step = coro.throw(Error::msg("out of the way"));
    assert!(matches!(step, Step::Returned(Err(error)) if error.to_string() == "out of the way"));

    let waits = fut.clone();
    let mut coro = Coroutine::new(waits);
    let Step::Suspended(Suspended::On(it)) = coro.send(None) else {
        panic!()
    };
    assert!(it.is(&fut) && !it.is(&other) && !it.done());
    assert_eq!(format!("{it:?}"), "<Future-1 pending, 1 waiting>");
}

#[test]
fn several_futures_at_once_are_no_single_one() {
    let event_loop = EventLoop::with_virtual_clock();
    let (a, b) = (
        event_loop.create_future::<()>(),
        event_loop.create_future::<()>(),
    );
    let (wait_a, wait_b) = (a.clone(), b.clone());
    let task = event_loop.create_task(async move {
        let (mut a, mut b) = (pin!(wait_a), pin!(wait_b));
        poll_fn(|cx| match (a.as_mut().poll(cx), b.as_mut().poll(cx)) {
            (Poll::Ready(result), Poll::Ready(_)) => Poll::Ready(result),
            _ => Poll::Pending,
        })
        .await
    });
    turn(&event_loop);
    assert!(task.cancel());
    assert!(
        a.cancelled() && b.cancelled(),
        "all that it waits for is cancelled"
    );
}

#[test]
fn what_is_thrown_in_lands_at_the_await_and_can_be_caught() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<i32>();
    let waits = fut.clone();
    let mut coro = Coroutine::new(async move {
        match (&waits).await {
            Err(error) => Ok(format!("caught {error}")),
            Ok(_) => Ok("no error".into()),
        }
    });
    assert!(matches!(coro.send(None), Step::Suspended(_)));
    let Step::Returned(result) = coro.throw(Error::msg("this")) else {
        panic!()
    };
    assert_eq!(result.unwrap(), "caught this");
    assert!(!fut.done());
}

#[test]
fn close_drops_the_coroutine_and_all_that_it_holds() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<()>();
    let ((kept, dropped), waits) = (witness(), fut.clone());
    let mut coro = Coroutine::new(async move {
        let _kept = kept;
        waits.await
    });
    assert!(matches!(coro.send(None), Step::Suspended(_)));
    assert!(!dropped.get());
    coro.close();
    assert!(dropped.get());
    assert_eq!(format!("{fut:?}"), "<Future-1 pending, 0 waiting>");
    assert!(matches!(coro.send(None), Step::Returned(Err(_))));
}

#[test]
fn a_coroutine_driven_inside_a_task_does_not_disturb_it() {
    let event_loop = EventLoop::with_virtual_clock();
    let (inner, outer) = (
        event_loop.create_future::<()>(),
        event_loop.create_future::<()>(),
    );
    let (by_hand, waits) = (inner.clone(), outer.clone());
    let task = event_loop.create_task(async move {
        let mut coro = Coroutine::new(by_hand);
        assert!(matches!(coro.send(None), Step::Suspended(Suspended::On(_))));
        assert!(current_task().is_some());
        waits.await
    });
    turn(&event_loop);
    task.cancel();
    assert!(outer.cancelled() && !inner.done());
}

#[test]
fn a_coroutine_is_a_future_and_can_be_awaited_once_it_was_started_by_hand() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<i32>();
    let mut coro = Coroutine::new(fut.clone());
    assert!(matches!(coro.send(None), Step::Suspended(_)));
    let setter = fut.clone();
    event_loop.call_soon(move || setter.set_result(7));
    assert_eq!(event_loop.run_until_complete(coro).unwrap(), 7);
}

#[test]
fn a_task_that_waits_for_something_foreign_is_cancelled_by_dropping_its_coroutine() {
    let event_loop = EventLoop::with_virtual_clock();
    let (kept, dropped) = witness();
    let task: Task<()> = event_loop.create_task(async move {
        let _kept = kept;
        pending().await
    });
    turn(&event_loop);
    assert!(task.cancel() && !task.done() && !dropped.get());
    assert!(matches!(
        event_loop.run_until_complete(&task),
        Err(Error::Cancelled)
    ));
    assert!(dropped.get() && task.cancelled());
}

#[test]
fn abort_drops_the_coroutine_in_the_next_turn_and_its_body_never_resumes() {
    let event_loop = EventLoop::with_virtual_clock();
    let fut = event_loop.create_future::<()>();
    let ((kept, dropped), waits) = (witness(), fut.clone());
    let task = event_loop.create_task(async move {
        let _kept = kept;
        let _refuses = waits.await;
        panic!("it should not have resumed");
    });
    let task: Task<()> = task;
    turn(&event_loop);
    task.abort();
    assert!(!dropped.get(), "nothing is dropped on the spot");
    fut.set_result(()).unwrap();
    turn(&event_loop);
    assert!(dropped.get() && task.cancelled());
    task.abort();
}

#[test]
fn a_task_that_aborts_itself_ends_at_its_next_wait() {
    let event_loop = EventLoop::with_virtual_clock();
    let seen = Rc::new(Cell::new(0));
    let counted = seen.clone();
    let task: Task<()> = event_loop.create_task(async move {
        current_task().unwrap().abort();
        counted.set(1);
        yield_now().await?;
        counted.set(2);
        Ok(())
    });
    assert!(matches!(
        event_loop.run_until_complete(task),
        Err(Error::Cancelled)
    ));
    assert_eq!(seen.get(), 1);
}

#[test]
fn dropping_the_handle_detaches_the_task() {
    let event_loop = EventLoop::with_virtual_clock();
    let seen = Rc::new(Cell::new(false));
    let done = seen.clone();
    drop(event_loop.create_task(async move {
        sleep(Duration::from_secs(1)).await?;
        done.set(true);
        Ok(())
    }));
    event_loop
        .run_until_complete(sleep(Duration::from_secs(2)))
        .unwrap();
    assert!(seen.get());
}

#[test]
fn dropping_the_last_handle_of_a_loop_drops_what_is_left() {
    let event_loop = EventLoop::with_virtual_clock();
    let (kept, dropped) = witness();
    let task: Task<()> = event_loop.create_task(async move {
        let _kept = kept;
        sleep(Duration::from_secs(1)).await
    });
    turn(&event_loop);
    let gathered = gather([&task]);
    drop(event_loop);
    assert!(dropped.get() && !task.done() && !gathered.done());
}

/// A hundred thousand tasks, each awaiting the one before: neither cancelling the last nor dropping
/// them all may need a stack frame for each.
#[test]
fn a_long_chain_of_tasks_is_cancelled_and_dropped_without_recursion() {
    for cancelled in [true, false] {
        let event_loop = EventLoop::with_virtual_clock();
        let bottom = event_loop.create_future::<()>();
        let mut last = event_loop.create_task(bottom.clone());
        for _ in 0..100_000 {
            let before = last;
            last = event_loop.create_task(before);
        }
        turn(&event_loop);
        if cancelled {
            assert!(last.cancel() && bottom.cancelled());
            assert!(matches!(
                event_loop.run_until_complete(last),
                Err(Error::Cancelled)
            ));
            assert!(all_tasks(&event_loop).is_empty());
        } else {
            event_loop.close().unwrap();
            assert!(!last.done());
        }
    }
}

#[test]
fn a_result_that_cannot_be_cloned_comes_out_of_the_run() {
    struct Unique;
    assert!(run(async { Ok(Unique) }).is_ok());
}

#[test]
fn run_cancels_what_is_left_and_waits_for_its_clean_up() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let tells = told.clone();
    let result = run(async move {
        let _left = send_none::create_task(async move {
            let cancelled = sleep(Duration::from_secs(60)).await;
            tells.borrow_mut().push("cancelled");
            sleep(Duration::from_millis(1)).await?;
            tells.borrow_mut().push("cleaned up");
            cancelled
        });
        yield_now().await?;
        Ok("the result")
    });
    assert_eq!(result.unwrap(), "the result");
    assert_eq!(*told.borrow(), ["cancelled", "cleaned up"]);
}

#[test]
fn boxed_coroutines_of_different_kinds_can_be_gathered() {
    type Boxed = Pin<Box<dyn Future<Output = Result<i32>>>>;
    let event_loop = EventLoop::with_virtual_clock();
    let members: Vec<Boxed> = vec![
        Box::pin(async { Ok(1) }),
        Box::pin(event_loop.create_task(async { Ok(2) })),
    ];
    let sum = event_loop.run_until_complete(async move {
        let early = ensure_future(async { Ok(3) });
        Ok(gather(members).await?.iter().sum::<i32>() + early.await?)
    });
    assert_eq!(sum.unwrap(), 6);
}

/// What the clean-up finds must not hide how the program itself has ended.
#[test]
fn run_tells_how_the_program_ended_even_if_what_is_left_never_ends() {
    async fn refuses() -> Result<()> {
        let _cancelled = sleep(Duration::from_secs(60)).await;
        let never = send_none::get_event_loop()?.create_future::<()>();
        never.await
    }
    let panicked = std::panic::catch_unwind(|| {
        run::<(), _>(async {
            let _left = send_none::create_task(refuses());
            yield_now().await?;
            panic!("boom")
        })
    });
    assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"boom"));
    let failed = run::<(), _>(async {
        let _left = send_none::create_task(refuses());
        yield_now().await?;
        Err(Error::msg("its own error"))
    });
    assert_eq!(failed.unwrap_err().to_string(), "its own error");
}

/// Why `Pin`? What an `await` must keep is kept inside the future itself, and may be referred to from
/// inside: so it must not move once it has been polled.
#[test]
fn a_coroutine_holds_what_lives_across_an_await_and_nothing_else() {
    async fn keeps() -> Result<u8> {
        let buffer = [7_u8; 1_000];
        let refers = &buffer[999]; // into the future itself
        yield_now().await?;
        Ok(*refers)
    }
    async fn forgets() -> Result<u8> {
        let last = {
            let buffer = [7_u8; 1_000];
            buffer[999]
        };
        yield_now().await?;
        Ok(last)
    }
    assert!(size_of_val(&keeps()) >= 1_000);
    assert!(size_of_val(&forgets()) < 100);
    let event_loop = EventLoop::with_virtual_clock();
    assert_eq!(event_loop.run_until_complete(keeps()).unwrap(), 7);
    assert_eq!(event_loop.run_until_complete(forgets()).unwrap(), 7);
}
