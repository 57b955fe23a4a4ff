//! What a recorder tells: as text, as a page, for a trace viewer.

mod causes;
mod closer;
mod doubted;
mod elsewhere;
mod files;
mod lines;
mod steps;

use send_none::trace::say::note;
use send_none::trace::writing::Format;
use send_none::{
    Error, EventLoop, FutureCell, LoopEvent, Observer, Recorder, create_task, gather, say, sleep,
    yield_now,
};
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
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
    let mut story = recorder.text();
    for before in [" of tests/", ", at tests/", " at tests/"] {
        while let Some(from) = story.find(before) {
            let place = story[from + before.len()..].find([' ', '\n', ';']).unwrap();
            story.replace_range(from..from + before.len() + place, "");
        }
    }
    story
}

fn tells(text: &str, sentences: &[&str]) {
    for expected in sentences {
        assert!(text.contains(expected), "no {expected:?} in\n{text}");
    }
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
       2              Task-1 is settled: callback #2 of send_none::program joins the run queue
       2          turn 4: the batch is 1: callback #2
       2          callback #2 of send_none::program runs
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
    let sentences = [
        "callback #1: Task-1 is asked to cancel itself",
        "Task-1 runs: throw(CancelledError)",
        "callback #2 is taken back; its entry stays, empty",
        "Task-1 has not ended yet: it is parked on Future-",
    ];
    tells(&text, &sentences);
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
    let expected = "Task-1 is parked on Future-1 and Future-2, at tests/";
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
    assert!(text.contains("Task-1 is woken while it runs"), "{text}");
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
    let expected = format!("Task-1 is parked on Future-2, at tests/trace/main.rs:{line}:");
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
    let events = body.matches("<!--{\"k\":").count();
    assert!(comments == events && events > 10, "{comments} of {events}");
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
    fits_together(&json);
    let count = |kind: &str| json.matches(&format!("\"ph\":\"{kind}\"")).count();
    assert_eq!(count("s"), count("f"), "each arrow arrives");
    assert!(count("C") > 5);
}

/// All that begins ends, each lane has a name, and time goes forward.
fn fits_together(json: &str) {
    let lines: Vec<_> = json.lines().collect();
    assert_eq!((lines[0], *lines.last().unwrap()), ("[", "]"));
    let value = |line: &str, of: &str| -> Option<String> {
        let (_, rest) = line.split_once(of)?;
        Some(rest.split([',', '}']).next()?.to_owned())
    };
    let (mut open, mut named) = (BTreeMap::new(), BTreeSet::new());
    let mut before = "";
    for line in &lines {
        let Some(lane) = value(line, "\"tid\":") else {
            continue;
        };
        let open = open.entry(lane.clone()).or_insert(0);
        match value(line, "\"ph\":").as_deref() {
            Some("\"B\"") => *open += 1,
            Some("\"E\"") => *open -= 1,
            Some("\"M\"") => drop(named.insert(lane.clone())),
            Some("\"s\"") => {
                let outside = before.contains("\"ph\":\"X\"") && before.contains(&lane);
                assert!(*open == 1 || outside, "it begins nowhere: {line}");
            }
            Some("\"f\"") => assert_eq!(*open, 1, "it ends nowhere: {line}"),
            _ => {}
        }
        before = line;
        assert!((0..=1).contains(open), "{line}");
        assert!(named.contains(&lane), "{line}");
    }
    assert!(open.values().all(|open| *open == 0), "{json}");
    let times = lines.iter().filter_map(|line| value(line, "\"ts\":"));
    let times: Vec<f64> = times.map(|time| time.parse().unwrap()).collect();
    assert!(times.is_sorted() && *times.last().unwrap() >= 2e6);
}

#[test]
fn the_json_is_complete_too_when_not_all_events_were_kept() {
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::keeping(60);
    event_loop.observe(recorder.clone());
    let main = async {
        let naps = (0..9).map(|n| create_task(sleep(secs(n % 3))));
        gather(naps.collect::<Vec<_>>()).await
    };
    event_loop.run_until_complete(main).unwrap();
    event_loop.close().unwrap();
    let json = recorder.tell(Format::Chrome);
    fits_together(&json);
    let left_out = format!("… {} events before these were not kept", recorder.dropped());
    assert!(json.contains(&left_out), "{json}");
    assert!(json.contains("\"args\":{\"name\":\"Task\\u002d10\"}"));
}

