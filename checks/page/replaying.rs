//! Replay is reality: after every event the state on the page is the loop's own snapshot of that moment.

use std::path::Path;

use crate::browser::Browser;
use crate::traces::{examples, folder, traced};

/// The timeline in a page, as a text for a script.
fn story_in(file: &Path) -> String {
    let page = std::fs::read_to_string(file).unwrap();
    let (_, story) = page.split_once("<pre id=\"story\">").unwrap();
    serde_json::to_string(story).unwrap()
}

/// The script of the page looks through the events of another page.
fn doubt(browser: &mut Browser, file: &Path) -> u64 {
    let result = browser.evaluate(&format!("doubt({})", story_in(file)));
    assert_eq!(
        result["wrong"].as_array().map(Vec::len),
        Some(0),
        "{}: {}",
        file.display(),
        result["wrong"]
    );
    result["doubted"].as_u64().unwrap()
}

/// What leads to an event on the page is what the text says that it came of.
fn compare_causes(browser: &mut Browser, file: &Path) -> u64 {
    let told = "({ events, lines }) => {
        const wrong = [];
        let compared = 0;
        const { by } = causes(events);
        events.forEach((event, i) => {
            const said = lines[i].slice(event.w);
            const cause = events[by[i]]?.k;
            const expected = / is settled: /.test(said) ? 'Settled'
                : /^callback #\\d+: /.test(said) ? 'CallBegan'
                : / passes it on: /.test(said) ? 'CancelAsked'
                : /^closing: /.test(said) ? 'Closing'
                : /^[A-Z][A-Za-z]*-\\d+: /.test(said) ? 'StepBegan' : null;
            if (expected !== null) compared++;
            const dropped = expected === 'StepBegan' && cause === 'Dropped';
            if (expected !== null && cause !== expected && !dropped) wrong.push(`${said}: ${cause}`);
        });
        return { compared, wrong };
    }";
    let result = browser.evaluate(&format!("({told})(read({}))", story_in(file)));
    let wrong = &result["wrong"];
    assert_eq!(wrong, &serde_json::json!([]), "{}", file.display());
    result["compared"].as_u64().unwrap()
}

#[test]
fn of_all_examples() {
    let folder = folder("examples");
    let mut browser = Browser::new();
    let mut compared = 0;
    for name in examples() {
        let file = folder.join(format!("{name}.html"));
        traced(&["run", "-q", "--example", &name], &file, &[]);
        browser.open(&file, "");
        let doubted = doubt(&mut browser, &file);
        assert!(doubted > 5, "{name}: {doubted}");
        assert_eq!(browser.complaints, [""; 0], "{name}");
        compared += compare_causes(&mut browser, &file);
    }
    assert!(compared > 300, "{compared}");
    std::fs::remove_dir_all(folder).unwrap();
}

/// A trace viewer reads JSON, and wants to know of each entry what it is, where and when.
#[test]
fn the_traces_for_viewers_are_json() {
    let folder = folder("viewers");
    for name in examples() {
        let file = folder.join(format!("{name}.json"));
        traced(&["run", "-q", "--example", &name], &file, &[]);
        let text = std::fs::read_to_string(&file).unwrap();
        let entries: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
        assert!(entries.len() > 5, "{name}");
        for entry in entries {
            let named = entry["ph"].is_string() && entry["name"].is_string();
            let placed = entry["ph"] == "M" || entry["ts"].is_f64() && entry["tid"].is_u64();
            assert!(named && placed, "{name}: {entry}");
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// To be watched changes nothing: all 93 print with a recorder what CPython prints.
#[test]
fn of_all_scenarios() {
    let folder = folder("scenarios");
    let first = folder.join("scenario.html");
    traced(&["test", "-q", "--test", "behaviour"], &first, &[]);
    let mut browser = Browser::new();
    browser.open(&first, "");
    let files = std::fs::read_dir(&folder).unwrap();
    let files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 93);
    for file in files {
        doubt(&mut browser, &file);
    }
    std::fs::remove_dir_all(folder).unwrap();
}

/// Each is run twice, and does the same; so every other page will do.
#[test]
fn of_a_thousand_random_programs() {
    let folder = folder("random");
    let first = folder.join("random.html");
    let arguments = ["test", "-q", "--release", "--test", "model"];
    let more = [("SEND_NONE_PROGRAMS", "1000"), ("RUST_TEST_THREADS", "1")];
    traced(&arguments, &first, &more);
    let mut browser = Browser::new();
    browser.open(&first, "");
    let mut doubted = doubt(&mut browser, &first);
    for number in (3..2_000).step_by(2) {
        let file = folder.join(format!("random-{number}.html"));
        doubted += doubt(&mut browser, &file);
        compare_causes(&mut browser, &file);
    }
    assert!(doubted > 100_000, "{doubted}");
    std::fs::remove_dir_all(folder).unwrap();
}
