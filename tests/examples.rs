//! Every example prints what the file next to it says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Builds the examples, into the folder that this test lies in, and tells where they are. (`cargo
/// test` has built them already, then this takes no time; but not every way to run a test does.)
fn built_examples() -> PathBuf {
    let this_test = std::env::current_exe().unwrap();
    let profile = this_test.ancestors().nth(2).unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--examples", "--target-dir"]);
    cargo.arg(profile.parent().unwrap());
    if profile.ends_with("release") {
        cargo.arg("--release");
    }
    let built = cargo
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(built.success());
    profile.join("examples")
}

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut examples: Vec<_> = files
        .filter(|path| path.extension() == Some("rs".as_ref()))
        .collect();
    examples.sort();
    examples
}

#[test]
fn every_example_prints_what_the_file_next_to_it_says() {
    let programs = built_examples();
    for source in examples() {
        let name = source.file_stem().unwrap().to_str().unwrap();
        let expected = fs::read_to_string(source.with_extension("txt"));
        let expected = expected.unwrap_or_else(|error| panic!("{name}.txt: {error}"));
        let run = Command::new(programs.join(name)).output().unwrap();
        let errors = String::from_utf8_lossy(&run.stderr);
        assert!(
            run.status.success() && errors.is_empty(),
            "{name}: {}\n{errors}",
            run.status
        );
        let printed = String::from_utf8_lossy(&run.stdout);
        for (number, (printed, expected)) in printed.lines().zip(expected.lines()).enumerate() {
            assert_eq!(printed, expected, "{name}, line {}", number + 1);
        }
        assert_eq!(
            printed.lines().count(),
            expected.lines().count(),
            "{name}: lines"
        );
    }
}

/// The snippets which the behaviour kit recorded from CPython happen in the same order, at the same
/// times: so many lines are the same. What an example says beyond the transcript is left aside.
#[test]
fn the_examples_follow_the_transcripts_of_cpython() {
    let same_words = [
        ("01_tick_tock", "01-metronome-callbacks", 44),
        ("02_order_of_await", "39-await-order-counts", 2),
        ("03_countdown", "53-countdown-tasks", 41),
        ("05_awaiting_a_future", "41-awaiting-a-future-20s", 2),
        ("06_awaiting_coroutines", "42-nested-coroutines-20s", 7),
        ("07_gather", "43-two-waiters-one-future", 4),
        (
            "08_done_callbacks",
            "30-dropped-future-and-cancelled-future",
            5,
        ),
        ("12_async_for", "79-async-for", 7),
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (example, scenario, lines) in same_words {
        let read = |path: PathBuf| fs::read_to_string(path).unwrap();
        let said = read(root.join("examples").join(example).with_extension("txt"));
        let transcript = read(
            root.join("tests/behaviour/scenarios")
                .join(scenario)
                .with_extension("txt"),
        );
        let mut said_in_both = said
            .lines()
            .filter(|line| transcript.lines().any(|t| t == *line));
        let shared: Vec<_> = said_in_both.by_ref().collect();
        let in_order: Vec<_> = transcript
            .lines()
            .filter(|line| shared.contains(line))
            .collect();
        assert_eq!(shared.len(), lines, "lines of {scenario} in {example}");
        assert_eq!(
            shared,
            in_order[..shared.len()],
            "{example} against {scenario}"
        );
    }
}

/// Runs an example with a trace.
fn traced(name: &str, trace: &str) -> Output {
    Command::new(built_examples().join(name))
        .env("SEND_NONE_TRACE", trace)
        .env("SEND_NONE_TRACE_DOUBT", "1")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

#[test]
fn the_environment_asks_for_a_trace_and_the_program_does_the_same() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let path = folder.join(format!("{}-story.html", std::process::id()));
    let output = traced("07_gather", path.to_str().unwrap());
    let expected = include_str!("../examples/07_gather.txt");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    let page = fs::read_to_string(&path).unwrap();
    assert!(page.contains("“t=20 A resumes”") && page.ends_with("</html>\n"));
    assert!(
        page.contains("<template data-file=\"examples/07_gather.rs\">"),
        "its source"
    );
    fs::remove_file(path).unwrap();
}

#[test]
fn a_trace_that_cannot_be_written_is_refused_before_the_run() {
    for (path, advice) in [
        (
            "/no/such/folder/story.html",
            "name a file in a folder that is there",
        ),
        ("story.pdf", "must end in .html, .txt or .json"),
    ] {
        let output = traced("07_gather", path);
        assert!(output.stdout.is_empty() && !output.status.success());
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains(path) && text.contains(advice), "{text}");
    }
}

/// What the notes show of traces is what comes out.
#[test]
fn the_traces_in_the_notes_are_real() {
    let notes = include_str!("../NOTES.md");
    let chapter = notes.split("## The glass box").nth(1).unwrap();
    let chapter = chapter.split("\n## ").next().unwrap();
    let mut told = ["05_awaiting_a_future", "17_blocking_call"]
        .map(|name| String::from_utf8(traced(name, "-").stdout).unwrap())
        .concat();
    told += include_str!("../examples/19_glass_box.txt"); // it has a recorder of its own
    let blocks: Vec<_> = chapter.split("```text\n").skip(1).collect();
    assert!(blocks.len() >= 4);
    for block in blocks {
        let block = block.split("```").next().unwrap();
        assert!(told.contains(block), "this is not what comes out:\n{block}");
    }
}

/// A reader of a trace is shown what he has written himself.
#[test]
fn no_trace_names_a_line_of_this_crate() {
    for source in examples() {
        let name = source.file_stem().unwrap().to_str().unwrap();
        let text = String::from_utf8(traced(name, "-").stdout).unwrap();
        let ours = text
            .lines()
            .find(|line| line.contains(" at src/") || line.contains(" of src/"));
        assert_eq!(ours, None, "{name}");
    }
}
