//! What is told of tasks that do not run as others do.

use super::*;
use send_none::sync::Lock;
use send_none::{AsyncIter, Task, as_completed, current_task, wait_for};
use std::future::pending;
use std::task::Waker;

fn lines_of(task: &str, recorder: &Recorder) -> Vec<String> {
    let text = story(recorder);
    let lines = text.lines().filter(|line| line.contains(task));
    let sentence = |line: &str| line.trim_start_matches([' ', '█', '│', '┊']).to_owned();
    lines
        .map(|line| sentence(line.trim_start().split_once(' ').unwrap().1))
        .collect()
}

/// Swallows its first cancellation.
async fn deaf() -> send_none::Result<()> {
    let _cancelled = sleep(secs(9)).await;
    sleep(secs(1)).await
}

#[test]
fn nothing_runs_of_a_task_that_is_cancelled_before_it_has_begun() {
    let recorder = recorded(|event_loop| {
        let early = event_loop.create_task(sleep(secs(1)));
        early.cancel();
        event_loop.run_until_complete(early).unwrap_err();
    });
    let expected = [
        "Task-1 is made: its first step joins the run queue",
        "Task-1 is asked to cancel itself",
        "turn 1: the batch is 1: Task-1",
        "CancelledError ends Task-1; nothing of it runs",
        "the coroutine of Task-1 is dropped",
        "Task-1 is cancelled; 1 in its line",
        "Task-1 is settled: callback #1 of send_none::program joins the run queue",
    ];
    assert_eq!(lines_of("Task-1", &recorder), expected);
}

#[test]
fn nothing_is_sent_to_a_task_that_was_aborted() {
    let recorder = recorded(|event_loop| {
        let task = event_loop.create_task(sleep(secs(9)));
        event_loop.call_later(secs(1), {
            let task = task.clone();
            move || task.abort()
        });
        event_loop.run_until_complete(task).unwrap_err();
    });
    let lines = lines_of("Task-1", &recorder);
    let aborted = lines
        .iter()
        .position(|line| line.contains("dropped"))
        .unwrap();
    let expected = [
        "callback #1: Task-1 is to be dropped",
        "callback #1: Task-1 is woken, and joins the run queue",
        "turn 3: the batch is 1: Task-1",
        "Task-1 is to run, but was aborted",
        "the coroutine of Task-1 is dropped where it stands",
        "Task-1: callback #2 is taken back; its entry stays, empty",
    ];
    assert_eq!(lines[aborted..aborted + 6], expected);
}

/// The leaf that could have given it out is gone, and what comes next is not ours.
#[test]
fn a_coroutine_that_was_dropped_is_not_said_to_return() {
    for has_its_result in [false, true] {
        let recorder = recorded(|event_loop| {
            let fut = event_loop.create_future::<()>();
            let (other_wins, mut leaf) = (Cell::new(false), Some(fut.clone()));
            let task: Task<()> = event_loop.create_task(async move {
                poll_fn(|cx| {
                    leaf.take_if(|_| other_wins.replace(true));
                    let poll = leaf.as_mut().map(|leaf| Pin::new(leaf).poll(cx).map(drop));
                    poll.unwrap_or(Poll::Ready(()))
                })
                .await;
                pending().await
            });
            let asked = task.clone();
            event_loop.call_later(secs(1), move || {
                if has_its_result {
                    fut.set_result(()).unwrap();
                }
                assert!(asked.cancel());
            });
            assert!(event_loop.run_until_complete(task).is_err());
        });
        let text = story(&recorder);
        tells(&text, &["the coroutine of Task-1 is dropped"]);
        assert!(!text.contains("Task-1 returns"), "{text}");
    }
}

/// The one that was asked has not answered yet, and is not polled in that step; the other comes out as cancelled.
#[test]
fn a_future_that_was_cancelled_by_others_is_not_said_to_be_thrown_in() {
    let recorder = recorded(|event_loop| {
        let other = event_loop.create_future::<()>();
        let (mut asked, mut branch) = (event_loop.create_task(deaf()), other.clone());
        let mut steps = 0;
        let task = event_loop.create_task(async move {
            poll_fn(|cx| {
                steps += 1;
                if steps == 1 {
                    cx.waker().wake_by_ref();
                    return Pin::new(&mut asked).poll(cx).map(drop);
                }
                Pin::new(&mut branch).poll(cx).map(drop)
            })
            .await;
            asked.await
        });
        let cancels = task.clone();
        event_loop.call_soon(move || assert!(cancels.cancel()));
        event_loop.call_later(secs(1), move || other.cancel());
        event_loop.run_until_complete(task).unwrap();
    });
    let told = lines_of("Task-2 runs", &recorder);
    assert_eq!(told, ["Task-2 runs: send(waker)"; 4]);
}

