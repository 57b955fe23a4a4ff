//! The tables, as Markdown that can also be read as it is.

use std::fmt::Write;

use benches::machine;
use benches::markdown::{table_of, with_commas};
use benches::sides::Who;
use benches::workload::Kind;

use crate::Result;
use crate::measure::{Measured, Ratio};

/// Against whom we are compared.
pub const RIVALS: [Who; 2] = [Who::Tokio, Who::Local];

/// All tables.
pub fn markdown(results: &[Result]) -> String {
    let mut text = format!("# send-none against tokio\n\n{}\n\n", machine::describe());
    text += "tokio is its current-thread runtime. Nanoseconds per operation, medians of rounds in \
             which the sides took turns. The ratio is that of the medians: below 1, send-none needs \
             less. Half of the rounds have a ratio within the spread; if the ratio lies outside, the \
             machine was busy with something else: take that row with caution.\n\n";
    text += &table_of(main_table(results));
    let how =
        "One operation when there are so many; `growth` is the last column divided by the first.";
    section(&mut text, "How the cost grows", how, growth(results));
    let how = "The floor is a bare queue and heap that can do nothing else (src/floor.rs). How many \
               times as long each side takes:";
    section(&mut text, "Above the floor", how, above_the_floor(results));
    text += "\n## What tokio does there that we do not\n\n";
    let mut told = "";
    for Result { workload, .. } in results {
        if workload.name != told {
            told = workload.name;
            writeln!(text, "- **{told}**: {}", workload.note).expect("a String takes all");
        }
    }
    text
}

/// Each row that has a ratio, with what it is called.
pub fn rows(results: &[Result]) -> impl Iterator<Item = (String, Who, &Measured, Ratio)> {
    let shown = results
        .iter()
        .filter(|result| result.workload.kind != Kind::Growth);
    shown.flat_map(|Result { workload, measured }| {
        RIVALS.into_iter().filter_map(move |who| {
            let ratio = measured.ratio_to(who)?;
            Some((workload.label(), who, measured, ratio))
        })
    })
}

/// The ratios, for those who wait.
pub fn progress(measured: &Measured) -> String {
    let ratio = |who: Who| {
        let ratio = measured.ratio_to(who)?;
        Some(format!("{:.2} of {}", ratio.value, who.name()))
    };
    RIVALS
        .into_iter()
        .filter_map(ratio)
        .collect::<Vec<_>>()
        .join(", ")
}

fn main_table(results: &[Result]) -> Vec<Vec<String>> {
    let mut table = vec![vec![
        "operation".to_owned(),
        "send-none, ns".to_owned(),
        "against".to_owned(),
        "ns".to_owned(),
        "ratio".to_owned(),
        "spread".to_owned(),
    ]];
    for (label, who, measured, ratio) in rows(results) {
        table.push(vec![
            label,
            nanoseconds(measured.median(Who::Ours)),
            who.name().to_owned(),
            nanoseconds(measured.median(who)),
            format!("**{:.2}**", ratio.value),
            format!("{:.2}–{:.2}", ratio.spread.0, ratio.spread.1),
        ]);
    }
    table
}

/// From a thousand to a million.
fn growth(results: &[Result]) -> Vec<Vec<String>> {
    let sizes = [1_000, 100_000, 1_000_000];
    let mut table = vec![vec!["operation".to_owned(), "side".to_owned()]];
    table[0].extend(sizes.map(|size| format!("{}, ns", with_commas(size))));
    table[0].push("growth".to_owned());
    let find = |name, size| {
        let found = |result: &&Result| {
            result.workload.name == name && result.workload.number() == Some(size)
        };
        Some(&results.iter().find(found)?.measured)
    };
    for Result { workload, .. } in results {
        if workload.number() != Some(sizes[2]) {
            continue;
        }
        for who in [Who::Ours, Who::Tokio, Who::Local] {
            let cost = sizes.map(|size| find(workload.name, size)?.median(who));
            let (Some(few), Some(many)) = (cost[0], cost[2]) else {
                continue;
            };
            let mut row = vec![workload.name.to_owned(), who.name().to_owned()];
            row.extend(cost.map(nanoseconds));
            row.push(format!("{:.1}", many / few));
            table.push(row);
        }
    }
    table
}

/// How much more than the least.
fn above_the_floor(results: &[Result]) -> Vec<Vec<String>> {
    let header = [
        "operation",
        "floor, ns",
        "send-none",
        "tokio",
        "tokio LocalSet",
    ];
    let mut table = vec![header.map(str::to_owned).to_vec()];
    for Result { workload, measured } in results {
        let Some(floor) = measured.median(Who::Floor) else {
            continue;
        };
        let mut row = vec![workload.label(), nanoseconds(Some(floor))];
        for who in [Who::Ours, Who::Tokio, Who::Local] {
            let times = measured.median(who).map(|cost| cost / floor);
            row.push(times.map_or_else(String::new, |times| format!("{times:.1} times")));
        }
        table.push(row);
    }
    table
}

/// A section, unless its table has nothing but a header.
fn section(text: &mut String, title: &str, how: &str, table: Vec<Vec<String>>) {
    if table.len() > 1 {
        write!(text, "\n## {title}\n\n{how}\n\n{}", table_of(table)).expect("a String takes all");
    }
}

fn nanoseconds(value: Option<f64>) -> String {
    match value {
        None => String::new(),
        Some(value) if value < 100.0 => format!("{value:.1}"),
        Some(value) => with_commas(value.round() as usize),
    }
}
