//! A sentence for each event, and beside it a lane for each task.
//!
//! Who tells a story must know more than the event: how things are called, who runs, and why
//! something was woken. A [`Teller`] has the [`Picture`] for that, and remembers the last causes.

use std::collections::VecDeque;
use std::time::Duration;

use crate::loop_event::{LoopEvent, Sends, Who};
use crate::task_table::TaskState;
use crate::trace::picture::{Entry, Picture};

/// More lanes than this make a line hard to read.
const MOST_LANES: usize = 12;

/// And names longer than this.
const LONGEST_NAME: usize = 60;

/// Who else has a task's waker is searched among so many futures, and so many who wait: those made last.
const MOST_LOOKED_AT: usize = 1_000;

/// What is told of one event.
pub(crate) struct Told {
    /// One sign for each task: runs, is ready, is parked, is not there.
    pub(crate) lanes: String,
    /// It happens inside a step or a callback.
    pub(crate) inside: bool,
    pub(crate) sentence: String,
    /// Whether it would be missed.
    pub(crate) matters: bool,
}

/// Tells one event after the other.
#[derive(Clone, Default)]
pub(crate) struct Teller {
    pub(crate) picture: Picture,
    /// The futures whose lines are being sent off, the innermost last.
    sending: Vec<u64>,
    /// Whether a cancellation was thrown into the last step that began.
    pub(crate) cancelled: bool,
    /// Whether nothing in there could give out what was to be thrown in.
    pub(crate) unheard: bool,
    /// Whether the last event was that the loop awoke.
    pub(crate) awake: bool,
    /// The parked task whose waker leaves a line now, although that task does nothing.
    pub(crate) lost: Option<u64>,
    /// Which task has which lane.
    lanes: Vec<Option<u64>>,
    /// How much room they need.
    width: usize,
    /// The names of those that were settled last: they are gone from the picture.
    ended: VecDeque<(u64, String)>,
}

impl Teller {
    pub(crate) fn tell(&mut self, event: &LoopEvent) -> Told {
        let before = self.picture.running;
        let (why, sending) = (self.why(before), !self.sending.is_empty());
        self.note_name(event);
        self.lost = self.lost(event);
        self.picture.add(event);
        let sentence = self.sentence(event, before, &why);
        self.remember(event);
        self.give_lanes();
        let lanes = self.draw_lanes();
        let in_it = before.is_some() || self.picture.running.is_some();
        let inside = in_it || sending || self.picture.closing;
        let begins = match event {
            LoopEvent::StepBegan { .. } | LoopEvent::CallBegan { .. } => true,
            LoopEvent::Closing { .. } | LoopEvent::Closed => true,
            LoopEvent::Dropped { .. } => self.picture.closing,
            _ => false,
        };
        Told {
            lanes,
            inside: inside && !begins,
            sentence,
            matters: self.lost.is_some() || matters(event),
        }
    }

    fn lost(&self, event: &LoopEvent) -> Option<u64> {
        let (future, place, by) = match event {
            LoopEvent::Left { future, place } => (future, place, None),
            LoopEvent::Joined { future, place, who } => (future, place, Some(who)),
            _ => return None,
        };
        let line = &self.picture.cells.get(future)?.line;
        match line.get(place)? {
            who @ Who::Task { task } if by != Some(who) => {
                let parked = self.picture.tasks.get(task)?.state == TaskState::Parked;
                let still = line.iter().any(|(other, it)| other != place && it == who);
                (parked && !still).then_some(*task)
            }
            _ => None,
        }
    }

    /// Somebody joins a line; or else somebody leaves it.
    pub(crate) fn of_line(&self, future: String, who: Option<String>, why: &str) -> String {
        let lost = self.lost.map(|task| self.name(task));
        match (who, lost) {
            (Some(who), None) => format!("{who} stands in the line of {future}"),
            (Some(who), Some(lost)) => {
                format!("{why}{who} takes the place of the waker of {lost} in the line of {future}")
            }
            (None, Some(lost)) => format!("{why}the waker of {lost} leaves the line of {future}"),
            (None, None) => format!("somebody leaves the line of {future}"),
        }
    }

