//! What a recorder tells: as text, as a page, for a trace viewer.

use send_none::trace::writing::Format;
use send_none::{
    Error, EventLoop, FutureCell, Recorder, Result, create_task, gather, say, sleep, yield_now,
};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn recorded(run: impl FnOnce(&EventLoop)) -> Recorder {
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::new().doubting(&event_loop);
    event_loop.observe(recorder.clone());
    run(&event_loop);
    event_loop.close().unwrap();
    assert_eq!(recorder.disagreement(), None);
    recorder
}

/// The text without the places in the source.
fn story(recorder: &Recorder) -> String {
    let text = recorder.text();
    let lines = text
        .lines()
        .map(|line| line.split(", at tests").next().unwrap());
    lines.map(|line| line.to_owned() + "\n").collect()
}

#[test]
fn a_parked_task_in_full() {
    let recorder = recorded(|event_loop| {
        let fut: FutureCell<i32> = event_loop.create_future();
        let setter = fut.clone();
        event_loop.call_later(secs(2), move || setter.set_result(7));
        let reader = async move { fut.await.map(|n| n + 1) };
        let task = event_loop.create_task(reader);
        event_loop.run_until_complete(task).unwrap();
    });
    let expected = "       0          Future-1 is made
       0          a timer is set: callback #1 at t=2
       0  │       Task-1 is made: its first step joins the run queue
       0  │       turn 1: the batch is 1: Task-1
       0  █       Task-1 runs: send(waker)
       0  ┊           Task-1 is parked on Future-1
       0  ┊       nothing is ready: the loop sleeps until t=2
       2  ┊       t=2 has come: callback #1 joins the run queue
       2  ┊       turn 2: the batch is 1: callback #1
       2  ┊       callback #1 runs
       2  ┊           Future-1 has its result; 1 in its line
       2  │           Future-1 is settled: Task-1 is woken, and joins the run queue
       2  │       turn 3: the batch is 1: Task-1
       2  █       Task-1 runs: send(waker)
       2  █           Task-1 returns
       2              Task-1 has its result; 1 in its line
       2              Task-1 is settled: callback #2 joins the run queue
       2          turn 4: the batch is 1: callback #2
       2          callback #2 runs
       2          the run is over
       2          the loop is closed
";
    assert_eq!(story(&recorder), expected);
}

