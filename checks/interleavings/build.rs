//! Copies the source of the crate and puts loom where it says std.
//!
//! The rules are plain replacements of text. They do not know which rooms use threads, so a room that
//! begins to do so is covered. Each rule must match somewhere, and after them nothing of std's threads
//! may be left: otherwise the build fails, and this file must follow the source.

use std::fs;
use std::path::{Path, PathBuf};

/// What is replaced in each file, and by what.
const RULES: [(&str, &str); 3] = [
    ("std::sync", "crate::stand_in::sync"),
    ("std::thread", "crate::stand_in::thread"),
    // The `Arc` itself stays std's, for a `Waker` is made of nothing else. See `stand_in::sync`.
    (
        "Arc::strong_count(",
        "<Arc<_> as crate::stand_in::sync::Counted>::strong_count(",
    ),
];

/// Other ways to reach std's threads, which no rule sees.
const OVERLOOKED: [&str; 6] = [
    "use std::{",
    "use std::*",
    "use std as",
    "core::sync",
    "alloc::sync",
    "spin_loop",
];

/// Rooms that are about threads. Were one of them copied as it is, the models would check nothing.
const ABOUT_THREADS: [&str; 4] = ["mailbox.rs", "waker.rs", "threadsafe.rs", "threads/pool.rs"];

fn main() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../src");
    let target = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it")).join("src");
    println!("cargo::rerun-if-changed={}", source.display());
    println!("cargo::rerun-if-changed=build.rs");
    let _none_yet = fs::remove_dir_all(&target);
    let mut copier = Copier::default();
    copier.copy_folder(&source, &target);
    for ((from, _), times) in RULES.iter().zip(copier.matched) {
        assert!(times > 0, "no room says `{from}` any more");
    }
    assert!(copier.statics > 0, "no room has a static any more");
    for room in ABOUT_THREADS {
        let copied = fs::read_to_string(target.join(room));
        let copied = copied.unwrap_or_else(|error| panic!("{room}: {error}"));
        assert!(copied.contains("stand_in"), "nothing replaced in {room}");
    }
}

#[derive(Default)]
struct Copier {
    /// How often each rule matched.
    matched: [usize; RULES.len()],
    statics: usize,
}

impl Copier {
    fn copy_folder(&mut self, source: &Path, target: &Path) {
        fs::create_dir_all(target).expect("cargo lets us write there");
        for entry in fs::read_dir(source).expect("the crate is two folders up") {
            let path = entry.expect("it can be read").path();
            let copy = target.join(path.file_name().expect("an entry has a name"));
            if path.is_dir() {
                self.copy_folder(&path, &copy);
                continue;
            }
            let text = fs::read_to_string(&path).expect("source is text");
            let text = match copy.ends_with("src/lib.rs") {
                true => modules(&text).to_owned(),
                false => text,
            };
            fs::write(&copy, self.translated(&path, &text)).expect("cargo lets us write there");
        }
    }

    fn translated(&mut self, path: &Path, text: &str) -> String {
        let mut translated = String::new();
        for line in text.lines() {
            if line.trim_start().starts_with("//") {
                translated += "\n"; // so that a panic names the line of the original
                continue;
            }
            let mut line = line.to_owned();
            for ((from, to), matched) in RULES.iter().zip(&mut self.matched) {
                *matched += line.matches(from).count();
                line = line.replace(from, to);
            }
            for overlooked in OVERLOOKED {
                assert!(
                    !line.contains(overlooked),
                    "{}: no rule for `{line}`",
                    path.display()
                );
            }
            translated += &self.anew_each_time(line);
            translated += "\n";
        }
        translated
    }

    /// A static outlives an execution, and loom's atomics must not. So it is made anew for each one.
    /// (Those of a `thread_local!` are indented; the macro of that name takes care of them.)
    fn anew_each_time(&mut self, line: String) -> String {
        let is_public = line.starts_with("pub static ") || line.starts_with("pub(crate) static ");
        if !is_public && !line.starts_with("static ") {
            return line;
        }
        assert!(line.ends_with(';'), "a static of several lines: {line}");
        self.statics += 1;
        let line = line.replacen("static ", "static ref ", 1);
        format!("::loom::lazy_static! {{ {line} }}")
    }
}

/// The lib.rs from its first module on: what stands before it cannot be included.
fn modules(text: &str) -> &str {
    let first = text.find("\npub mod ").expect("lib.rs has modules");
    &text[first..]
}