    /// Its name, before the event takes it from the picture.
    fn note_name(&mut self, event: &LoopEvent) {
        let ending = match event {
            LoopEvent::Settled { future, .. } | LoopEvent::Gone { future } => *future,
            LoopEvent::Renamed { task, .. } => *task,
            _ => return,
        };
        self.note_old_name(ending, self.name(ending));
    }

    fn note_old_name(&mut self, id: u64, name: String) {
        self.ended.push_back((id, name));
        if self.ended.len() > 1_000 {
            self.ended.pop_front();
        }
    }

    pub(crate) fn name(&self, id: u64) -> String {
        match self.picture.cells.get(&id) {
            Some(cell) => told_name(&cell.name),
            None => self.old_name(id).unwrap_or_else(|| format!("unknown-{id}")),
        }
    }

    /// Some of them, if there are many.
    pub(crate) fn names(&self, futures: &[u64]) -> String {
        let mut futures = futures.to_vec();
        futures.dedup();
        let mut names: Vec<_> = futures.iter().take(7).map(|id| self.name(*id)).collect();
        if names.len() > 6 {
            names[6] = "others".into();
        }
        match names.pop() {
            Some(last) if !names.is_empty() => format!("{} and {last}", names.join(", ")),
            last => last.unwrap_or_default(),
        }
    }

    /// Whether it is known to be over.
    pub(crate) fn is_done(&self, id: u64) -> bool {
        !self.picture.cells.contains_key(&id) && self.old_name(id).is_some()
    }

    /// What it was called before.
    pub(crate) fn old_name(&self, id: u64) -> Option<String> {
        let mut ended = self.ended.iter().rev();
        let (_, name) = ended.find(|(ended, _)| *ended == id)?;
        Some(name.clone())
    }

    /// Beside those that a task is parked on: others of its loop, if they are known.
    pub(crate) fn who_has_its_waker(&self, task: u64, on: &[u64]) -> String {
        let lines = self.picture.cells.iter().rev().take(MOST_LOOKED_AT);
        let stand = lines.flat_map(|(id, cell)| cell.line.values().map(|who| (*id, who)));
        let has_it = |(id, who): &(u64, &Who)| **who == Who::Task { task } && !on.contains(id);
        let others = stand.take(MOST_LOOKED_AT).filter(has_it);
        let mut others: Vec<_> = others.map(|(id, _)| id).collect();
        others.sort();
        match others[..] {
            [] => "; somebody else may wake it, too".into(),
            _ => format!("; its waker is in the line of {}, too", self.names(&others)),
        }
    }

    /// Why something happens now.
    fn why(&self, running: Option<Entry>) -> String {
        match (self.sending.last(), running) {
            (Some(future), _) => format!("{} is settled: ", self.name(*future)),
            (None, Some(Entry::Step(task) | Entry::Drop(task))) => format!("{}: ", self.name(task)),
            (None, Some(Entry::Call(call))) => format!("callback #{call}: "),
            (None, None) if self.picture.closing => "closing: ".into(),
            (None, None) => String::new(),
        }
    }

    fn remember(&mut self, event: &LoopEvent) {
        self.awake = matches!(event, LoopEvent::Awake);
        match event {
            LoopEvent::Settled { waiting: 0, .. } => {}
            LoopEvent::Settled { future, .. } => self.sending.push(*future),
            LoopEvent::SentOff { future } => self.sending.retain(|sending| sending != future),
            LoopEvent::StepBegan { sends, .. } => {
                self.cancelled = sends.is_cancellation();
                self.unheard = matches!(sends, Sends::ItsEnd { .. });
            }
            LoopEvent::Closing { .. } => self.sending.clear(),
            LoopEvent::Renamed { task, name } if self.is_done(*task) => {
                self.note_old_name(*task, told_name(name));
            }
            _ => {}
        }
    }