#[test]
fn a_recorder_that_comes_late_says_so_of_what_it_does_not_know() {
    let event_loop = EventLoop::with_virtual_clock();
    for _ in 0..2 {
        event_loop.create_task(yield_now());
    }
    event_loop.call_soon(|| ());
    let recorder = Recorder::new();
    event_loop.observe(recorder.clone());
    let known = event_loop.create_task(async { Ok(()) });
    event_loop.run_until_complete(known).unwrap();
    let expected = "       0  │       Task-3 is made: its first step joins the run queue
       0  │       turn 1: the batch is 4: Task-3, and among them 3 unknown
       0  │       unknown-1 runs: send(waker)
       0  │           unknown-1 is woken while it runs
       0  │           unknown-1 yields it was woken meanwhile, and joins the run queue
       0  │       unknown-2 runs: send(waker)
       0  │           unknown-2 is woken while it runs
       0  │           unknown-2 yields it was woken meanwhile, and joins the run queue
       0  │       callback #1 runs
       0  █       Task-3 runs: send(waker)
       0  █           Task-3 returns
       0              Task-3 has its result; 1 in its line
       0              Task-3 is settled: callback #2 of send_none::program joins the run queue
       0          turn 2: the batch is 3: callback #2, and among them 2 unknown
";
    assert!(
        story(&recorder).starts_with(expected),
        "{}",
        story(&recorder)
    );
}

#[test]
fn a_callback_is_told_with_the_place_where_it_was_scheduled_and_a_new_name_with_the_old_one() {
    let line = line!() + 2;
    let recorder = recorded(|event_loop| {
        event_loop.call_soon(|| ());
        event_loop.call_later(secs(1), || ());
        let task = event_loop.create_task(sleep(secs(2)));
        task.set_name("main");
        task.set_name("other");
        event_loop.run_until_complete(task).unwrap();
    });
    let text = recorder.text();
    for expected in [
        format!("callback #1 of tests/trace/main.rs:{line}:20 joins the run queue"),
        format!("callback #1 of tests/trace/main.rs:{line}:20 runs"),
        format!("callback #2 of tests/trace/main.rs:{}:20 at t=1", line + 1),
        format!("callback #2 of tests/trace/main.rs:{}:20 runs", line + 1),
        "Task-1 is called main from now on".into(),
        "main is called other from now on".into(),
        "callback #4 of send_none::program runs".into(),
    ] {
        assert!(text.contains(&expected), "no {expected:?} in\n{text}");
    }
}

#[test]
fn a_lane_that_gets_free_goes_to_the_task_that_has_waited_longest_for_one() {
    let recorder = recorded(|event_loop| {
        let main = async {
            let naps = (0..14).map(|n| create_task(sleep(secs(n + 1))));
            gather(naps.collect::<Vec<_>>()).await
        };
        event_loop.run_until_complete(main).unwrap();
    });
    let text = story(&recorder);
    let lanes = |sentence: &str| {
        let lines: Vec<_> = text
            .lines()
            .filter(|line| line.ends_with(sentence))
            .collect();
        assert_eq!(lines.len(), 1, "{sentence}: {text}");
        lines[0].split_whitespace().nth(1).unwrap().to_owned()
    };
    assert_eq!(lanes("sleeps until t=1"), "┊┊┊┊┊┊┊┊┊┊┊┊+3");
    assert_eq!(lanes("Task-2 returns"), "┊█┊┊┊┊┊┊┊┊┊┊+3");
    assert_eq!(lanes("sleeps until t=2"), "┊┊┊┊┊┊┊┊┊┊┊┊+2");
    assert_eq!(
        lanes("Task-13 returns"),
        "┊█┊┊",
        "in the lane that was Task-2's"
    );
}

#[test]
fn of_a_long_text_only_the_beginning_is_kept() {
    let long = "ä".repeat(10_000);
    let recorder = recorded(|event_loop| {
        let main = async move {
            note(&long);
            Ok(())
        };
        event_loop.run_until_complete(main).unwrap();
    });
    let text = recorder.text();
    assert!(text.contains(&format!("“{}…”", "ä".repeat(2_000))));
    assert!(!text.contains(&"ä".repeat(2_001)));
}

/// The events of a loop that is woken for nothing: told by hand, for it takes another thread.
#[test]
fn a_loop_that_was_woken_for_nothing_is_said_to_sleep_on() {
    let recorder = Recorder::new();
    let sleeps = LoopEvent::Asleep { until: None };
    for event in [&sleeps, &LoopEvent::Awake, &sleeps] {
        recorder.event(secs(0), event);
    }
    let sentences = [
        "nothing is ready: the loop sleeps until another thread calls",
        "nothing is ready: the loop sleeps on until another thread calls",
    ];
    tells(&recorder.text(), &sentences);
}
