//! What is said of each event.

use crate::loop_event::{Ended, LoopEvent, Sends, Who, is_cancellation};
use crate::record::is_ours;
use crate::trace::json::room;
use crate::trace::picture::Entry;
use crate::trace::telling::{Teller, seconds, told_name};

impl Teller {
    pub(crate) fn sentence(&self, event: &LoopEvent, before: Option<Entry>, why: &str) -> String {
        let of_loop = self.of_loop(event);
        let of_call = || self.of_call(event, why);
        let of_future = || self.of_future(event, why);
        let of_step = || self.of_step(event);
        let sentence = of_loop.or_else(of_call).or_else(of_future).or_else(of_step);
        sentence.unwrap_or_else(|| self.of_task(event, before, why))
    }

    fn of_loop(&self, event: &LoopEvent) -> Option<String> {
        Some(match event {
            LoopEvent::RunBegan => "the loop begins to run".into(),
            LoopEvent::RunEnded => "the run is over".into(),
            LoopEvent::TurnBegan { turn, batch } => {
                format!("turn {turn}: the batch is {batch}{}", self.batch(*batch))
            }
            LoopEvent::TurnEnded { turn } => format!("turn {turn} is over"),
            LoopEvent::Asleep { until } => {
                let until = until.map(|until| format!("t={}", seconds(until)));
                let until = until.unwrap_or_else(|| "another thread calls".into());
                match self.awake {
                    true => format!("nothing is ready: the loop sleeps on until {until}"),
                    false => format!("nothing is ready: the loop sleeps until {until}"),
                }
            }
            LoopEvent::NobodyCanWake => {
                "nothing is ready, no timer will ever fire, and nobody is left who could wake the loop: \
                 it gives up"
                    .into()
            }
            LoopEvent::Awake => "the loop is awake".into(),
            LoopEvent::Closing {
                callbacks,
                tasks,
                kept,
            } => closing(*callbacks, *tasks, *kept),
            LoopEvent::Closed => "the loop is closed".into(),
            LoopEvent::Said { text, .. } => format!("“{text}”"),
            LoopEvent::Reported { text } => format!("reported: {text}"),
            _ => return None,
        })
    }

    fn of_call(&self, event: &LoopEvent, why: &str) -> Option<String> {
        Some(match event {
            LoopEvent::CallQueued { call, by_mail, .. } => {
                let why = if *by_mail { "another thread: " } else { why };
                format!("{why}{} joins the run queue", self.call(*call))
            }
            LoopEvent::TimerSet { call, when, .. } => {
                let (call, when) = (self.call(*call), seconds(*when));
                format!("{why}a timer is set: {call} at t={when}")
            }
            LoopEvent::TimerDue { call, when } => {
                let when = seconds(*when);
                format!("t={when} has come: callback #{call} joins the run queue")
            }
            LoopEvent::TimersSwept { calls } => match calls[..] {
                [call] => format!("the empty entry of callback #{call} leaves the heap"),
                _ => format!("{} empty entries leave the heap", calls.len()),
            },
            LoopEvent::CallCancelled { call } => {
                format!("{why}callback #{call} is taken back; its entry stays, empty")
            }
            LoopEvent::CallBegan {
                call,
                cancelled: true,
            } => format!("callback #{call} was taken back: nothing runs"),
            LoopEvent::CallBegan { call, .. } => format!("{} runs", self.call(*call)),
            LoopEvent::CallEnded { call } => format!("callback #{call} is over"),
            _ => return None,
        })
    }

    fn of_future(&self, event: &LoopEvent, why: &str) -> Option<String> {
        let name = |id: &u64| self.name(*id);
        Some(match event {
            LoopEvent::FutureMade {
                future, waits_for, ..
            } => format!("{why}{} is made{}", name(future), self.below(waits_for)),
            LoopEvent::Joined { future, who, .. } => {
                self.of_line(name(future), Some(self.who(who)), why)
            }
            LoopEvent::Left { future, .. } => self.of_line(name(future), None, why),
            LoopEvent::Settled {
                future,
                waiting,
                how,
            } => format!("{} {}; {waiting} in its line", name(future), ended(how)),
            LoopEvent::SentOff { future } => {
                format!("all who stood in the line of {} are told", name(future))
            }
            LoopEvent::Gone { future } => {
                format!("{} is gone, and was never settled", name(future))
            }
            LoopEvent::CancelAsked { future, by } => self.cancel_asked(*future, *by, why),
            LoopEvent::Holder {
                task,
                elsewhere,
                waiting,
                ..
            } => self.holder(*task, *elsewhere, waiting),
            _ => return None,
        })
    }

