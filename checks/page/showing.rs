//! What the page shows is true, and can be seen.

use send_none::trace::writing::Format;
use send_none::{EventLoop, Recorder, Task, create_task, yield_now};
use serde_json::json;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;

use crate::browser::Browser;
use crate::driving::{at_peace, go_to, page_of, step};
use crate::traces::{folder, hostile, recorded};
use send_none::trace::say::note;

#[test]
fn what_is_shown_is_the_state() {
    let (mut browser, folder) = page_of("07_gather");
    go_to(&mut browser, "nothing is ready");
    let tasks = browser.text("#tasks");
    assert!(tasks.contains("Task-1") && tasks.contains("parked") && tasks.contains("on Future-1"));
    assert!(browser.text("#futures").contains("the waker of Task-2"));
    assert!(browser.text("#timers").contains("#1 t=20"));
    assert!(browser.text("#said").contains("t=0 B waits"));
    assert!(
        browser
            .text("#source")
            .contains("let result = awaitable.await?;")
    );
    let line = browser.evaluate("document.querySelector('.badge').closest('.line').textContent");
    let line = line.as_str().unwrap();
    assert!(line.contains("awaitable.await") && line.contains("Task-1") && line.contains("Task-2"));
    go_to(&mut browser, "turn 3");
    assert!(browser.text("#queue").contains("nothing runsTask-1Task-2"));
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_line_that_is_shown_belongs_to_who_runs() {
    let (mut browser, folder) = page_of("13_cancel_and_cleanup");
    let marked = "document.querySelectorAll('.line.now').length";
    go_to(&mut browser, "nothing is ready");
    assert_eq!(browser.evaluate(marked), 0, "nothing runs");
    go_to(&mut browser, "Task-1 runs: send(waker)");
    let line = browser.text(".line.now");
    assert!(
        line.contains("run_until_complete(async"),
        "it begins: {line}"
    );
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_a_closing_loop_drops_is_the_cause_of_what_comes_of_it() {
    let (mut browser, folder) = page_of("18_who_waits_for_whom");
    go_to(&mut browser, "the loop closes");
    let tasks = "[...document.querySelectorAll('#tasks .name')].map((name) => name.textContent)";
    let left = browser.evaluate(tasks);
    assert_eq!(left, json!(["Task-4", "left", "right"]));
    go_to(&mut browser, "Lock.acquire-12 has its result");
    assert_eq!(browser.evaluate(tasks), json!(["left", "right"]));
    assert!(browser.text("#queue").contains("is dropped: left"));
    let waited_for = browser.evaluate(&tasks.replace("tasks", "futures"));
    let expected = json!(["right", "Gather-13"]);
    assert_eq!(waited_for, expected, "nobody stands in the line of left");
    browser.press("c");
    let dropped = browser.text("#sentence");
    assert_eq!(dropped, "the coroutine of left is dropped where it stands");
    assert!(browser.text(".line.now").contains("second.lock().await"));
    browser.press("c");
    assert!(browser.text("#sentence").contains("the loop closes"));
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn who_is_at_a_button_stays_there() {
    let (mut browser, folder) = page_of("07_gather");
    go_to(&mut browser, "nothing is ready");
    let focused = "document.activeElement.textContent";
    for (selector, text) in [(".task", "Task-1"), (".near button", "Task-1")] {
        browser.evaluate(&format!(
            "document.querySelectorAll({selector:?})[0].focus()"
        ));
        browser.press("ArrowRight");
        let at = browser.evaluate(focused);
        assert!(at.as_str().unwrap().contains(text), "{selector}: {at}");
        browser.press("Enter");
        let at = browser.evaluate(focused);
        assert!(at.as_str().unwrap().contains(text), "{selector}: {at}");
    }
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_cancelled_timer_stays_in_the_heap_until_it_comes_to_the_top() {
    let (mut browser, folder) = page_of("13_cancel_and_cleanup");
    go_to(&mut browser, "callback #2 is taken back");
    assert!(browser.text(".timer.empty").contains("#2"));
    go_to(
        &mut browser,
        "the empty entry of callback #2 leaves the heap",
    );
    assert!(!browser.text("#timers").contains("#2"));
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn only_the_programs_own_source_is_shown() {
    let (mut browser, folder) = page_of("14_wait_for");
    let files = "(() => {
        const files = new Set();
        for (let i = 1; i <= glassBox.events.length; i++) {
            glassBox.go(i);
            files.add(document.querySelector('.file')?.textContent);
        }
        return [...files];
    })()";
    let files = browser.evaluate(files);
    assert_eq!(files, json!(["examples/14_wait_for.rs"]));
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn events_that_were_not_kept_are_counted_and_what_was_there_is_shown() {
    let folder = folder("ring");
    let file = folder.join("story.html");
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::keeping(30);
    event_loop.observe(recorder.clone());
    let fut = event_loop.create_future::<()>();
    let main = async move {
        let waits = async move {
            fut.await?;
            Ok(())
        };
        create_task(waits).set_name("waits");
        for _ in 0..100 {
            yield_now().await?;
        }
        Ok(())
    };
    event_loop.run_until_complete(main).unwrap();
    std::fs::write(&file, recorder.tell(Format::Page)).unwrap();
    let mut browser = Browser::new();
    browser.open(&file, "");
    let left_out = format!("{} events before these were not kept", recorder.dropped());
    assert!(browser.text("#where").contains(&left_out));
    assert!(browser.text("#tasks").contains("waitsparked"));
    assert!(browser.text(".badge").contains("waits"));
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

/// And in small windows the part that stays leaves room for the rest.
#[test]
fn a_long_name_does_not_hide_the_page() {
    let folder = folder("long");
    let file = folder.join("story.html");
    hostile(&file);
    let mut browser = Browser::new();
    for (width, height) in [(1280, 720), (375, 667), (667, 375)] {
        let size =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        browser.call("Emulation.setDeviceMetricsOverride", size);
        browser.open(&file, "");
        go_to(&mut browser, "xxxxxxxxxx… runs");
        let header = "document.querySelector('header').getBoundingClientRect().height";
        let stays = "getComputedStyle(document.querySelector('header')).position === 'sticky'";
        let (header, stays) = (browser.evaluate(header), browser.evaluate(stays));
        assert!(stays == false || header.as_f64().unwrap() < 0.35 * f64::from(height));
        let wide = browser.evaluate("document.documentElement.scrollWidth");
        assert!(wide.as_u64().unwrap() <= width, "{wide} of {width}");
    }
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn all_that_the_program_said_is_there() {
    let (mut browser, folder) = page_of("15_locks_and_queues");
    browser.press("End");
    let said = browser.text("#said");
    let words = browser.evaluate("glassBox.words.length").as_u64().unwrap();
    assert_eq!(said.lines().count() as u64, words);
    assert!(words > 12);
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_move_by_hand_ends_the_playing() {
    let (mut browser, folder) = page_of("07_gather");
    browser.press(" ");
    while step(&mut browser) < 2 {}
    browser.press("ArrowRight");
    assert_eq!(browser.evaluate("glassBox.playing === null"), true);
    browser.press("n");
    assert!(browser.text("#sentence").contains("Task-"));
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

/// The program may be killed at any moment.
#[test]
fn a_page_that_ends_in_the_midst_of_an_event_shows_what_came_before() {
    let (mut browser, folder) = page_of("03_countdown");
    let file = folder.join("story.html");
    let page = std::fs::read(&file).unwrap();
    let last = page.windows(4).rposition(|part| part == b"<!--").unwrap();
    let body = page.windows(6).rposition(|part| part == b"</pre>").unwrap();
    let events = browser.evaluate("glassBox.events.length").as_u64().unwrap();
    for (end, lost) in [
        (last + 2, 1),
        (last + 4, 1),
        (last + 20, 1),
        (body - 9, 1),
        (body, 0),
    ] {
        std::fs::write(&file, &page[..end]).unwrap();
        browser.open(&file, "");
        let shown = browser.evaluate("glassBox.events.length").as_u64().unwrap();
        assert_eq!(shown, events - lost, "cut off at {end} of {}", page.len());
        browser.press("End");
        assert_ne!(browser.text("#sentence"), "");
    }
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_cancellation_comes_of_who_asked_for_it() {
    let folder = folder("cancelled");
    let file = folder.join("story.html");
    recorded(&file, |event_loop| {
        let busy = event_loop.create_task(async {
            loop {
                yield_now().await?;
            }
        });
        let early = event_loop.create_task(async { Ok(()) });
        let main = async {
            yield_now().await?;
            note("now");
            busy.cancel();
            let _gone = busy.await.map(|never: ()| never);
            Ok(())
        };
        early.cancel();
        event_loop.run_until_complete(main).unwrap();
    });
    let mut browser = Browser::new();
    browser.open(&file, "");
    go_to(&mut browser, "CancelledError ends Task-2");
    browser.press("c");
    assert_eq!(
        browser.text("#sentence"),
        "Task-2 is asked to cancel itself"
    );
    go_to(&mut browser, "Task-1 runs: throw(CancelledError)");
    browser.press("c");
    let sentence = browser.text("#sentence");
    assert_eq!(sentence, "Task-3: Task-1 is asked to cancel itself");
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_causes_of_a_gathers_cancellation_lead_to_who_asked_the_gather() {
    let (mut browser, folder) = page_of("19_glass_box");
    go_to(&mut browser, "throw(CancelledError)");
    for expected in [
        "Gather-3 passes it on: Task-1 is asked to cancel itself",
        "callback #1: Gather-3 is asked to cancel itself",
    ] {
        browser.press("c");
        assert_eq!(browser.text("#sentence"), expected);
    }
    go_to(&mut browser, "Future-5 is cancelled");
    browser.press("c");
    let sentence = browser.text("#sentence");
    assert_eq!(
        sentence,
        "Task-2 passes it on: Future-5 is asked to cancel itself"
    );
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_a_task_was_parked_on_is_told_when_that_is_done() {
    let (mut browser, folder) = page_of("05_awaiting_a_future");
    go_to(&mut browser, "Future-1 has its result");
    let tasks = browser.text("#tasks");
    assert!(tasks.contains("on Future-1, which is over"), "{tasks}");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_pending_is_not_said_to_be_over() {
    let folder = folder("pending");
    let file = folder.join("story.html");
    recorded(&file, |event_loop| {
        let fut = event_loop.create_future::<i32>();
        let leaf = Rc::new(RefCell::new(Some(fut.clone())));
        let taken = leaf.clone();
        event_loop.create_task(poll_fn(move |cx| match &mut *leaf.borrow_mut() {
            Some(leaf) => Pin::new(leaf).poll(cx),
            None => Poll::Ready(Ok(7)),
        }));
        let aborted = event_loop.create_task(fut.clone());
        event_loop.run_until_complete(yield_now()).unwrap();
        drop(taken.take());
        aborted.abort();
        fut.set_result(1).unwrap();
        let me: Rc<RefCell<Option<Task<()>>>> = Rc::default();
        let later = me.clone();
        let awaits_itself = event_loop.create_task(async move {
            let me = later.take().unwrap();
            me.await
        });
        *me.borrow_mut() = Some(awaits_itself.clone());
        assert!(event_loop.run_until_complete(awaits_itself).is_err());
    });
    let mut browser = Browser::new();
    browser.open(&file, "");
    go_to(&mut browser, "the waker of Task-1 leaves the line");
    let tasks = browser.text("#tasks");
    assert!(
        tasks.contains("Task-1parkednobody has its waker"),
        "{tasks}"
    );
    go_to(&mut browser, "Task-2 is to be dropped");
    let tasks = browser.text("#tasks");
    assert!(tasks.contains("Task-2parkedto be dropped"), "{tasks}");
    go_to(&mut browser, "may not wait: next comes RuntimeError");
    let tasks = browser.text("#tasks");
    assert!(tasks.contains("Task-4parkedmay not wait"), "{tasks}");
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_task_that_was_chosen_can_be_let_go_when_it_has_ended() {
    let (mut browser, folder) = page_of("07_gather");
    go_to(&mut browser, "Task-2 is made");
    browser.evaluate("document.querySelectorAll('.task')[1].click()");
    browser.press("End");
    let chosen = browser.text("#tasks .chosen");
    assert_eq!(chosen, "Task-2is not there at this step");
    browser.evaluate("document.querySelector('#tasks .chosen .task').click()");
    assert_eq!(browser.evaluate("glassBox.selected === null"), true);
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_is_too_long_can_be_scrolled_and_read_without_a_mouse() {
    let (mut browser, folder) = page_of("18_who_waits_for_whom");
    let bodies = "[...document.querySelectorAll('.body')].every((body) => body.tabIndex === 0)";
    assert_eq!(browser.evaluate(bodies), true);
    go_to(&mut browser, "Task was destroyed but it is pending!");
    let now = browser.text(".near button.now");
    assert!(now.contains("<left waiting for <Lock.acquire-11"), "{now}");
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}