#[test]
fn a_cancellation_that_is_caught_is_told_as_such() {
    let recorder = recorded(|event_loop| {
        let stubborn = event_loop.create_task(async {
            match sleep(secs(9)).await {
                Err(Error::Cancelled) => sleep(secs(1)).await,
                other => other,
            }
        });
        let task = stubborn.clone();
        event_loop.call_later(secs(3), move || task.cancel());
        event_loop.run_until_complete(stubborn).unwrap();
    });
    let text = story(&recorder);
    for expected in [
        "callback #1: Task-1 is asked to cancel itself",
        "CancelledError is thrown in, at its await",
        "callback #2 is taken back; its entry stays, empty",
        "Task-1 has caught its cancellation; is parked on Future-",
    ] {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
}

#[test]
fn a_task_that_waits_for_several_is_not_said_to_wait_for_something_from_elsewhere() {
    let recorder = recorded(|event_loop| {
        let fut: FutureCell<i32> = event_loop.create_future();
        let mut waits = [fut.clone(), event_loop.create_future()];
        event_loop.call_later(secs(1), move || fut.set_result(7));
        let either = async move {
            poll_fn(|cx| {
                let mut polls = waits.iter_mut().map(|fut| Pin::new(fut).poll(cx));
                polls.find(Poll::is_ready).unwrap_or(Poll::Pending)
            })
            .await
        };
        assert_eq!(event_loop.run_until_complete(either).unwrap(), 7);
    });
    let text = recorder.text();
    let expected = "Task-1 is parked on several things, Future-1, Future-2 among them, at tests/";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_future_that_goes_away_unsettled_is_told_and_one_that_was_settled_is_not() {
    let recorder = recorded(|event_loop| {
        let (settled, forgotten) = (event_loop.create_future(), event_loop.create_future::<()>());
        settled.set_result(()).unwrap();
        drop((settled, forgotten));
        event_loop.run_until_complete(async { Ok(()) }).unwrap();
    });
    let text = story(&recorder);
    let gone: Vec<_> = text
        .lines()
        .filter(|line| line.contains(" is gone"))
        .collect();
    assert_eq!(gone.len(), 1, "{text}");
    assert!(gone[0].ends_with("Future-2 is gone, and was never settled"));
}

#[test]
fn who_has_woken_a_task_is_told() {
    let recorder = recorded(|event_loop| {
        let handle = event_loop.threadsafe();
        let other = std::thread::spawn(move || handle.call_soon(|| ()));
        other.join().unwrap().unwrap();
        let done = Rc::new(Cell::new(false));
        let seen = done.clone();
        event_loop.create_task(async move {
            yield_now().await?;
            seen.set(true);
            Ok(())
        });
        while !done.get() {
            event_loop.stop();
            event_loop.run_forever().unwrap();
        }
    });
    let text = story(&recorder);
    assert!(
        text.contains("another thread: callback #1 joins the run queue"),
        "{text}"
    );
    assert!(
        text.contains("the waker of Task-1 is called while it runs"),
        "{text}"
    );
    let text = recorder.text();
    assert!(
        text.contains(": it was woken meanwhile, and joins the run queue"),
        "{text}"
    );
}

#[test]
fn what_is_awaited_inside_the_crate_is_told_with_the_line_of_the_program() {
    let line = line!() + 2;
    let recorder = recorded(|event_loop| {
        let nap = async { sleep(secs(1)).await };
        event_loop.run_until_complete(nap).unwrap();
    });
    let text = recorder.text();
    let expected = format!("Task-1 is parked on Future-2, at tests/trace.rs:{line}:");
    assert!(text.contains(&expected), "no {expected:?} in\n{text}");
}

#[test]
fn only_the_last_events_are_kept_and_the_rest_is_counted() {
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::keeping(10).doubting(&event_loop);
    event_loop.observe(recorder.clone());
    let main = event_loop.create_task(async {
        for _ in 0..1_000 {
            yield_now().await?;
        }
        Ok(())
    });
    main.set_name("main");
    event_loop.run_until_complete(main).unwrap();
    assert_eq!(recorder.disagreement(), None);
    assert!(recorder.dropped() > 3_000, "{}", recorder.dropped());
    let text = recorder.text();
    assert!(text.lines().count() <= 11, "{text}");
    let first = format!("… {} events before these were not kept", recorder.dropped());
    assert_eq!(text.lines().next(), Some(&*first));
    assert!(
        text.contains("main returns"),
        "it knows the name still: {text}"
    );
}

#[test]
fn nothing_that_a_program_is_called_or_says_gets_out_of_its_text() {
    let bad = "</pre></template><script>alert(1)</script>--><!--\u{202e}\"'&\n\u{0}😀";
    let recorder = recorded(|event_loop| {
        let task = event_loop.create_task(async move {
            say!("{bad}");
            Err::<(), _>(Error::msg(bad))
        });
        task.set_name(bad.repeat(400));
        event_loop.run_until_complete(task).unwrap_err();
    });
    let page = recorder.tell(Format::Page);
    let body = page.split("<pre id=\"story\">").nth(1).unwrap();
    assert_eq!(body.matches("<script").count(), 0);
    assert_eq!(body.matches("</pre>").count(), 1, "its own end");
    let comments = body.matches("<!--").count();
    assert_eq!(comments, body.matches("-->").count());
    let events = recorder.text().lines().count();
    assert!(comments >= events / 400, "{comments}");
    assert!(!recorder.text().contains(['\u{202e}', '\u{0}']));
    let chrome = recorder.tell(Format::Chrome);
    assert!(!chrome.contains('\u{0}') && !chrome.contains("</script>"));
}

#[test]
fn the_json_for_trace_viewers_is_complete_and_its_parts_fit_together() {
    let recorder = recorded(|event_loop| {
        let main = async {
            let nap = create_task(sleep(secs(1)));
            gather([nap, create_task(sleep(secs(2)))]).await
        };
        event_loop.run_until_complete(main).unwrap();
    });
    let json = recorder.tell(Format::Chrome);
    let lines: Vec<_> = json.lines().collect();
    assert_eq!((lines[0], *lines.last().unwrap()), ("[", "]"));
    let count = |kind: &str| json.matches(&format!("\"ph\":\"{kind}\"")).count();
    assert_eq!(count("B"), count("E"), "all that begins ends");
    assert_eq!(count("s"), count("f"), "each arrow arrives");
    assert!(count("C") > 5);
    let time = |line: &&str| -> Option<f64> {
        line.split("\"ts\":")
            .nth(1)?
            .split(',')
            .next()?
            .parse()
            .ok()
    };
    let times: Vec<_> = lines.iter().filter_map(time).collect();
    assert!(times.is_sorted() && *times.last().unwrap() >= 2e6);
}

fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    folder.join(format!("{}-{name}", std::process::id()))
}

#[test]
fn a_page_that_is_cut_off_by_a_panic_or_a_crash_tells_all_up_to_there() {
    let path = scratch("cut.html");
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::new().to_file(path.to_str().unwrap(), Format::Page);
    event_loop.observe(recorder.unwrap());
    let seen = path.clone();
    let main = async move {
        yield_now().await?;
        // As if the process ended here.
        let page = std::fs::read_to_string(&seen).unwrap();
        assert!(page.ends_with("Task-1 runs: send(waker)\n"), "{page}");
        panic!("planned") as Result<()>
    };
    let run = AssertUnwindSafe(|| event_loop.run_until_complete(main));
    let panic = catch_unwind(run).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"planned"));
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page.contains("Task-1 panics") && page.ends_with("the run is over\n"));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_file_is_written_anew_when_it_has_grown_too_long() {
    let path = scratch("ring.txt");
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::keeping(100).to_file(path.to_str().unwrap(), Format::Text);
    event_loop.observe(recorder.unwrap());
    let main = async {
        for _ in 0..10_000 {
            yield_now().await?;
        }
        Ok(())
    };
    event_loop.run_until_complete(main).unwrap();
    event_loop.close().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.lines().count() <= 201 && text.starts_with("… "));
    assert!(text.ends_with("the loop is closed\n"));
    std::fs::remove_file(path).unwrap();
}
