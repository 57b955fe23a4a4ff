//! The public API, called at random and in the wrong states.
//!
//! A seed makes a world: loops, futures, tasks, coroutines, locks, wakers, setters… Then calls are
//! made on them, whatever state they are in: closed, dropped, running, done, on another thread. And
//! whatever runs or drops meanwhile makes calls, too: callbacks, polls, wakers, clones, drops, also
//! those while a panic unwinds or a thread ends, observers, exception handlers, the texts of errors.
//!
//! Whatever happens: a call is refused by an `Error`, or by the panic that its documentation tells
//! of, if it has no `Result`. Nothing else panics but what was planned to; nothing hangs; nothing
//! aborts. And the same seed does the same again.
//!
//! ```text
//! SEND_NONE_SEED=1234 cargo test -p fuzz -- --nocapture
//! SEND_NONE_CALLS=100000000 cargo test --release -p fuzz
//! ```

#![cfg(test)]

mod acts;
mod bodies;
mod judge;
mod places;
mod rng;
mod things;
mod world;

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use world::{Outcome, World};

/// So many calls, in both shares together. Debug builds are slower.
const CALLS: u64 = if cfg!(debug_assertions) {
    300_000
} else {
    1_200_000
};

/// The tests of a file run side by side; so the seeds are split between two.
fn run_share(share: u64) {
    judge::install_hook();
    if let Some(seed) = number("SEND_NONE_SEED") {
        if seed % 2 == share {
            check(seed, true);
        }
        return;
    }
    let (mut calls, mut seed) = (0, share);
    while calls < number("SEND_NONE_CALLS").unwrap_or(CALLS) / 2 {
        calls += check(seed, false);
        seed += 2;
    }
    println!("{calls} calls in {} worlds", seed / 2);
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

/// With the real clock what happens depends on the moment; with the virtual one it is the same each
/// time. To see that, every eighth world is made twice. (Where there is a pool, it depends on the
/// moment whether a call was begun when the pool goes: those are not compared.)
fn check(seed: u64, print: bool) -> u64 {
    let real = seed % 16 == 5;
    let first = run(seed, real);
    let again = (!real && (print || seed % 8 < 2)).then(|| run(seed, real));
    let races = first
        .log
        .iter()
        .any(|(_, what, _)| what.contains("pool") || *what == "run_in_executor");
    let same = races || again.as_ref().is_none_or(|again| again.log == first.log);
    if print || first.wrong.is_some() || !same {
        for (depth, what, how) in &first.log {
            println!("{:1$}{what}  {how}", "", *depth as usize * 4);
        }
    }
    assert!(
        first.wrong.is_none(),
        "seed {seed}: {}",
        first.wrong.unwrap()
    );
    assert!(same, "seed {seed} does something else the second time");
    first.calls + again.map_or(0, |again| again.calls)
}

/// A thread for each world, so that it begins with no default loop, and ends with all that happens
/// when a thread ends.
fn run(seed: u64, real: bool) -> Outcome {
    let (sender, receiver) = channel();
    let player = thread::Builder::new().name(format!("seed {seed}"));
    let player = player.stack_size(16 << 20);
    let waits = move || {
        let play = move || acts::play(World::new(seed, real), 100);
        let outcome = player.spawn(play).expect("the system has threads").join();
        let _nobody_waits = sender.send(outcome);
    };
    thread::spawn(waits);
    match receiver.recv_timeout(Duration::from_secs(60)) {
        Ok(Ok(outcome)) => {
            let stray = std::mem::take(&mut *judge::STRAY.lock().unwrap());
            assert!(
                stray.is_empty(),
                "seed {seed}, or the one beside it: {stray:?}"
            );
            outcome
        }
        Ok(Err(_)) => panic!("seed {seed}: a panic left the thread"),
        Err(RecvTimeoutError::Timeout) => panic!("seed {seed} hangs"),
        Err(RecvTimeoutError::Disconnected) => panic!("seed {seed}: no outcome"),
    }
}

#[test]
fn random_calls_in_wrong_states_are_refused_and_nothing_breaks() {
    run_share(0);
}

#[test]
fn random_calls_in_wrong_states_are_refused_and_nothing_breaks_second_share() {
    run_share(1);
}