    fn cancel_asked(&self, future: u64, by: Option<u64>, why: &str) -> String {
        let passed_on = by.map(|by| format!("{} passes it on: ", self.name(by)));
        let why = passed_on.as_deref().unwrap_or(why);
        let done = match self.is_done(future) {
            true => ", and is done already",
            false => "",
        };
        format!("{why}{} is asked to cancel itself{done}", self.name(future))
    }

    fn holder(&self, task: Option<u64>, elsewhere: bool, waiting: &[u64]) -> String {
        let task = task.map(|task| self.name(task));
        let somebody = task.or_else(|| elsewhere.then(|| "a task of another loop".into()));
        match (somebody, self.names(waiting)) {
            (Some(task), nobody) if nobody.is_empty() => format!("{task} takes a lock"),
            (Some(task), waiting) => {
                format!("{task} has taken the lock that {waiting} must wait for")
            }
            (None, nobody) if nobody.is_empty() => "a lock is given back, or gone".into(),
            (None, waiting) => format!("the lock that {waiting} must wait for is given back"),
        }
    }

    fn of_step(&self, event: &LoopEvent) -> Option<String> {
        let name = |id: &u64| self.name(*id);
        Some(match event {
            LoopEvent::StepBegan { task, sends } => {
                let task = name(task);
                match sends {
                    Sends::Waker => format!("{task} runs: send(waker)"),
                    Sends::Error { error } => format!("{task} runs: throw({error})"),
                    Sends::ItsEnd { error } => format!("{error} ends {task}; nothing of it runs"),
                    Sends::Nothing => format!("{task} is to run, but was aborted"),
                }
            }
            LoopEvent::Returned {
                task,
                dropped,
                swallows,
                too_late,
            } => match (swallows, too_late) {
                _ if *dropped => format!("the coroutine of {} is dropped", name(task)),
                (_, true) => {
                    format!("{} returns, but it was asked to cancel itself", name(task))
                }
                (true, _) => format!("{} has caught its cancellation, and returns", name(task)),
                _ => format!("{} returns", name(task)),
            },
            LoopEvent::Panicked { task } if self.unheard => {
                format!("the coroutine of {} is dropped, and panics", name(task))
            }
            LoopEvent::Panicked { task } => format!("{} panics", name(task)),
            LoopEvent::Dropped { task } => {
                format!("the coroutine of {} is dropped where it stands", name(task))
            }
            LoopEvent::Destroyed { task } => {
                format!("{} will never be done", name(task))
            }
            _ => return self.of_waiting(event),
        })
    }

    fn of_waiting(&self, event: &LoopEvent) -> Option<String> {
        let name = |id: &u64| self.name(*id);
        let lives_on = match self.cancelled {
            true => "has not ended yet: it ",
            false => "",
        };
        Some(match event {
            LoopEvent::Parked { task, on, at, .. } => {
                let (task, on, again) = (name(task), name(on), woken_meanwhile(event));
                format!("{task} {lives_on}is parked on {on}, at {at}{again}")
            }
            LoopEvent::Suspended {
                task,
                yields,
                on,
                elsewhere,
                at,
                queued,
            } => {
                let at = at.map_or_else(String::new, |at| format!(", at {at}"));
                let how = match (yields, &on[..], elsewhere) {
                    (true, ..) => "yields".into(),
                    (_, [], true) => "is parked on something from elsewhere".into(),
                    (_, [], false) if *queued => "is suspended".into(),
                    (_, [], false) => "is parked, and nobody has its waker".into(),
                    (_, on, _) => format!("is parked on {}", self.names(on)),
                };
                let too = match on[..] {
                    [_, ..] if *elsewhere => self.who_has_its_waker(*task, on),
                    _ => String::new(),
                };
                let (task, again) = (name(task), woken_meanwhile(event));
                format!("{task} {lives_on}{how}{at}{too}{again}")
            }
            _ => return None,
        })
    }

