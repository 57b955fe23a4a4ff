//! The timers: a binary heap.
//!
//! Sleeping needs no thread per sleeper. All callbacks that wait for their moment sit in one heap,
//! the earliest on top, and the loop asks it two things: what is due, and how long may I sleep?
//!
//! **Order.** An entry's key is its deadline and, behind it, a sequence number. So equal deadlines
//! come out first in, first out. Python: a heap of deadlines alone, the order of equal ones is left
//! undefined.
//!
//! **Cancelling.** Taking an entry out of the middle of a heap means searching for it. So a
//! cancelled timer just stays, an empty entry, until it comes to the top. That alone would be a
//! leak: a program that sets a 30 s timeout for each request, and cancels it a millisecond later,
//! drags 30 s of dead entries along. So the heap is swept when there are more than [`SWEEP_ABOVE`]
//! entries and more than half of them are dead. Each sweep halves the heap at least, so it is paid
//! for by the cancellations before it. (asyncio does the same, with the same hundred.)
//!
//! Next: [`any_future`](crate::any_future), as much of a future as the loop must know.

use std::cell::Cell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;
use std::time::Duration;

use crate::clock::NEVER;
use crate::handle::Run;

/// Fewer entries than this are not worth a sweep.
const SWEEP_ABOVE: usize = 100;

#[derive(Default)]
pub(crate) struct Timers {
    /// `BinaryHeap` gives the greatest first; `Reverse` makes that the earliest.
    heap: BinaryHeap<Reverse<Entry>>,
    /// Breaks the ties of equal deadlines.
    next_sequence: u64,
    /// How many entries of the heap are cancelled; each callback counts itself here.
    cancelled: Rc<Cell<usize>>,
    /// Cancelled entries that were taken out, to be dropped when no borrow is held; see
    /// [`EventLoop::timers`](crate::EventLoop). (An entry may be more than a callback: a `sleep` is.)
    pub(crate) swept: Vec<Rc<dyn Run>>,
}

struct Entry {
    key: (Duration, u64),
    call: Rc<dyn Run>,
}

impl Timers {
    pub(crate) fn push(&mut self, when: Duration, call: Rc<dyn Run>) {
        if self.must_be_swept() {
            self.sweep();
        }
        call.among_timers().set(Some(self.cancelled.clone()));
        let key = (when, self.next_sequence);
        self.next_sequence += 1;
        self.heap.push(Reverse(Entry { key, call }));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    /// The deadline of the earliest timer that is still wanted.
    pub(crate) fn next_deadline(&mut self) -> Option<Duration> {
        while self.heap.peek()?.0.call.is_cancelled() {
            let (_, call) = self.pop()?;
            self.cancelled.set(self.cancelled.get() - 1);
            self.swept.push(call);
        }
        Some(self.heap.peek()?.0.key.0)
    }

    /// The deadlines of all timers that are still wanted and will ever fire, earliest first.
    pub(crate) fn deadlines(&self) -> Vec<Duration> {
        let wanted = self
            .heap
            .iter()
            .filter(|Reverse(entry)| !entry.call.is_cancelled() && entry.key.0 != NEVER);
        let mut deadlines: Vec<_> = wanted.map(|Reverse(entry)| entry.key.0).collect();
        deadlines.sort();
        deadlines
    }

    /// Takes all of them out, earliest first.
    pub(crate) fn take_all(&mut self) -> impl Iterator<Item = Rc<dyn Run>> + use<> {
        let latest_first = std::mem::take(&mut self.heap).into_sorted_vec();
        latest_first
            .into_iter()
            .rev()
            .map(|Reverse(entry)| entry.call)
    }

    /// Takes out the earliest timer that is wanted, if it is due by now.
    pub(crate) fn pop_due(&mut self, now: Duration) -> Option<(Duration, Rc<dyn Run>)> {
        let is_due = |when: &Duration| *when <= now && *when != NEVER;
        self.next_deadline().filter(is_due)?;
        self.pop()
    }

    fn pop(&mut self) -> Option<(Duration, Rc<dyn Run>)> {
        let Reverse(entry) = self.heap.pop()?;
        entry.call.among_timers().set(None);
        Some((entry.key.0, entry.call))
    }

    /// Whether so many are cancelled that they should be thrown out.
    fn must_be_swept(&self) -> bool {
        let entries = self.heap.len();
        entries > SWEEP_ABOVE && self.cancelled.get() > entries / 2
    }

    /// Throws the cancelled entries out.
    fn sweep(&mut self) {
        self.heap.retain(|Reverse(entry)| {
            let stays = !entry.call.is_cancelled();
            if !stays {
                self.swept.push(entry.call.clone());
            }
            stays
        });
        self.cancelled.set(0);
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Entry {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handle::Call;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn push(timers: &mut Timers, n: u64) -> Rc<dyn Run> {
        let call = Call::new(0, || ());
        timers.push(seconds(n), call.clone());
        timers.swept.clear();
        call
    }

    #[test]
    fn equal_deadlines_come_out_first_in_first_out() {
        let mut timers = Timers::default();
        let mut expected = Vec::new();
        for _ in 0..50 {
            let call = Call::new(0, || ());
            expected.push(Rc::as_ptr(&call).cast::<()>());
            timers.push(seconds(1), call);
        }
        let mut order = Vec::new();
        while let Some((_, call)) = timers.pop() {
            order.push(Rc::as_ptr(&call).cast::<()>());
        }
        assert_eq!(order, expected);
    }

    #[test]
    fn cancelled_timers_are_swept_out_before_they_are_due() {
        let mut timers = Timers::default();
        for _ in 0..10 {
            timers.push(seconds(5), Call::new(0, || ()));
        }
        for _ in 0..100_000 {
            push(&mut timers, 30).cancel(&|| ());
            assert!(timers.heap.len() <= SWEEP_ABOVE + 1);
            assert!(timers.cancelled.get() <= timers.heap.len());
        }
        assert_eq!(timers.next_deadline(), Some(seconds(5)));
    }

    #[test]
    fn the_count_of_cancelled_timers_is_exact() {
        let mut timers = Timers::default();
        let due = push(&mut timers, 1);
        let early = push(&mut timers, 2);
        push(&mut timers, 3);
        assert_eq!(timers.next_deadline(), Some(seconds(1)));
        timers.pop();
        due.cancel(&|| ()); // not in the heap any more
        early.cancel(&|| ());
        early.cancel(&|| ()); // once is enough
        assert_eq!(timers.cancelled.get(), 1);
        assert_eq!(timers.next_deadline(), Some(seconds(3)));
        assert_eq!(timers.cancelled.get(), 0);
    }
}