    /// A task keeps its lane until it is done; then the one that has waited longest gets it.
    fn give_lanes(&mut self) {
        let tasks = &self.picture.tasks;
        for lane in &mut self.lanes {
            lane.take_if(|task| !tasks.contains_key(task));
        }
        let mut tasks = tasks.keys().map(|task| Some(*task));
        let Some(next) = tasks.find(|task| !self.lanes.contains(task)) else {
            return;
        };
        match self.lanes.iter().position(Option::is_none) {
            Some(free) => self.lanes[free] = next,
            None if self.lanes.len() < MOST_LANES => self.lanes.push(next),
            None => {}
        }
    }

    fn draw_lanes(&mut self) -> String {
        let state = |task: &u64| self.picture.tasks.get(task).map(|task| task.state);
        let sign = |lane: &Option<u64>| match lane.as_ref().and_then(state) {
            None => ' ',
            Some(TaskState::Running) => '█',
            Some(TaskState::Queued) => '│',
            Some(TaskState::Parked) => '┊',
        };
        let mut lanes: String = self.lanes.iter().map(sign).collect();
        let more = self.picture.tasks.len().saturating_sub(MOST_LANES);
        if more > 0 {
            lanes += &format!("+{more}");
        }
        // Wide enough for most programs; if not, then for all that is to come, too.
        self.width = self.width.max(lanes.chars().count()).max(6);
        format!("{lanes:<0$}", self.width)
    }
}

/// The rest is for those who look closer.
fn matters(event: &LoopEvent) -> bool {
    match event {
        LoopEvent::Holder {
            task,
            elsewhere,
            waiting,
            ..
        } => (task.is_some() || *elsewhere) && !waiting.is_empty(),
        LoopEvent::Closing {
            callbacks,
            tasks,
            kept,
        } => callbacks + tasks + kept > 0,
        LoopEvent::RunBegan
        | LoopEvent::TurnEnded { .. }
        | LoopEvent::CallEnded { .. }
        | LoopEvent::Awake
        | LoopEvent::Joined { .. }
        | LoopEvent::Left { .. }
        | LoopEvent::SentOff { .. }
        | LoopEvent::Destroyed { .. } => false,
        _ => true,
    }
}

/// As a number of seconds, in eight signs or less. (But not if that is much.)
pub(crate) fn seconds(time: Duration) -> String {
    if time == Duration::MAX {
        return "never".into();
    }
    let digits = match time.as_secs() {
        0..10 => 6,
        10..100 => 5,
        100..1_000 => 4,
        _ => 3,
    };
    let micros = format!("{:06}", time.subsec_micros());
    let text = format!("{}.{}", time.as_secs(), &micros[..digits]);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What stands before the sentence: the time, the lanes.
pub(crate) fn lead(time: Duration, told: &Told) -> String {
    let (time, lanes) = (seconds(time), &told.lanes);
    let indent = if told.inside { "    " } else { "" };
    format!("{time:>8}  {lanes}  {indent}")
}

/// A line of the timeline.
pub(crate) fn line(time: Duration, told: &Told) -> String {
    let mut lead = lead(time, told);
    let mut text = String::new();
    for part in told.sentence.lines() {
        text += &format!("{lead}{}\n", visible(part));
        lead = " ".repeat(lead.chars().count());
    }
    text
}

/// No sign in it can change how the rest is shown: control signs, and those that are invisible or turn the
/// direction of what follows.
pub(crate) fn visible(text: &str) -> String {
    let is_bad = |c: char| {
        let hidden = matches!(
            c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
        );
        c.is_control() || hidden || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    };
    text.chars()
        .flat_map(|c| match is_bad(c) {
            true => c.escape_unicode().collect::<Vec<_>>(),
            false => vec![c],
        })
        .collect()
}

/// A name as it is told: on one line, not too long, to be seen, and in quotes if it is more than a word.
pub(crate) fn told_name(name: &str) -> String {
    let short: String = name.chars().take(LONGEST_NAME).collect();
    let more = if short.len() < name.len() { "…" } else { "" };
    let name = visible(&short) + more;
    match name.is_empty() || name.contains(char::is_whitespace) {
        true => format!("“{name}”"),
        false => name,
    }
}
