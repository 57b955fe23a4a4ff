//! A task that waits for several, and is cancelled: each of those that were asked has an answer of its own.

use crate::{Later, OnDrop, later, secs, turns};
use send_none::{Error, EventLoop, FutureCell, Result, Task, current_task, sleep, yield_now};
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Polls it, unless its result is there. Is it now?
fn polled<F: Future<Output = Result<T>> + Unpin, T>(
    fut: &mut F,
    result: &mut Option<Result<T>>,
    cx: &mut Context<'_>,
) -> bool {
    if result.is_none() {
        match Pin::new(fut).poll(cx) {
            Poll::Ready(ready) => *result = Some(ready),
            Poll::Pending => return false,
        }
    }
    true
}

/// Waits for both, in that order.
async fn join<T: Clone>(mut both: [FutureCell<T>; 2]) -> [Result<T>; 2] {
    let mut results = [None, None];
    poll_fn(|cx| {
        let mut all_done = true;
        for (fut, result) in both.iter_mut().zip(&mut results) {
            all_done &= polled(fut, result, cx);
        }
        match all_done {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    })
    .await;
    results.map(Option::unwrap)
}

/// Sleeps long. If it is cancelled, cleans up for so many seconds, and then refuses.
fn refuses_after(event_loop: &EventLoop, seconds: u64) -> Task<i32> {
    event_loop.create_task(async move {
        let _cancelled = sleep(secs(100)).await;
        sleep(secs(seconds)).await?;
        Ok(7)
    })
}

/// The same, with five seconds, also the second time.
fn refuses_twice(event_loop: &EventLoop) -> Task<i32> {
    event_loop.create_task(async {
        let _the_first_time = sleep(secs(100)).await;
        let _the_second_time = sleep(secs(100)).await;
        sleep(secs(5)).await?;
        Ok(7)
    })
}

/// Runs a join of the two, in this order or the other one, and cancels it; gives what came of the two.
fn cancelled_join(
    event_loop: &EventLoop,
    mut both: [FutureCell<i32>; 2],
    turned: bool,
    before: impl FnOnce(),
) -> [Result<i32>; 2] {
    if turned {
        both.reverse();
    }
    let results = Rc::new(RefCell::new(None));
    let finds = results.clone();
    let task = event_loop.create_task(async move {
        *finds.borrow_mut() = Some(join(both).await);
        Ok(())
    });
    turns(event_loop, 2);
    before();
    assert!(task.cancel());
    event_loop.run_until_complete(task).unwrap();
    let mut results = results.take().unwrap();
    if turned {
        results.reverse();
    }
    results
}

/// One is cancelled at once, and the other one refuses: neither gets what is the other's.
#[test]
fn each_of_several_gives_out_its_own_end() {
    for turned in [false, true] {
        let event_loop = EventLoop::with_virtual_clock();
        let (fut, task) = (event_loop.create_future(), refuses_after(&event_loop, 5));
        let results = cancelled_join(&event_loop, [fut, task.into()], turned, || ());
        assert!(
            matches!(results, [Err(Error::Cancelled), Ok(7)]),
            "{results:?}"
        );
        assert_eq!(event_loop.time(), secs(5));
    }
}

#[test]
fn a_result_that_is_there_is_not_lost_to_the_cancellation_of_another() {
    for turned in [false, true] {
        let event_loop = EventLoop::with_virtual_clock();
        let [fut, done] = [(); 2].map(|_| event_loop.create_future());
        let set = done.clone();
        let before = move || set.set_result(7).unwrap();
        let results = cancelled_join(&event_loop, [fut, done], turned, before);
        assert!(
            matches!(results, [Err(Error::Cancelled), Ok(7)]),
            "{results:?}"
        );
    }
}

/// One was cancelled by somebody else before.
#[test]
fn who_was_cancelled_before_is_no_answer_of_the_other() {
    for turned in [false, true] {
        let event_loop = EventLoop::with_virtual_clock();
        let (fut, task) = (event_loop.create_future(), refuses_after(&event_loop, 5));
        let somebody = fut.clone();
        let before = move || assert!(somebody.cancel());
        let results = cancelled_join(&event_loop, [fut, task.into()], turned, before);
        assert!(
            matches!(results, [Err(Error::Cancelled), Ok(7)]),
            "{results:?}"
        );
    }
}

/// Waits for both, until the second one is given up; then for the first one alone.
struct Both {
    event_loop: EventLoop,
    waker: Later<Waker>,
    gives_up: Rc<Cell<bool>>,
}

impl Both {
    fn new() -> Self {
        Both {
            event_loop: EventLoop::with_virtual_clock(),
            waker: Rc::default(),
            gives_up: Rc::default(),
        }
    }

    /// The first one decides; then the task sleeps for ten seconds.
    fn wait(&self, first: Task<i32>, second: FutureCell<i32>) -> Task<()> {
        let (waker, gives_up) = (self.waker.clone(), self.gives_up.clone());
        let (mut first, mut second, mut seen) = (first, Some(second), None);
        self.event_loop.create_task(async move {
            poll_fn(move |cx| {
                *waker.borrow_mut() = Some(cx.waker().clone());
                second.take_if(|_| gives_up.get());
                if let Some(second) = &mut second {
                    polled(second, &mut seen, cx);
                }
                Pin::new(&mut first).poll(cx)
            })
            .await?;
            sleep(secs(10)).await
        })
    }

    fn give_up_after(&self, seconds: u64) {
        let gives_up = self.gives_up.clone();
        later(&self.event_loop, seconds, &self.waker, move || {
            gives_up.set(true)
        });
    }
}

/// He has not answered when he is given up. What he would have said is heard by nobody, whoever keeps a handle.
#[test]
fn who_is_given_up_leaves_a_cancellation_owed_until_the_others_have_answered() {
    for keeps in [false, true] {
        let both = Both::new();
        let first = refuses_after(&both.event_loop, 5);
        let second = refuses_after(&both.event_loop, 3);
        let _kept = keeps.then(|| second.clone());
        let task = both.wait(first, second.into());
        turns(&both.event_loop, 2);
        assert!(task.cancel());
        both.give_up_after(1);
        let result = both.event_loop.run_until_complete(task);
        assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
        assert_eq!(both.event_loop.time(), secs(5));
    }
}

/// The second time there is only one left to be asked, who refuses again.
#[test]
fn who_is_asked_again_still_owes_the_first_time() {
    let both = Both::new();
    let first = refuses_twice(&both.event_loop);
    let second = refuses_after(&both.event_loop, 3);
    let task = both.wait(first, second.into());
    turns(&both.event_loop, 2);
    assert!(task.cancel());
    both.give_up_after(1);
    let again = task.clone();
    both.event_loop.call_later(secs(2), move || again.cancel());
    let result = both.event_loop.run_until_complete(task);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    assert_eq!(both.event_loop.time(), secs(7));
}

#[test]
fn who_has_refused_before_he_is_given_up_owes_nothing() {
    let both = Both::new();
    let first = refuses_after(&both.event_loop, 5);
    let second = refuses_after(&both.event_loop, 3);
    let task = both.wait(first, second.into());
    turns(&both.event_loop, 2);
    assert!(task.cancel());
    both.give_up_after(4);
    both.event_loop.run_until_complete(task).unwrap();
    assert_eq!(both.event_loop.time(), secs(15));
}

/// The other one came later, and so was not asked. That he is cancelled is no answer.
#[test]
fn a_cancellation_is_not_answered_by_one_who_was_not_asked() {
    for polls_both in [true, false] {
        let event_loop = EventLoop::with_virtual_clock();
        let (asked, not_asked) = (refuses_after(&event_loop, 50), event_loop.create_future());
        let (waker, stage) = (Later::<Waker>::default(), Rc::new(Cell::new(0)));
        let (keeps, at, mut comes_later) = (waker.clone(), stage.clone(), not_asked.clone());
        let (mut asked, mut seen) = (Some(FutureCell::from(asked)), None);
        let task = event_loop.create_task(async move {
            poll_fn(|cx| {
                *keeps.borrow_mut() = Some(cx.waker().clone());
                if at.get() > 0 {
                    polled::<_, i32>(&mut comes_later, &mut seen, cx);
                }
                if at.get() == 0 || polls_both {
                    assert!(!polled(asked.as_mut().unwrap(), &mut None, cx));
                }
                match at.get() {
                    2 => {
                        asked = None;
                        Poll::Ready(())
                    }
                    _ => Poll::Pending,
                }
            })
            .await;
            sleep(secs(10)).await
        });
        turns(&event_loop, 2);
        assert!(task.cancel());
        for seconds in [1, 3] {
            let stage = stage.clone();
            later(&event_loop, seconds, &waker, move || {
                stage.set(stage.get() + 1)
            });
        }
        event_loop.call_later(secs(2), move || not_asked.cancel());
        let result = event_loop.run_until_complete(task);
        assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
        assert_eq!(event_loop.time(), secs(3));
    }
}

/// It waits for one only, and polls another one first in the step of the answer. That one is not cancelled.
#[test]
fn what_is_polled_before_the_only_one_that_was_asked_does_not_get_its_answer() {
    let event_loop = EventLoop::with_virtual_clock();
    let (fut, first_step) = (event_loop.create_future::<i32>(), Cell::new(true));
    let (mut asked, mut comes_later) = (fut.clone(), Box::pin(sleep(secs(10))));
    let (mut of_asked, mut of_later) = (None, None);
    let task = event_loop.create_task(async move {
        poll_fn(|cx| {
            let is_later = !first_step.replace(false);
            let later_is_over = is_later && polled(&mut comes_later, &mut of_later, cx);
            match polled(&mut asked, &mut of_asked, cx) && later_is_over {
                true => Poll::Ready(()),
                false => Poll::Pending,
            }
        })
        .await;
        Ok((of_asked.unwrap().is_err(), of_later.unwrap().is_ok()))
    });
    turns(&event_loop, 2);
    assert!(task.cancel() && task.cancel());
    let heard = event_loop.run_until_complete(task).unwrap();
    assert_eq!(
        heard,
        (true, true),
        "it has not run between: it is one cancellation"
    );
    assert_eq!(event_loop.time(), secs(10));
}

/// A select that makes its leaves anew each time: the answer comes out of another leaf than that which asked.
#[test]
fn an_answer_is_heard_from_a_fresh_leaf_of_the_same_future() {
    let event_loop = EventLoop::with_virtual_clock();
    let [fut, other] = [(); 2].map(|_| event_loop.create_future::<i32>());
    let (asked, other_set) = (fut.clone(), other.clone());
    let task = event_loop.create_task(async move {
        let (mut other, mut leaf, mut of_other) = (other, asked.clone(), None);
        poll_fn(|cx| match polled(&mut other, &mut of_other, cx) {
            true => Poll::Ready(()),
            false => Pin::new(&mut leaf).poll(cx).map(drop),
        })
        .await;
        let answer = asked.await;
        sleep(secs(1)).await?;
        Ok((of_other.unwrap()?, answer.is_err()))
    });
    turns(&event_loop, 2);
    other_set.set_result(1).unwrap();
    assert!(task.cancel());
    assert_eq!(event_loop.run_until_complete(task).unwrap(), (1, true));
}

/// The second was asked, and is kept, but not polled when the task is asked again; then it is given up.
#[test]
fn who_was_asked_before_is_not_forgotten_when_others_are_asked_again() {
    let event_loop = EventLoop::with_virtual_clock();
    let (stage, waker) = (Rc::new(Cell::new(0)), Later::<Waker>::default());
    let mut first = refuses_twice(&event_loop);
    let mut second = Some(FutureCell::from(refuses_after(&event_loop, 50)));
    let (at, keeps) = (stage.clone(), waker.clone());
    let task = event_loop.create_task(async move {
        poll_fn(|cx| {
            *keeps.borrow_mut() = Some(cx.waker().clone());
            second.take_if(|_| at.get() > 1);
            if at.get() == 0 {
                polled(second.as_mut().unwrap(), &mut None, cx);
            }
            Pin::new(&mut first).poll(cx)
        })
        .await?;
        sleep(secs(1)).await
    });
    turns(&event_loop, 2);
    assert!(task.cancel());
    for seconds in [1, 3] {
        let stage = stage.clone();
        later(&event_loop, seconds, &waker, move || {
            stage.set(stage.get() + 1)
        });
    }
    let again = task.clone();
    event_loop.call_later(secs(2), move || again.cancel());
    let result = event_loop.run_until_complete(task);
    assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
}

/// The second time nobody is left to be asked. It is one error that comes out, and nothing of it is left over.
#[test]
fn who_is_asked_twice_before_he_runs_is_told_once() {
    let event_loop = EventLoop::with_virtual_clock();
    let (fut, refuses) = (
        event_loop.create_future::<()>(),
        refuses_after(&event_loop, 5),
    );
    let task = event_loop.create_task(async move {
        assert!(fut.await.is_err());
        refuses.await?;
        sleep(secs(10)).await
    });
    turns(&event_loop, 2);
    assert!(task.cancel() && task.cancel());
    turns(&event_loop, 1);
    assert!(task.cancel());
    event_loop.run_until_complete(task).unwrap();
    assert_eq!(event_loop.time(), secs(15));
}

/// The answer is there, and the task asks for one more before it hears it. That one is for its next `await`.
#[test]
fn who_cancels_himself_in_the_step_of_the_answer_gets_both() {
    let event_loop = EventLoop::with_virtual_clock();
    let mut fut = event_loop.create_future::<()>();
    let task = event_loop.create_task(async move {
        let mut first_step = true;
        let answer = poll_fn(|cx| {
            if !std::mem::take(&mut first_step) {
                assert!(current_task().unwrap().cancel());
            }
            Pin::new(&mut fut).poll(cx)
        });
        assert!(answer.await.is_err());
        assert!(sleep(secs(10)).await.is_err());
        sleep(secs(10)).await
    });
    turns(&event_loop, 1);
    assert!(task.cancel());
    event_loop.run_until_complete(task).unwrap();
    assert_eq!(event_loop.time(), secs(10));
}

/// The future says yes; the question goes on to one who waits for the task itself, and comes back to it.
#[test]
fn what_a_task_asks_of_itself_comes_out_once_though_it_waits_for_one_who_waits_for_it() {
    for (reversed, reversed_again) in [(false, false), (false, true), (true, false), (true, true)] {
        let event_loop = EventLoop::with_virtual_clock();
        let me: Later<Task<usize>> = Rc::default();
        let waits = me.clone();
        let waiter = event_loop.create_task(async move {
            let task = waits.borrow().clone().unwrap();
            let _end = task.await;
            Ok(())
        });
        let mut both = [event_loop.create_future(), waiter.into()];
        let mut steps = 0;
        let task = event_loop.create_task(async move {
            sleep(secs(1)).await?;
            current_task().unwrap().cancel();
            let errors = poll_fn(|cx| {
                steps += 1;
                if reversed && steps == 1 || reversed_again && steps == 2 {
                    both.reverse();
                }
                let polls = both.each_mut().map(|leaf| Pin::new(leaf).poll(cx));
                let is_error = |poll: &&Poll<Result<()>>| matches!(poll, Poll::Ready(Err(_)));
                match steps {
                    2 => Poll::Ready(polls.iter().filter(is_error).count()),
                    _ => Poll::Pending,
                }
            });
            Ok(errors.await)
        });
        *me.borrow_mut() = Some(task.clone());
        let errors = event_loop.run_until_complete(task).unwrap();
        assert_eq!(errors, 1, "{reversed} {reversed_again}");
    }
}

/// It was passed on to `first`. The second time there was nobody to ask, so it was thrown in; from then on `first` is
/// nothing to it.
#[test]
fn who_was_asked_before_an_error_was_thrown_in_is_forgotten() {
    let event_loop = EventLoop::with_virtual_clock();
    let [first, second] = [50, 5].map(|time| refuses_after(&event_loop, time));
    let (waker, mut first) = (Later::<Waker>::default(), Some(first));
    let keeps = waker.clone();
    let task = event_loop.create_task(async move {
        poll_fn(|cx| {
            let is_first_step = keeps.replace(Some(cx.waker().clone())).is_none();
            match is_first_step {
                true => Pin::new(first.as_mut().unwrap()).poll(cx).map(drop),
                false => Poll::Ready(()),
            }
        })
        .await;
        assert!(yield_now().await.is_err()); // meanwhile `first` is there, but it is not polled
        drop(first);
        assert_eq!(second.await.unwrap(), 7);
        sleep(secs(10)).await
    });
    turns(&event_loop, 2);
    assert!(task.cancel());
    waker.borrow().as_ref().unwrap().wake_by_ref();
    turns(&event_loop, 1);
    assert!(task.cancel());
    turns(&event_loop, 1);
    assert!(task.cancel()); // which `second` refuses
    event_loop.run_until_complete(task).unwrap();
    assert_eq!(event_loop.time(), secs(15));
}

/// It comes out, but it is not what those have answered whom the task has asked.
#[test]
fn the_end_of_a_future_that_its_owner_has_cancelled_before_is_no_answer() {
    let event_loop = EventLoop::with_virtual_clock();
    let (of_owner, asked) = (event_loop.create_future::<()>(), event_loop.create_future());
    let (owner, mut both) = (of_owner.clone(), [of_owner, asked]);
    let task = event_loop.create_task(async move {
        let polls_one_after_the_other = poll_fn(|cx| {
            let first_done = both.iter_mut().map(|leaf| Pin::new(leaf).poll(cx));
            let mut first_done = first_done.filter(Poll::is_ready);
            first_done.next().unwrap_or(Poll::Pending)
        });
        assert!(polls_one_after_the_other.await.is_err());
        drop(both);
        assert!(sleep(secs(10)).await.is_err());
        sleep(secs(10)).await
    });
    turns(&event_loop, 1);
    assert!(owner.cancel() && task.cancel());
    event_loop.run_until_complete(task).unwrap();
    assert_eq!(event_loop.time(), secs(10));
}

/// Nothing is dropped of a task that returns in that step. But it was asked to cancel itself.
#[test]
fn a_task_that_aborts_and_cancels_itself_and_returns_is_cancelled() {
    for cancels_first in [false, true] {
        let event_loop = EventLoop::with_virtual_clock();
        let task = event_loop.create_task(async move {
            let me = current_task().unwrap();
            if !cancels_first {
                me.abort();
            }
            assert!(me.cancel());
            me.abort();
            Ok(5)
        });
        let result = event_loop.run_until_complete(task);
        assert!(matches!(result, Err(Error::Cancelled)), "{result:?}");
    }
}

/// What it waits for when its step is over is no more asked than what it waited for before.
#[test]
fn an_aborted_task_asks_nobody_to_cancel_himself() {
    for cancels_first in [false, true] {
        let event_loop = EventLoop::with_virtual_clock();
        let fut = event_loop.create_future::<()>();
        let (waits, dropped) = (fut.clone(), Rc::new(Cell::new(false)));
        let tells = dropped.clone();
        let task: Task<()> = event_loop.create_task(async move {
            let _on_drop = OnDrop(move || tells.set(true));
            let me = current_task().unwrap();
            if cancels_first {
                me.cancel();
            }
            me.abort();
            assert!(me.cancel());
            waits.await
        });
        turns(&event_loop, 2);
        assert!(task.cancelled() && dropped.get());
        assert!(!fut.cancelled());
    }
}

/// Polls them in that order; the first that is ready wins.
async fn first_of<T: Clone>(mut leaves: Vec<FutureCell<T>>) -> Result<T> {
    poll_fn(|cx| {
        let mut ready = leaves.iter_mut().map(|leaf| Pin::new(leaf).poll(cx));
        ready.find(Poll::is_ready).unwrap_or(Poll::Pending)
    })
    .await
}

/// The other one waits for the task itself. So the task has not asked him, and need not mind that he is given up.
#[test]
fn who_refuses_is_not_cancelled_for_one_who_waits_for_him() {
    for asks_above in [false, true] {
        let event_loop = EventLoop::with_virtual_clock();
        let (refuses, slot) = (refuses_after(&event_loop, 5), Later::<Task<i32>>::default());
        let above = slot.clone();
        let task = event_loop.create_task(async move {
            let above = above.borrow().clone().unwrap();
            first_of(vec![refuses.into(), above.into()]).await?;
            sleep(secs(10)).await?;
            Ok(7)
        });
        let above = event_loop.create_task(task.clone());
        *slot.borrow_mut() = Some(if asks_above { above.clone() } else { task });
        turns(&event_loop, 3);
        assert!(above.cancel());
        assert_eq!(event_loop.run_until_complete(above).unwrap(), 7);
        assert_eq!(event_loop.time(), secs(15));
        drop(slot.take());
    }
}

/// All of them wait for one who refuses. He is asked twice at most, but each hears his answer.
#[test]
fn the_third_who_waits_for_one_who_refuses_has_refused_too() {
    let event_loop = EventLoop::with_virtual_clock();
    let refuses = refuses_after(&event_loop, 5);
    let below = event_loop.create_task(refuses);
    let waiters = [(); 4].map(|()| event_loop.create_task(below.clone()));
    let all = send_none::gather(&waiters);
    turns(&event_loop, 3);
    assert!(all.cancel());
    assert!(event_loop.run_until_complete(all).is_err());
    assert!(
        waiters
            .iter()
            .all(|waiter| matches!(waiter.result(), Ok(7)))
    );
}
