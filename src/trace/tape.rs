//! What is kept of what happened.

use std::collections::VecDeque;
use std::time::Duration;

use crate::loop_event::LoopEvent;
use crate::trace::telling::Teller;

/// What is kept: the last events, and how things were before the first of them.
#[derive(Default)]
pub(crate) struct Tape {
    pub(crate) kept: VecDeque<Moment>,
    /// How many are kept no more.
    pub(crate) dropped: u64,
    pub(crate) before: Teller,
}

impl Tape {
    pub(crate) fn left_out(&self) -> String {
        format!("… {} events before these were not kept", self.dropped)
    }
}

pub(crate) struct Moment {
    pub(crate) time: Duration,
    pub(crate) event: LoopEvent,
    /// Of the loop's own snapshot then.
    pub(crate) fingerprint: Option<u32>,
}