#[test]
fn the_result_of_one_that_refused_is_not_said_to_be_thrown_in() {
    let recorder = recorded(|event_loop| {
        let refuses = event_loop.create_task(deaf());
        let task = event_loop.create_task(refuses);
        let asked = task.clone();
        event_loop.call_later(secs(1), move || asked.cancel());
        event_loop.run_until_complete(task).unwrap();
    });
    let told = lines_of("Task-2 runs", &recorder);
    assert_eq!(told, ["Task-2 runs: send(waker)"; 2]);
}

/// It is made in the memory of one that was dropped.
#[test]
fn a_task_that_returns_is_said_to_return_though_the_one_before_it_was_dropped() {
    let recorder = recorded(|event_loop| {
        for is_cancelled in [true, false] {
            let task = event_loop.create_task(yield_now());
            if is_cancelled {
                task.cancel();
            }
            let result = event_loop.run_until_complete(task);
            assert_eq!(result.is_err(), is_cancelled);
        }
    });
    let text = story(&recorder);
    let sentences = ["the coroutine of Task-1 is dropped", "Task-2 returns"];
    tells(&text, &sentences);
}

#[test]
fn a_cancellation_that_is_swallowed_is_told() {
    let recorder = recorded(|event_loop| {
        let task = event_loop.create_task(deaf());
        let asked = task.clone();
        event_loop.call_later(secs(1), move || asked.cancel());
        event_loop.run_until_complete(task).unwrap();
    });
    let lines = lines_of("Task-1", &recorder);
    for expected in [
        "Task-1 runs: throw(CancelledError)",
        "Task-1 has not ended yet: it is parked on Future-3",
        "Task-1 has caught its cancellation, and returns",
        "Task-1 has its result; 1 in its line",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{lines:?}");
    }
}

/// There is nobody whom it could be passed to.
#[test]
fn a_cancellation_of_a_bare_yield_that_is_swallowed_is_told() {
    let recorder = recorded(|event_loop| {
        let task = event_loop.create_task(async {
            let _cancelled = yield_now().await;
            sleep(secs(1)).await
        });
        let asked = task.clone();
        event_loop.call_soon(move || asked.cancel());
        event_loop.run_until_complete(task).unwrap();
    });
    let sentences = [
        "Task-1 runs: throw(CancelledError)",
        "Task-1 has caught its cancellation, and returns",
    ];
    tells(&story(&recorder), &sentences);
}

#[test]
fn a_cancellation_of_one_of_several_that_is_swallowed_is_told() {
    let recorder = recorded(|event_loop| {
        let mut several = [(); 2].map(|_| event_loop.create_future::<i32>());
        let deaf = event_loop.create_task(poll_fn(move |cx| {
            let polls = several.each_mut().map(|fut| Pin::new(fut).poll(cx));
            match polls.iter().all(Poll::is_ready) {
                true => Poll::Ready(Ok(7)),
                false => Poll::Pending,
            }
        }));
        let task = deaf.clone();
        event_loop.call_later(secs(1), move || task.cancel());
        assert_eq!(event_loop.run_until_complete(deaf).unwrap(), 7);
    });
    let text = story(&recorder);
    tells(&text, &["Task-1 has caught its cancellation, and returns"]);
}

#[test]
fn a_cancellation_that_comes_out_again_is_not_said_to_be_caught() {
    let recorder = recorded(|event_loop| {
        let tidy = event_loop.create_task(async {
            let cancelled = sleep(secs(9)).await;
            sleep(secs(1)).await?;
            cancelled
        });
        let task = tidy.clone();
        event_loop.call_later(secs(1), move || task.cancel());
        event_loop.run_until_complete(tidy).unwrap_err();
    });
    let text = story(&recorder);
    assert!(text.contains("Task-1 has not ended yet: it is parked on Future-3"));
    assert!(!text.contains("has caught"), "{text}");
}

#[test]
fn a_task_that_wakes_itself_by_hand_is_not_said_to_be_lost() {
    let recorder = recorded(|event_loop| {
        let mut again = true;
        let once_more = poll_fn(move |cx| match std::mem::take(&mut again) {
            true => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            false => Poll::Ready(Ok(())),
        });
        event_loop.run_until_complete(once_more).unwrap();
    });
    let text = story(&recorder);
    let expected = "Task-1 is suspended: it was woken meanwhile, and joins the run queue";
    assert!(text.contains(expected), "{text}");
    assert!(!text.contains("nobody has its waker"), "{text}");
}

#[test]
fn a_name_of_more_than_a_word_is_in_quotes() {
    let recorder = recorded(|event_loop| {
        let task = event_loop.create_task(async { Ok(()) });
        task.set_name("the reader");
        event_loop.run_until_complete(task).unwrap();
    });
    let text = story(&recorder);
    assert!(text.contains("“the reader” runs: send(waker)"), "{text}");
}

