//! What a workload is made of.

use crate::markdown::with_commas;
use crate::sides::{Side, Who};

/// A batch of work. It says what the stopwatch showed; warm when it is called again.
pub type Batch = Box<dyn FnMut() -> u64>;

/// One thing that is measured, for all who take part.
pub struct Workload {
    /// What is done.
    pub name: &'static str,
    /// With how many, if that is varied.
    pub size: Size,
    /// How often it is done in one batch.
    pub operations: usize,
    /// A fair word: what tokio does there that we do not.
    pub note: &'static str,
    /// What it is for.
    pub kind: Kind,
    /// Who takes part; we come first.
    pub entrants: Vec<Entrant>,
}

/// With how many of what.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// The name says all.
    Fixed,
    /// With so many tasks at once.
    Tasks(usize),
    /// With so many timers at once.
    Timers(usize),
}

/// What a workload is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Runs on one thread, and waits for nobody.
    Plain,
    /// The same, but is there only to show how cost grows: it has no row of its own.
    Growth,
    /// Depends on the clock, or on another thread. Nothing can be counted in it exactly.
    Outside,
}

/// One who takes part in a workload.
pub struct Entrant {
    /// Which side it is.
    pub who: Who,
    /// Makes a fresh runtime, and all that is made once.
    pub start: Box<dyn Fn() -> Batch>,
}

/// Takes part with a batch that needs nothing but the runtime.
pub fn entrant<S: Side>(batch: impl Fn(&S) -> u64 + Clone + 'static) -> Entrant {
    entrant_with(|_| (), move |side, ()| batch(side))
}

/// Takes part with something that is made once, before the first batch.
pub fn entrant_with<S: Side, M: 'static>(
    make: impl Fn(&S) -> M + 'static,
    batch: impl Fn(&S, &mut M) -> u64 + Clone + 'static,
) -> Entrant {
    let start = move || {
        let side = S::new();
        let mut made = make(&side);
        let batch = batch.clone();
        Box::new(move || batch(&side, &mut made)) as Batch
    };
    Entrant {
        who: S::WHO,
        start: Box::new(start),
    }
}

impl Workload {
    /// What it is called in tables and on the command line.
    pub fn label(&self) -> String {
        let name = self.name;
        match self.size {
            Size::Fixed => name.to_owned(),
            Size::Tasks(1) => format!("{name}, 1 task"),
            Size::Tasks(tasks) => format!("{name}, {} tasks", with_commas(tasks)),
            Size::Timers(timers) => format!("{name}, {} timers", with_commas(timers)),
        }
    }

    /// Whether its label has this word in it.
    pub fn matches(&self, word: &str) -> bool {
        self.label().to_lowercase().contains(&word.to_lowercase())
    }

    /// With how many, if that is varied.
    pub fn number(&self) -> Option<usize> {
        match self.size {
            Size::Fixed => None,
            Size::Tasks(number) | Size::Timers(number) => Some(number),
        }
    }

    /// Whether a batch takes long, and much memory.
    pub fn is_heavy(&self) -> bool {
        self.number() >= Some(1_000_000)
    }
}
