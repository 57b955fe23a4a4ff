//! Random programs, and what must hold in each of them.
//!
//! A seed makes a program of a few tasks that sleep, wait for each other, take locks, cancel one
//! another, fail and panic. It is run turn by turn, and after each turn the loop is asked how it
//! stands. Each program is run twice, and must do the same both times.
//!
//! If one goes wrong, its seed and its transcript are printed. To run one seed, or another number
//! of programs:
//!
//! ```text
//! SEND_NONE_SEED=1234 cargo test --test model -- --nocapture
//! SEND_NONE_PROGRAMS=1000000 cargo test --release --test model
//! ```
//!
//! The programs in `moved` are of another kind, and only have to tell who is cancelled; these variables count there,
//! too.

mod actor;
mod drive;
mod lines;
mod maker;
mod moved;
mod outside;
mod program;
mod several;
mod shared;
mod watch;
mod world;

use drive::run;

/// The tests of a file run side by side; so the programs are split among four.
fn run_share(share: u64) {
    drive::silence_planned_panics();
    if let Some(seed) = number("SEND_NONE_SEED") {
        if seed % 4 == share {
            println!("{:#?}", maker::make(seed));
            check(seed, true);
        }
        return;
    }
    let programs = number("SEND_NONE_PROGRAMS").unwrap_or(20_000);
    for seed in (0..programs).filter(|seed| seed % 4 == share) {
        check(seed, false);
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

fn check(seed: u64, print: bool) {
    let (first, second) = (run(seed), run(seed));
    let same = first.log == second.log;
    let wrong = first.wrong.or(second.wrong);
    if print || wrong.is_some() || !same {
        for (turn, time, task, what, which, code) in &first.log {
            let code = code.map_or_else(String::new, |code| format!("-> {code:?}"));
            println!("turn {turn:3}, {time:3} ms, task {task:3}: {what} {which} {code}");
        }
    }
    assert!(wrong.is_none(), "seed {seed}: {}", wrong.unwrap());
    assert!(same, "seed {seed} does something else the second time");
}

#[test]
fn random_programs_break_no_rule() {
    run_share(0);
}

#[test]
fn random_programs_break_no_rule_second_share() {
    run_share(1);
}

#[test]
fn random_programs_break_no_rule_third_share() {
    run_share(2);
}

#[test]
fn random_programs_break_no_rule_last_share() {
    run_share(3);
}
