//! The page is driven as a reader would.

use std::path::PathBuf;

use serde_json::json;

use crate::browser::Browser;
use crate::traces::{folder, hostile, large, traced};

/// The page of an example, opened.
pub fn page_of(example: &str) -> (Browser, PathBuf) {
    let folder = folder(&format!("driving-{example}"));
    let file = folder.join("story.html");
    traced(&["run", "-q", "--example", example], &file, &[]);
    let mut browser = Browser::new();
    browser.open(&file, "");
    (browser, folder)
}

pub fn step(browser: &mut Browser) -> u64 {
    browser.evaluate("glassBox.step").as_u64().unwrap()
}

/// Nothing went wrong, and nothing was asked of anybody.
pub fn at_peace(browser: &Browser) {
    assert_eq!(browser.complaints, [""; 0]);
    assert_eq!(browser.requests, [""; 0]);
}

#[test]
fn keys_move_from_step_to_step() {
    let (mut browser, folder) = page_of("07_gather");
    let events = browser.evaluate("glassBox.events.length").as_u64().unwrap();
    assert_eq!(step(&mut browser), 1);
    browser.press("ArrowRight");
    browser.press("ArrowRight");
    assert_eq!(step(&mut browser), 3);
    assert!(browser.text("#sentence").contains("Task-1 is made"));
    browser.press("ArrowLeft");
    assert_eq!(step(&mut browser), 2);
    browser.press("End");
    assert_eq!(step(&mut browser), events);
    assert_eq!(browser.text("#sentence"), "the loop is closed");
    browser.press("ArrowRight");
    assert_eq!(step(&mut browser), events, "there is no further");
    browser.press("Home");
    browser.press("ArrowLeft");
    assert_eq!(step(&mut browser), 1);
    browser.press(" ");
    while step(&mut browser) < 3 {}
    browser.press(" ");
    let stopped = browser.evaluate("glassBox.playing === null");
    assert_eq!(stopped, true);
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

/// Moves to the first step whose sentence has that in it.
pub fn go_to(browser: &mut Browser, words: &str) {
    let find =
        format!("glassBox.go(glassBox.lines.findIndex((line) => line.includes({words:?})) + 1)");
    browser.evaluate(&find);
    assert!(browser.text("#sentence").contains(words));
}

#[test]
fn the_cause_of_a_step_is_one_key_away() {
    let (mut browser, folder) = page_of("07_gather");
    go_to(&mut browser, "turn 3");
    browser.press("ArrowRight");
    assert_eq!(browser.text("#sentence"), "Task-1 runs: send(waker)");
    let because = browser.text("#because");
    assert!(
        because.contains("Future-1 is settled: Task-1 is woken"),
        "{because}"
    );
    browser.press("c");
    assert!(browser.text("#sentence").contains("Task-1 is woken"));
    browser.press("c");
    assert!(
        browser
            .text("#sentence")
            .contains("Future-1 has its result")
    );
    browser.press("c");
    let runs = browser.text("#sentence");
    let expected = "callback #1 of examples/07_gather.rs:";
    assert!(
        runs.starts_with(expected) && runs.ends_with(" runs"),
        "{runs}"
    );
    browser.press("c");
    assert!(browser.text("#sentence").contains("t=20 has come"));
    browser.press("c");
    assert!(browser.text("#sentence").contains("a timer is set"));
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_events_of_one_task_are_gone_through() {
    let (mut browser, folder) = page_of("07_gather");
    go_to(&mut browser, "Task-2 is made");
    browser.evaluate("document.querySelectorAll('.task')[1].click()");
    let mut seen = Vec::new();
    for _ in 0..4 {
        browser.press("n");
        seen.push(browser.text("#sentence"));
    }
    assert!(seen.contains(&"Task-2 runs: send(waker)".to_owned()));
    assert!(
        seen.contains(&"“t=0 B waits”".to_owned()),
        "what it does in its step is one of its events: {seen:?}"
    );
    let of_others = |sentence: &String| sentence.contains("Task-1") || sentence.contains("turn");
    assert!(!seen.iter().any(of_others), "{seen:?}");
    browser.press("p");
    assert_eq!(browser.text("#sentence"), seen[2]);
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_link_leads_to_a_step_and_the_timeline_can_be_scrubbed() {
    let (mut browser, folder) = page_of("13_cancel_and_cleanup");
    browser.open(&folder.join("story.html"), "#step=40");
    assert_eq!(step(&mut browser), 40);
    assert_eq!(browser.evaluate("location.hash"), "#step=40");
    browser.press("ArrowRight");
    while browser.evaluate("location.hash") != "#step=41" {}
    browser.evaluate("location.hash = '#step=7'");
    while step(&mut browser) != 7 {}
    let box_of = "(({left, top, width}) => [left, top, width])(glassBox.lanes.canvas.getBoundingClientRect())";
    let canvas = browser.evaluate(box_of);
    let at = |i: usize| canvas[i].as_f64().unwrap();
    browser.click(at(0) + 96.0 + (at(2) - 96.0) / 2.0, at(1) + 5.0);
    let events = browser.evaluate("glassBox.events.length").as_u64().unwrap();
    assert!(step(&mut browser).abs_diff(events / 2) <= 1);
    browser.evaluate("glassBox.scrub.value = 12; glassBox.scrub.dispatchEvent(new Event('input'))");
    assert_eq!(step(&mut browser), 12);
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn without_scripts_it_is_a_text() {
    let (mut browser, folder) = page_of("03_countdown");
    browser.call(
        "Emulation.setScriptExecutionDisabled",
        json!({"value": true}),
    );
    browser.open(&folder.join("story.html"), "");
    let story = browser.evaluate("document.getElementById('story').innerText");
    let story = story.as_str().unwrap();
    assert!(story.contains("Task-1 runs: send(waker)") && !story.contains("fn main"));
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn hostile_names_and_texts_stay_texts() {
    let folder = folder("hostile");
    let file = folder.join("story.html");
    hostile(&file);
    let mut browser = Browser::new();
    browser.open(&file, "");
    let events = browser.evaluate("glassBox.events.length").as_u64().unwrap();
    for _ in 0..events {
        browser.press("ArrowRight");
    }
    assert_eq!(browser.evaluate("document.title"), "page, step by step");
    let foreign = "document.querySelectorAll('h1, img, script').length";
    assert_eq!(
        browser.evaluate(foreign),
        2,
        "its own heading and script, and nothing else"
    );
    go_to(&mut browser, "is called “😀 مرحبا 你好”");
    assert!(browser.text("#tasks").contains("😀 مرحبا 你好"));
    assert!(!browser.text("#near").contains('\u{202e}'));
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_hundred_thousand_events_are_no_more_than_20_megabytes() {
    let folder = folder("large");
    let file = folder.join("story.html");
    large(&file, 100_000);
    let size = std::fs::metadata(&file).unwrap().len();
    assert!(size < 20 << 20, "{size} bytes");
    let mut browser = Browser::new();
    browser.open(&file, "#step=50000");
    let events = browser.evaluate("glassBox.events.length").as_u64().unwrap();
    assert!(events > 95_000, "{events}");
    assert_eq!(step(&mut browser), 50_000);
    browser.press("End");
    browser.press("Home");
    assert_eq!(step(&mut browser), 1);
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}