    fn of_task(&self, event: &LoopEvent, before: Option<Entry>, why: &str) -> String {
        let name = |id: &u64| self.name(*id);
        match event {
            LoopEvent::TaskMade { task, .. } => {
                let task = name(task);
                format!("{why}{task} is made: its first step joins the run queue")
            }
            LoopEvent::Renamed { task, name } => {
                let before = self.old_name(*task).unwrap_or_default();
                format!("{before} is called {} from now on", told_name(name))
            }
            LoopEvent::Woken {
                task,
                in_step: true,
                ..
            } => {
                format!("{} is woken while it runs", name(task))
            }
            LoopEvent::Woken { task, by_mail, .. } => {
                let by_itself = before == Some(Entry::Step(*task));
                let why = match by_mail {
                    true => "another thread: ",
                    false if by_itself => "",
                    false => why,
                };
                let task = name(task);
                format!("{why}{task} is woken, and joins the run queue")
            }
            LoopEvent::MayNotWait { task, error } => match is_cancellation(error) {
                true => format!(
                    "{} was asked to cancel itself: next comes {error}",
                    name(task)
                ),
                false => format!("{} may not wait: next comes {error}", name(task)),
            },
            LoopEvent::AbortAsked { task } => format!("{why}{} is to be dropped", name(task)),
            other => format!("{other:?}"),
        }
    }

    /// A callback, and whose it is.
    fn call(&self, call: u64) -> String {
        match self.picture.calls.get(&call).map(|call| call.made_at) {
            Some(at) if is_ours(at) => format!("callback #{call} of {}", room(at)),
            Some(at) => format!("callback #{call} of {at}"),
            None => format!("callback #{call}"),
        }
    }

    fn below(&self, waits_for: &[u64]) -> String {
        match waits_for.len() {
            0 => String::new(),
            1..=6 => format!(": it waits for {}", self.names(waits_for)),
            n => format!(": it waits for {n} others"),
        }
    }

    fn who(&self, who: &Who) -> String {
        match who {
            Who::Task { task } => format!("the waker of {}", self.name(*task)),
            Who::Waker => "a waker".into(),
            Who::Callback { .. } => "a callback".into(),
            Who::Follower => "a future that will end as it does".into(),
        }
    }

    /// Who is in it.
    fn batch(&self, batch: usize) -> String {
        let known = batch.min(self.picture.ready.len());
        let some = self.picture.ready.iter().take(known.min(6));
        let names = some.map(|entry| match entry {
            Entry::Call(call) => format!("callback #{call}"),
            Entry::Step(task) | Entry::Drop(task) => self.name(*task),
        });
        let mut names: Vec<_> = names.collect();
        if known > names.len() {
            names.push("…".into());
        }
        match batch - known {
            0 => {}
            unknown if known > 0 => names.push(format!("and among them {unknown} unknown")),
            unknown => names.push(format!("{unknown} unknown")),
        }
        match batch {
            0 => String::new(),
            _ => format!(": {}", names.join(", ")),
        }
    }
}

fn woken_meanwhile(event: &LoopEvent) -> &'static str {
    match event {
        LoopEvent::Parked { queued: true, .. } | LoopEvent::Suspended { queued: true, .. } => {
            ": it was woken meanwhile, and joins the run queue"
        }
        _ => "",
    }
}

fn closing(callbacks: usize, tasks: usize, kept: usize) -> String {
    let kept = (kept > 0).then(|| "what it keeps for others (a pool of threads, a gather)".into());
    let left = [counted(callbacks, "callback"), counted(tasks, "task"), kept];
    let left: Vec<_> = left.into_iter().flatten().collect();
    match left.is_empty() {
        true => "the loop closes".into(),
        false => format!(
            "the loop closes, and drops what is left: {}",
            left.join(", ")
        ),
    }
}

fn counted(number: usize, what: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        _ => Some(format!("{number} {what}s")),
    }
}

fn ended(how: &Ended) -> String {
    match how {
        Ended::Result => "has its result".into(),
        Ended::Error { error } => format!("has an error, {error}"),
        Ended::Cancelled => "is cancelled".into(),
    }
}
