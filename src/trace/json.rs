//! Events as JSON, for the page.
//!
//! Enough of JSON to write it: an object of numbers, texts, places in the source and lists.

use std::fmt::Write;
use std::panic::Location;
use std::time::Duration;

use crate::loop_event::{Ended, LoopEvent, Sends, Who, is_cancellation};
use crate::record::is_ours;

/// A script's numbers are exact up to here: a quarter of a year.
pub(crate) const MOST_NANOS: u128 = 1 << 53;

impl LoopEvent {
    /// The place in the source that it is about, if it has one of its own.
    pub fn place(&self) -> Option<&'static Location<'static>> {
        match self {
            LoopEvent::CallQueued { made_at: at, .. }
            | LoopEvent::TimerSet { made_at: at, .. }
            | LoopEvent::TaskMade { made_at: at, .. }
            | LoopEvent::FutureMade { made_at: at, .. }
            | LoopEvent::Parked { at, .. }
            | LoopEvent::Said { at, .. } => Some(at),
            LoopEvent::Suspended { at, .. } => *at,
            _ => None,
        }
    }
}

/// An object under construction.
pub(crate) struct Object(String);

impl Object {
    pub(crate) fn new(kind: &str) -> Self {
        Object(format!("{{\"k\":{}", quoted(kind)))
    }

    /// A member whose value is JSON already: a number, `true`, `null`, a list.
    pub(crate) fn with(mut self, name: &str, value: impl std::fmt::Display) -> Self {
        let _ = write!(self.0, ",\"{name}\":{value}");
        self
    }

    pub(crate) fn text(self, name: &str, value: &str) -> Self {
        self.with(name, quoted(value))
    }

    pub(crate) fn nanos(self, name: &str, time: Duration) -> Self {
        self.with(name, time.as_nanos().min(MOST_NANOS))
    }

    pub(crate) fn place(self, name: &str, at: &'static Location<'static>) -> Self {
        let object = self.text(name, &at.to_string());
        match is_ours(at) {
            true => object.with("ours", true), // it is not what the program's author has written
            false => object,
        }
    }

    pub(crate) fn list(self, name: &str, numbers: &[u64]) -> Self {
        self.with(name, format_args!("{numbers:?}"))
    }

    pub(crate) fn number(self, name: &str, number: Option<u64>) -> Self {
        match number {
            Some(number) => self.with(name, number),
            None => self,
        }
    }

    pub(crate) fn end(self) -> String {
        self.0 + "}"
    }
}

/// A JSON string in which nothing looks like the end of a comment or a script.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        let _ = match c {
            '"' => write!(quoted, "\\\""),
            '\\' => write!(quoted, "\\\\"),
            '<' | '>' | '&' | '-' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                write!(quoted, "\\u{:04x}", u32::from(c))
            }
            c => write!(quoted, "{c}"),
        };
    }
    quoted + "\""
}

/// The event as an object: its kind is `k`, the rest is called as in [`LoopEvent`].
pub(crate) fn event(time: Duration, event: &LoopEvent) -> Object {
    let kind = format!("{event:?}");
    let kind = kind.split([' ', '{']).next().unwrap_or_default();
    let mut object = Object::new(kind).nanos("t", time);
    if let Some(at) = event.place() {
        object = object.place("at", at);
    }
    match event {
        LoopEvent::TurnBegan { turn, batch } => object.with("turn", turn).with("batch", batch),
        LoopEvent::TurnEnded { turn } => object.with("turn", turn),
        LoopEvent::Closing {
            callbacks,
            tasks,
            kept,
        } => {
            let object = object.with("callbacks", callbacks).with("tasks", tasks);
            object.with("kept", kept)
        }
        LoopEvent::Asleep { until: Some(until) } => object.nanos("until", *until),
        LoopEvent::Said { text, .. } | LoopEvent::Reported { text } => object.text("text", text),
        _ => of_future(event, of_task(event, of_call(event, object))),
    }
}

fn of_call(event: &LoopEvent, object: Object) -> Object {
    match event {
        LoopEvent::CallQueued {
            call,
            what,
            by_mail,
            ..
        } => {
            let object = object.with("call", call).text("what", what);
            object.with("by_mail", by_mail)
        }
        LoopEvent::TimerSet {
            call, when, what, ..
        } => {
            let object = object.with("call", call).text("what", what);
            object
                .nanos("when", *when)
                .with("never", *when == Duration::MAX)
        }
        LoopEvent::TimerDue { call, when } => object.with("call", call).nanos("when", *when),
        LoopEvent::TimersSwept { calls } => object.list("calls", calls),
        LoopEvent::CallCancelled { call } | LoopEvent::CallEnded { call } => {
            object.with("call", call)
        }
        LoopEvent::CallBegan { call, cancelled } => {
            object.with("call", call).with("cancelled", cancelled)
        }
        _ => object,
    }
}