#[test]
fn why_a_task_goes_on_at_once_is_told() {
    let recorder = recorded(|event_loop| {
        let own: Rc<Cell<Option<send_none::Task<()>>>> = Rc::default();
        let me = own.clone();
        let task = event_loop.create_task(async move { me.take().unwrap().await });
        own.set(Some(task.clone()));
        event_loop.run_until_complete(task).unwrap_err();
    });
    let text = story(&recorder);
    assert!(text.contains("Task-1 may not wait: next comes"), "{text}");
    assert!(text.contains("Task cannot await on itself"), "{text}");
}

#[test]
fn that_nobody_can_wake_the_loop_is_told() {
    let recorder = recorded(|event_loop| {
        event_loop
            .run_until_complete(pending::<send_none::Result<()>>())
            .unwrap_err();
    });
    let text = story(&recorder);
    assert!(
        text.contains("Task-1 is parked, and nobody has its waker"),
        "{text}"
    );
    assert!(text.contains("nobody is left who could wake the loop: it gives up"));
}

#[test]
fn a_waker_that_is_elsewhere_too_is_told() {
    let kept: Rc<Cell<Option<Waker>>> = Rc::default();
    let keep = kept.clone();
    let recorder = recorded(|event_loop| {
        let mut waits = [event_loop.create_future(), event_loop.create_future()];
        let setter = waits[0].clone();
        event_loop.call_later(secs(1), move || setter.set_result(()));
        let either = poll_fn(move |cx| {
            keep.set(Some(cx.waker().clone()));
            let mut polls = waits.iter_mut().map(|fut| Pin::new(fut).poll(cx));
            polls.find(Poll::is_ready).unwrap_or(Poll::Pending)
        });
        event_loop.run_until_complete(either).unwrap();
    });
    let text = story(&recorder);
    let expected = "is parked on Future-1 and Future-2; somebody else may wake it, too";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_limit_is_told_with_the_line_that_has_set_it_and_an_item_with_the_line_that_waits_for_it() {
    let line = line!() + 3;
    let recorder = recorded(|event_loop| {
        let main = async {
            let _late = wait_for(sleep(secs(9)), secs(1)).await;
            let mut ends = as_completed([sleep(secs(2)), sleep(secs(3))]);
            let _first = ends.anext().await;
            Ok(())
        };
        event_loop.run_until_complete(main).unwrap();
    });
    let text = recorder.text();
    for expected in [
        format!("of tests/trace/steps.rs:{line}:25 at t=1"),
        format!("parked on wait_for-2, at tests/trace/steps.rs:{line}:"),
        format!(", at tests/trace/steps.rs:{}:31", line + 2),
    ] {
        assert!(text.contains(&expected), "no {expected:?} in\n{text}");
    }
}

#[test]
fn who_holds_a_lock_is_told_when_somebody_must_wait() {
    let recorder = recorded(|event_loop| {
        let lock = Lock::new();
        let holds = |lock: Lock| async move {
            let _held = lock.lock().await?;
            sleep(secs(1)).await
        };
        let main = async move { gather([holds(lock.clone()), holds(lock)]).await };
        event_loop.run_until_complete(main).unwrap();
    });
    let text = story(&recorder);
    let holds: Vec<_> = text
        .lines()
        .filter(|line| line.contains(" has taken "))
        .collect();
    assert_eq!(holds.len(), 1, "{text}");
    assert!(
        holds[0].contains("Task-2 has taken the lock that Lock.acquire-"),
        "{text}"
    );
    assert!(
        text.contains("is made: it waits for Task-2 and Task-3"),
        "{text}"
    );
}

#[test]
fn a_cancellation_that_waits_for_the_end_of_the_step_is_passed_on_by_the_task() {
    let recorder = recorded(|event_loop| {
        let main = async {
            current_task().unwrap().cancel();
            sleep(secs(1)).await
        };
        event_loop.run_until_complete(main).unwrap_err();
    });
    let sentences = [
        "Task-1: Task-1 is asked to cancel itself",
        "Task-1 passes it on: Future-2 is asked to cancel itself",
    ];
    tells(&story(&recorder), &sentences);
}

#[test]
fn what_is_returned_too_late_is_told() {
    let recorder = recorded(|event_loop| {
        let main = async {
            current_task().unwrap().cancel();
            Ok(5)
        };
        event_loop.run_until_complete(main).unwrap_err();
    });
    let text = story(&recorder);
    let expected = "Task-1 returns, but it was asked to cancel itself";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_cancellation_that_there_is_nobody_to_pass_on_to_is_told() {
    let recorder = recorded(|event_loop| {
        let main = async {
            current_task().unwrap().cancel();
            yield_now().await
        };
        event_loop.run_until_complete(main).unwrap_err();
    });
    let expected = "Task-1 was asked to cancel itself: next comes CancelledError";
    tells(&story(&recorder), &[expected]);
}
