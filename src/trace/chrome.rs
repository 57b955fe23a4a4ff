//! The same for a trace viewer: Perfetto, or `about:tracing`.
//!
//! The format is a JSON array of what is to be drawn. Each task has a lane, on which it runs, is ready or is
//! parked; an arrow leads from who wakes a task to the step that comes of it; and a counter shows how long
//! the run queue is. The array needs no end, so it can be written event by event.
//!
//! On a virtual clock all of a turn happens at one moment. To be seen, one event after the other is drawn a
//! microsecond later; all that follows is moved by as much. The true time stands beside each part.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::loop_event::LoopEvent;
use crate::task_table::TaskState;
use crate::trace::json::quoted;
use crate::trace::picture::{Entry, Picture};
use crate::trace::tape::Tape;
use crate::trace::telling::{seconds, told_name};

/// What is drawn so far.
#[derive(Default)]
pub(crate) struct Chrome {
    /// Of the last event, in nanoseconds.
    drawn_at: u128,
    /// By how much that is later than the event was.
    moved: u128,
    time: Duration,
    /// What the task does since when, by its lane.
    open: BTreeMap<u64, &'static str>,
    /// The task that is done, and sends its line off: that is the end of its lane.
    ending: Option<u64>,
    arrows: u64,
    /// The arrow that leads to the next step of a task.
    to: BTreeMap<u64, u64>,
    queue: usize,
}

/// The lane of the callbacks, and of what the loop does itself.
const LOOP: u64 = 0;

/// The lane of all who are neither: other threads, and the program before and after the run.
const OUTSIDE: u64 = u32::MAX as u64;

impl Chrome {
    /// What comes before the first event: how things were by then, if some were left out.
    pub(crate) fn head(&mut self, tape: &Tape) -> String {
        let lanes = name_lane(LOOP, "callbacks") + &name_lane(OUTSIDE, "outside of the loop");
        let mut head = format!("[\n{lanes}");
        let Some(first) = tape.kept.front().filter(|_| tape.dropped > 0) else {
            return head;
        };
        self.draw_at(first.time);
        let (before, left_out) = (&tape.before.picture, tape.left_out());
        head += &self.one("i", LOOP, "\"s\":\"g\"", &left_out);
        for (id, task) in &before.tasks {
            let what = match task.state {
                TaskState::Running => "runs",
                TaskState::Queued => "ready",
                TaskState::Parked => "parked",
            };
            head += &name_lane(*id, &tape.before.name(*id));
            head += &self.begin(*id, what, &left_out);
        }
        if let Some(Entry::Call(_)) = before.running {
            head += &self.begin(LOOP, "callback", &left_out);
        }
        head + &self.count(before.ready.len())
    }