fn of_task(event: &LoopEvent, object: Object) -> Object {
    match event {
        LoopEvent::TaskMade { task, name, .. } | LoopEvent::Renamed { task, name } => {
            object.with("task", task).text("name", name)
        }
        LoopEvent::StepBegan { task, sends } => {
            let object = object.with("task", task);
            object.with("cancels", sends.is_cancellation())
        }
        LoopEvent::Returned { task, .. }
        | LoopEvent::Panicked { task }
        | LoopEvent::Dropped { task }
        | LoopEvent::Destroyed { task }
        | LoopEvent::AbortAsked { task } => object.with("task", task),
        LoopEvent::MayNotWait { task, error } => {
            let object = object.with("task", task);
            object.with("cancels", is_cancellation(error))
        }
        LoopEvent::Woken {
            task,
            in_step,
            by_mail,
        } => {
            let object = object.with("task", task).with("in_step", in_step);
            object.with("by_mail", by_mail)
        }
        _ => of_waiting(event, object),
    }
}

fn of_waiting(event: &LoopEvent, object: Object) -> Object {
    match event {
        LoopEvent::Parked {
            task, on, queued, ..
        } => {
            let object = object.with("task", task).list("on", &[*on]);
            object.with("queued", queued)
        }
        LoopEvent::Suspended {
            task,
            yields,
            on,
            elsewhere,
            queued,
            ..
        } => {
            let object = object.with("task", task).list("on", on);
            let object = object.with("yields", yields).with("queued", queued);
            object.with("elsewhere", elsewhere)
        }
        _ => object,
    }
}

fn of_future(event: &LoopEvent, object: Object) -> Object {
    match event {
        LoopEvent::FutureMade {
            future,
            name,
            waits_for,
            waits_in,
            ..
        } => {
            let object = object.with("future", future).text("name", name);
            (object.list("waits_for", waits_for)).number("waits_in", *waits_in)
        }
        LoopEvent::Joined { future, place, who } => {
            let object = object.with("future", future).with("place", place);
            object.with("who", who_stands_there(who))
        }
        LoopEvent::Left { future, place } => object.with("future", future).with("place", place),
        LoopEvent::Settled {
            future,
            waiting,
            how,
        } => {
            let object = object.with("future", future).with("waiting", waiting);
            object.text("how", how_it_ended(how))
        }
        LoopEvent::SentOff { future } | LoopEvent::Gone { future } => object.with("future", future),
        LoopEvent::CancelAsked { future, by } => object.with("future", future).number("by", *by),
        LoopEvent::Holder {
            line,
            task,
            elsewhere,
            waiting,
        } => {
            let object = object.with("line", line).number("task", *task);
            let object = object.with("elsewhere", elsewhere);
            object.list("waiting", waiting)
        }
        _ => object,
    }
}

fn how_it_ended(how: &Ended) -> &str {
    match how {
        Ended::Result => "with a result",
        Ended::Error { error } => error,
        Ended::Cancelled => "cancelled",
    }
}

/// A task's number, or a text.
pub(crate) fn who_stands_there(who: &Who) -> String {
    match who {
        Who::Task { task } => task.to_string(),
        Who::Waker => quoted("a waker"),
        Who::Callback { made_at } if is_ours(made_at) => {
            quoted(&format!("a callback of {}", room(made_at)))
        }
        Who::Callback { made_at } => quoted(&format!("callback, added at {made_at}")),
        Who::Follower => quoted("a future that ends as it does"),
    }
}

/// The room of this crate that a place is in.
pub(crate) fn room(at: &Location<'_>) -> String {
    let (_, path) = at.file().rsplit_once("src/").unwrap_or_default();
    let path = path.trim_end_matches(".rs").replace('/', "::");
    format!("send_none::{path}")
}

impl Sends {
    pub(crate) fn is_cancellation(&self) -> bool {
        matches!(self, Sends::Error { error } | Sends::ItsEnd { error } if is_cancellation(error))
    }
}
