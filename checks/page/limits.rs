//! How long a page of a hundred thousand events takes to open, and to step through. Fails above the limits.

use std::time::Instant;

use page::browser::Browser;
use page::traces::{folder, large};

fn main() {
    let folder = folder("limits");
    let file = folder.join("story.html");
    large(&file, 100_000);
    let size = std::fs::metadata(&file).unwrap().len() as f64 / 1e6;
    let mut browser = Browser::new();
    let start = Instant::now();
    browser.open(&file, "");
    let events = browser.evaluate("glassBox.events.length");
    let opened = start.elapsed().as_secs_f64();
    // A hundred steps in the middle, drawn each time.
    let times = browser.evaluate(
        "glassBox.go(50000); Array.from({length: 100}, (_, i) => { \
         const start = performance.now(); glassBox.go(glassBox.step + (i % 3 === 2 ? -1 : 1)); \
         document.body.offsetHeight; return performance.now() - start; }).sort((a, b) => a - b)",
    );
    let step = |i: usize| times[i].as_f64().unwrap();
    println!(
        "{events} events: {size:.1} MB, open after {opened:.2} s; of 100 steps half take {:.0} ms at most, \
         95 {:.0} ms, the slowest {:.0} ms",
        step(50),
        step(94),
        step(99)
    );
    std::fs::remove_dir_all(folder).unwrap();
    let fine = size < 20.0 && opened < 2.0 && step(94) < 50.0;
    assert!(fine, "above the limits");
}