    /// An array may not end with a comma.
    pub(crate) fn tail() -> &'static str {
        "{\"ph\":\"M\",\"name\":\"end\",\"pid\":1,\"args\":{}}\n]\n"
    }

    /// `before` and `after` is what the loop looked like.
    pub(crate) fn event(
        &mut self,
        time: Duration,
        event: &LoopEvent,
        running: Option<Entry>,
        after: &Picture,
        sentence: &str,
    ) -> String {
        self.draw_at(time);
        let text = self.drawn(event, running, sentence);
        text + &self.count(after.ready.len())
    }

    fn draw_at(&mut self, time: Duration) {
        let at = time.as_nanos() + self.moved;
        self.drawn_at = at.max(self.drawn_at + 1_000);
        self.moved += self.drawn_at - at;
        self.time = time;
    }

    fn count(&mut self, queue: usize) -> String {
        if queue == self.queue {
            return String::new();
        }
        self.queue = queue;
        let args = format!("\"args\":{{\"length\":{queue}}}");
        self.one("C", LOOP, &args, "run queue")
    }

    fn drawn(&mut self, event: &LoopEvent, running: Option<Entry>, sentence: &str) -> String {
        let mut text = String::new();
        match event {
            LoopEvent::Renamed { task, name } => {
                text += &name_lane(*task, &told_name(name));
            }
            LoopEvent::TaskMade { task, name, .. } => {
                text += &name_lane(*task, &told_name(name));
                text += &self.arrow(running, *task);
                text += &self.begin(*task, "ready", sentence);
            }
            LoopEvent::StepBegan { task, .. } => {
                text += &self.begin(*task, "runs", sentence);
                if let Some(arrow) = self.to.remove(task) {
                    text += &self.one("f", *task, &format!("\"bp\":\"e\",\"id\":{arrow}"), "wakes");
                }
            }
            LoopEvent::Parked { task, queued, .. } | LoopEvent::Suspended { task, queued, .. } => {
                if *queued {
                    text += &self.arrow(running, *task);
                }
                let what = if *queued { "ready" } else { "parked" };
                text += &self.begin(*task, what, sentence);
            }
            LoopEvent::Woken { in_step: true, .. } => {} // it goes on after its step, if it does
            LoopEvent::Woken { task, by_mail, .. } => {
                text += &self.arrow(running.filter(|_| !by_mail), *task);
                text += &self.begin(*task, "ready", sentence);
            }
            LoopEvent::Dropped { task } => text += &self.begin(*task, "dropped", sentence),
            LoopEvent::CallBegan { .. } => text += &self.begin(LOOP, "callback", sentence),
            _ => text += &self.drawn_at_the_end(event, running, sentence),
        }
        text
    }

    fn drawn_at_the_end(
        &mut self,
        event: &LoopEvent,
        running: Option<Entry>,
        sentence: &str,
    ) -> String {
        let mut text = String::new();
        match event {
            LoopEvent::Settled {
                future, waiting, ..
            } if *waiting > 0 => {
                self.ending = self.ending.or(self.open.get(future).map(|_| *future));
            }
            LoopEvent::SentOff { future } => {
                let ended = self.ending.take_if(|ending| ending == future);
                text += &ended.map_or_else(String::new, |task| self.end(task));
            }
            LoopEvent::Settled { future, .. } | LoopEvent::Gone { future } => {
                text += &self.end(*future);
            }
            LoopEvent::Closing { .. } => {
                self.ending = None;
                while let Some((lane, _)) = self.open.first_key_value() {
                    text += &self.end(*lane);
                }
            }
            LoopEvent::Destroyed { task } => text += &self.end(*task),
            LoopEvent::CallEnded { .. } => text += &self.end(LOOP),
            LoopEvent::Said { .. } | LoopEvent::Reported { .. } | LoopEvent::NobodyCanWake => {
                let lane = self.lane_of(running);
                text += &self.one("i", lane, "\"s\":\"t\"", sentence);
            }
            _ => {}
        }
        text
    }

    /// From now on it does that, and no more what it did before.
    fn begin(&mut self, lane: u64, what: &'static str, sentence: &str) -> String {
        let end = self.end(lane);
        self.open.insert(lane, what);
        end + &self.one("B", lane, &self.args(sentence), what)
    }

    fn end(&mut self, lane: u64) -> String {
        match self.open.remove(&lane) {
            Some(what) => self.one("E", lane, "\"args\":{}", what),
            None => String::new(),
        }
    }

    fn args(&self, sentence: &str) -> String {
        let (what, time) = (quoted(sentence), quoted(&seconds(self.time)));
        format!("\"args\":{{\"what\":{what},\"t\":{time}}}")
    }

    /// From who runs to the next step of that task. An arrow must begin in something that is drawn.
    fn arrow(&mut self, running: Option<Entry>, task: u64) -> String {
        self.arrows += 1;
        self.to.insert(task, self.arrows);
        let id = format!("\"id\":{}", self.arrows);
        let lane = self.lane_of(running);
        let mut text = String::new();
        if lane == OUTSIDE {
            text += &self.one("X", lane, "\"dur\":0.5", "wakes");
        }
        text + &self.one("s", lane, &id, "wakes")
    }

    fn lane_of(&self, running: Option<Entry>) -> u64 {
        match (self.ending, running) {
            (Some(task), _) | (None, Some(Entry::Step(task) | Entry::Drop(task))) => task,
            (None, Some(Entry::Call(_))) => LOOP,
            (None, None) => OUTSIDE,
        }
    }

    fn one(&self, kind: &str, lane: u64, rest: &str, name: &str) -> String {
        let (micros, nanos) = (self.drawn_at / 1_000, self.drawn_at % 1_000);
        let name = quoted(name);
        format!(
            "{{\"ph\":\"{kind}\",\"cat\":\"loop\",\"name\":{name},\"pid\":1,\"tid\":{lane},\
             \"ts\":{micros}.{nanos:03},{rest}}},\n"
        )
    }
}

fn name_lane(lane: u64, name: &str) -> String {
    let name = quoted(name);
    format!(
        "{{\"ph\":\"M\",\"name\":\"thread_name\",\"pid\":1,\"tid\":{lane},\
         \"args\":{{\"name\":{name}}}}},\n"
    )
}
