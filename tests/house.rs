//! The rules of the house: what can be read in which order, and how much of it at a time.

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The modules that a file declares, in order.
fn modules(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'));
    names.map(String::from).collect()
}

/// All source files with their module paths, in reading order: that of `lib.rs`, and in a folder
/// that of its `mod.rs`.
fn files_in_reading_order() -> Vec<(String, PathBuf)> {
    let src = root().join("src");
    let mut files = Vec::new();
    for name in modules(&src.join("lib.rs")) {
        let folder = src.join(&name);
        if !folder.is_dir() {
            files.push((name.clone(), src.join(name + ".rs")));
            continue;
        }
        for inner in modules(&folder.join("mod.rs")) {
            files.push((format!("{name}::{inner}"), folder.join(inner + ".rs")));
        }
    }
    files
}

/// The code of a file without its comments.
fn code(file: &Path) -> String {
    let text = fs::read_to_string(file).unwrap();
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| line.to_owned() + "\n")
        .collect()
}

#[test]
fn a_file_uses_only_files_above_it_in_the_reading_order() {
    let files = files_in_reading_order();
    for (place, (name, file)) in files.iter().enumerate() {
        for used in code(file).split("crate::").skip(1) {
            let used_place = files.iter().position(|(other, _)| {
                let rest = used.strip_prefix(other.as_str());
                rest.is_some_and(|rest| rest.starts_with([':', ';']))
            });
            let used: String = used
                .chars()
                .take_while(|c| c.is_alphanumeric() || "_:".contains(*c))
                .collect();
            let used_place =
                used_place.unwrap_or_else(|| panic!("{name} uses crate::{used}, which is no room"));
            assert!(used_place <= place, "{name} uses {used}, which comes later");
        }
    }
}

/// The story of each room ends by naming the one that comes next; a folder's rooms need not.
#[test]
fn the_stories_lead_from_room_to_room() {
    let files = files_in_reading_order();
    for rooms in files.windows(2) {
        let [(name, file), (next, _)] = rooms else {
            continue;
        };
        if name.contains("::") || next.contains("::") {
            continue;
        }
        let text = fs::read_to_string(file).unwrap();
        let says = text.lines().find(|line| line.starts_with("//! Next: "));
        let says = says.unwrap_or_else(|| panic!("{name} does not say what comes next"));
        assert!(says.contains(&format!("(crate::{next})")), "{name}: {says}");
    }
}

#[test]
fn every_source_file_is_in_the_reading_order() {
    let mut listed: Vec<_> = files_in_reading_order()
        .into_iter()
        .map(|(_, file)| file)
        .collect();
    listed.sort();
    let mut present = rust_files(&root().join("src"));
    present.retain(|file| !file.ends_with("lib.rs") && !file.ends_with("mod.rs"));
    assert_eq!(listed, present);
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension() == Some("rs".as_ref()) {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn no_source_file_is_longer_than_350_lines() {
    for file in rust_files(&root().join("src")) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 350, "{}: {lines} lines", file.display());
    }
}

#[test]
fn no_example_is_longer_than_about_60_lines_but_the_tour() {
    for file in rust_files(&root().join("examples")) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        let limit = if file.ends_with("tour.rs") { 90 } else { 62 };
        assert!(lines <= limit, "{}: {lines} lines", file.display());
    }
}

/// rustfmt ends a function with a brace in the column where its first line begins.
#[test]
fn no_function_is_longer_than_40_lines() {
    let mut seen = 0;
    for file in rust_files(&root().join("src")) {
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let indent = &line[..line.len() - line.trim_start().len()];
            let words = line.split("//").next().unwrap();
            if !words.split([' ', '(']).any(|word| word == "fn")
                || words.trim_end().ends_with([';', '}'])
            {
                continue;
            }
            let end = format!("{indent}}}");
            let Some(length) = lines[start..].iter().position(|line| *line == end) else {
                continue;
            };
            seen += 1;
            assert!(
                length < 40,
                "{}:{}: {length} lines",
                file.display(),
                start + 1
            );
        }
    }
    assert!(
        seen > 100,
        "only {seen} functions found: is this test still reading them right?"
    );
}
