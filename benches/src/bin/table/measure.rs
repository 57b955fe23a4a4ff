//! The sides take turns.

use std::time::{Duration, Instant};

use benches::sides::Who;
use benches::workload::{Batch, Workload};

/// How much time to spend on one workload.
pub struct Effort {
    /// No new round is begun after this.
    enough: Duration,
    /// At least so many rounds.
    at_least: usize,
    /// At least so many rounds of what is heavy.
    at_least_heavy: usize,
    /// At most so many rounds.
    at_most: usize,
    /// In one round each side is measured for about so long.
    sample: Duration,
    /// For how long each side works before it is measured.
    warm_up: Duration,
}

/// What came out: for each side, nanoseconds per operation in each round.
pub struct Measured {
    sides: Vec<(Who, Vec<f64>)>,
}

/// How much time we need for what another one needs one for.
#[derive(Clone, Copy)]
pub struct Ratio {
    /// Of the medians.
    pub value: f64,
    /// Half of the rounds have one between these.
    pub spread: (f64, f64),
}

struct Running {
    batch: Batch,
    /// How many batches make a sample.
    batches: usize,
    operations: usize,
    rounds: Vec<f64>,
}

impl Effort {
    /// For numbers that one can show.
    pub const FULL: Effort = Effort {
        enough: Duration::from_millis(3_000),
        at_least: 5,
        at_least_heavy: 3,
        at_most: 31,
        sample: Duration::from_millis(15),
        warm_up: Duration::from_millis(50),
    };

    /// To see whether it works.
    pub const QUICK: Effort = Effort {
        enough: Duration::from_millis(50),
        at_least: 1,
        at_least_heavy: 1,
        at_most: 5,
        sample: Duration::from_millis(1),
        warm_up: Duration::ZERO,
    };

    /// Measures it round by round. In each round all sides have a turn, and each time another one
    /// is the first.
    pub fn measure(&self, workload: &Workload) -> Measured {
        let start = |entrant: &benches::workload::Entrant| {
            let batch = (entrant.start)();
            self.warm(batch, workload.operations)
        };
        let mut sides: Vec<_> = workload.entrants.iter().map(start).collect();
        let begun = Instant::now();
        let at_least = match workload.is_heavy() {
            true => self.at_least_heavy,
            false => self.at_least,
        };
        for round in 0..self.at_most {
            if round >= at_least && begun.elapsed() > self.enough {
                break;
            }
            for turn in 0..sides.len() {
                let first = round % sides.len();
                let next = (first + turn) % sides.len();
                sides[next].sample();
            }
        }
        let who = workload.entrants.iter().map(|entrant| entrant.who);
        let rounds = sides.into_iter().map(|side| side.rounds);
        Measured {
            sides: who.zip(rounds).collect(),
        }
    }

    /// Works for a while without measuring, and sees how long a batch takes.
    fn warm(&self, mut batch: Batch, operations: usize) -> Running {
        let begun = Instant::now();
        let mut spent = batch();
        while begun.elapsed() < self.warm_up {
            spent = spent.min(batch()); // what else the machine does can only make it longer
        }
        let sample = self.sample.as_nanos() as u64;
        Running {
            batch,
            batches: sample.div_ceil(spent.max(1)).min(1_000) as usize,
            operations,
            rounds: Vec::new(),
        }
    }
}

impl Running {
    fn sample(&mut self) {
        let spent: u64 = (0..self.batches).map(|_| (self.batch)()).sum();
        let operations = self.batches * self.operations;
        self.rounds.push(spent as f64 / operations as f64);
    }
}

impl Measured {
    /// The middle one of a side's rounds.
    pub fn median(&self, who: Who) -> Option<f64> {
        let (_, rounds) = self.sides.iter().find(|(other, _)| *other == who)?;
        Some(quantile(rounds.clone(), 0.5))
    }

    /// We against that one.
    pub fn ratio_to(&self, who: Who) -> Option<Ratio> {
        let value = self.median(Who::Ours)? / self.median(who)?;
        let rounds_of = |who| self.sides.iter().find(|(other, _)| *other == who);
        let (ours, theirs) = (&rounds_of(Who::Ours)?.1, &rounds_of(who)?.1);
        let ratios: Vec<_> = ours.iter().zip(theirs).map(|(a, b)| a / b).collect();
        let spread = (quantile(ratios.clone(), 0.25), quantile(ratios, 0.75));
        Some(Ratio { value, spread })
    }
}

/// Between two of them, it is on the line from one to the other.
fn quantile(mut values: Vec<f64>, at: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = at * (values.len() - 1) as f64;
    let (below, above) = (
        values[place.floor() as usize],
        values[place.ceil() as usize],
    );
    below + (above - below) * place.fract()
}
