//! Many sleeps that are polled by hand.

use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;

/// Sleeps, each in a box that is there before the watch starts and is not freed before it stops.
/// So neither side pays for a place to keep them in.
pub(super) struct Sleeps<F>(Vec<Pin<Box<Option<F>>>>);

impl<F: Future> Sleeps<F> {
    pub(super) fn room_for(sleeps: usize) -> Self {
        Sleeps((0..sleeps).map(|_| Box::pin(None)).collect())
    }

    /// Makes the sleeps and polls each once. Nobody is woken by them.
    pub(super) fn begin(&mut self, delays: &[Duration], sleep: impl Fn(Duration) -> F) {
        let mut cx = Context::from_waker(Waker::noop());
        for (place, delay) in self.0.iter_mut().zip(delays) {
            place.set(Some(sleep(*delay)));
            if let Some(sleep) = place.as_mut().as_pin_mut() {
                assert!(sleep.poll(&mut cx).is_pending());
            }
        }
    }

    /// Drops the sleeps, and keeps the boxes.
    pub(super) fn end(&mut self) {
        for place in &mut self.0 {
            place.set(None);
        }
    }
}
