//! What the prose refers to is there.

use std::fs;
use std::path::{Path, PathBuf};

const PAGES: [&str; 3] = ["README.md", "NOTES.md", "tests/behaviour/README.md"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The links of a page: what is between the brackets, and where it leads.
fn links(page: &str) -> Vec<(String, String)> {
    let mut links = Vec::new();
    for (end, _) in page.match_indices("](") {
        let text = &page[page[..end].rfind('[').unwrap() + 1..end];
        let target = &page[end + 2..];
        let target = &target[..target.find(')').unwrap()];
        links.push((text.to_owned(), target.to_owned()));
    }
    links
}

/// The anchor that a heading gets.
fn anchor(heading: &str) -> String {
    heading
        .trim_start_matches('#')
        .trim()
        .to_lowercase()
        .replace(' ', "-")
        .replace(['\'', ','], "")
}

#[test]
fn every_link_leads_to_a_file_or_a_heading() {
    let mut seen = 0;
    for page in PAGES {
        let text = read(page);
        let headings: Vec<_> = text.lines().filter(|line| line.starts_with('#')).collect();
        let folder = root().join(page).parent().unwrap().to_owned();
        for (_, target) in links(&text) {
            seen += 1;
            if let Some(target) = target.strip_prefix('#') {
                let found = headings.iter().any(|heading| anchor(heading) == target);
                assert!(found, "{page} has no heading #{target}");
            } else if !target.starts_with("https://") {
                assert!(folder.join(&target).exists(), "{page}: no file {target}");
            }
        }
    }
    assert!(seen > 200, "only {seen} links found");
}

/// A link whose text is code, `[`name`](file.rs)`, leads to a file that has an item of that name.
#[test]
fn every_item_that_a_link_names_is_in_the_file() {
    let mut seen = 0;
    for (text, target) in links(&read("NOTES.md")) {
        let Some(name) = text
            .strip_prefix('`')
            .and_then(|text| text.strip_suffix('`'))
        else {
            continue;
        };
        if target.starts_with('#') {
            continue;
        }
        let module = PathBuf::from(&target).file_stem().unwrap() == name;
        let file = read(&target);
        let declared = ["fn ", "struct ", "enum ", "trait ", "    "]
            .iter()
            .any(|keyword| {
                file.match_indices(&format!("{keyword}{name}"))
                    .any(|(start, found)| {
                        let rest = &file[start + found.len()..];
                        !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                    })
            });
        assert!(module || declared, "no {name} in {target}");
        seen += 1;
    }
    assert!(seen > 60, "only {seen} items found");
}

#[test]
fn the_readme_shows_the_real_output_of_the_tour() {
    assert!(read("README.md").contains(&read("examples/tour.txt")));
}

#[test]
fn the_table_of_scenarios_is_complete_and_true() {
    let table = read("tests/behaviour/README.md");
    let main = read("tests/behaviour/main.rs");
    let rows: Vec<_> = table
        .lines()
        .filter(|line| line.starts_with("| ["))
        .collect();
    assert_eq!(rows.len(), 93);
    for (number, row) in (1..).zip(rows) {
        let number = format!("{number:02}");
        assert!(main.contains(&format!("mod s{number};")), "{row}");
        let name = row.split('|').nth(2).unwrap().trim();
        let stem = format!("scenarios/{number}-{name}");
        assert!(
            row.starts_with(&format!("| [{number}]({stem}.rs) |")),
            "{row}"
        );
        assert!(root().join(format!("tests/behaviour/{stem}.py")).exists());
        let port = read(format!("tests/behaviour/{stem}.rs"));
        let says_so = !row.ends_with(&format!("| {name} | |"));
        assert_eq!(port.contains("leave_out("), says_so, "{row}");
    }
}

#[test]
fn the_readme_counts_the_ports_right() {
    let ports = read("tests/behaviour/main.rs").matches("mod s").count();
    let counted = format!("{ports} of CPython's own transcripts");
    assert!(
        read("README.md").contains(&counted),
        "README.md should say: {counted}"
    );
}
