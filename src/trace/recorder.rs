//! Keeping what happened.
//!
//! A [`Recorder`] is an [`Observer`] that keeps the last events, a given number of them at most, and how
//! things were before the first of these. All that it can tell, as text, as a page or for a trace viewer, it
//! tells from that. If it has a file, it writes each event when it happens.

use std::cell::RefCell;
use std::fmt;
use std::path::Path;
use std::rc::{Rc, Weak};
use std::time::Duration;

use crate::error::{Error, Result};
use crate::event_loop::{Core, EventLoop};
use crate::loop_event::{Ended, LoopEvent};
use crate::observer::Observer;
use crate::trace::picture::Picture;
use crate::trace::stream::Stream;
use crate::trace::tape::{Moment, Tape};
use crate::trace::writing::{Format, Writer};

/// Keeps what happens in a loop, to be told later.
///
/// Cloning it gives another handle of the same recorder. It is for one loop: another one would count its
/// futures with the same numbers. Attach it before the program makes its tasks: what is there by then, it knows
/// by number only, `unknown-3`, and it does not know what waits there.
///
/// ```
/// use send_none::trace::recorder::Recorder;
/// use send_none::{EventLoop, yield_now};
///
/// let event_loop = EventLoop::with_virtual_clock();
/// let recorder = Recorder::new();
/// event_loop.observe(recorder.clone());
/// event_loop.run_until_complete(yield_now())?;
/// assert!(recorder.text().contains("Task-1 runs: send(waker)"));
/// # Ok::<(), send_none::Error>(())
/// ```
#[derive(Clone)]
pub struct Recorder {
    inside: Rc<RefCell<Inside>>,
    /// The loop that is asked, after each event, whether it is as it should be.
    doubts: Option<Weak<Core>>,
}

/// So many events are kept, unless another number is given. (A page of twice as many is less than 20 MB for most
/// programs.)
const MOST: usize = 50_000;

/// Of a text no more is kept than so many bytes.
const LONGEST_TEXT: usize = 4_000;

struct Inside {
    most: usize,
    tape: Tape,
    stream: Option<Stream>,
    /// What the events have added up to, if it is compared.
    now: Picture,
    disagreement: Option<String>,
}

impl Default for Recorder {
    fn default() -> Self {
        Recorder::new()
    }
}

impl Recorder {
    /// A recorder that keeps the last fifty thousand events.
    pub fn new() -> Self {
        Self::keeping(MOST)
    }

    /// A recorder that keeps so many events, and counts those that it kept no longer.
    pub fn keeping(most: usize) -> Self {
        let inside = Inside {
            most: most.max(1),
            tape: Tape::default(),
            stream: None,
            now: Picture::default(),
            disagreement: None,
        };
        Recorder {
            inside: Rc::new(RefCell::new(inside)),
            doubts: None,
        }
    }

    /// The same recorder, which also writes each event into this file when it happens.
    ///
    /// The file never holds more than twice the events that are kept: before, it is replaced by a new one. What
    /// can only be written on, a pipe for instance, gets all of them.
    ///
    /// # Errors
    /// If the file cannot be made, or not be written. When that comes to pass later, it is printed to standard
    /// error, and the program goes on.
    pub fn to_file(self, path: impl AsRef<Path>, format: Format) -> Result<Self> {
        let path = path.as_ref();
        let mut inside = self.inside.borrow_mut();
        let stream = Stream::to_file(path, format, &inside.tape).map_err(|error| {
            let text = format!("cannot write {}: {error}", path.display());
            Error::runtime(&text, "name a file in a folder that is there")
        })?;
        inside.stream = Some(stream);
        drop(inside);
        Ok(self)
    }

    /// The same recorder, which also prints each event that matters when it happens.
    pub fn to_stdout(self) -> Self {
        self.printing_as(1)
    }

    /// The same, for one of several loops: from the second on, each line says which.
    pub(crate) fn printing_as(self, number: u64) -> Self {
        let mut inside = self.inside.borrow_mut();
        let mark = match number {
            1 => String::new(),
            _ => format!("loop {number}: "),
        };
        inside.stream = Some(Stream::to_stdout(&inside.tape, mark));
        drop(inside);
        self
    }

    /// The same recorder, which also compares, after each event, what the events add up to with what the loop
    /// says of itself. It is for testing the recorder, and the page, which does the same.
    pub fn doubting(mut self, event_loop: &EventLoop) -> Self {
        self.doubts = Some(Rc::downgrade(&event_loop.core));
        self
    }

    /// The first difference that was found.
    pub fn disagreement(&self) -> Option<String> {
        self.inside.borrow().disagreement.clone()
    }

    /// How many events it keeps no longer.
    pub fn dropped(&self) -> u64 {
        self.inside.borrow().tape.dropped
    }

    /// What happened, as text.
    pub fn text(&self) -> String {
        self.tell(Format::Text)
    }

    /// What happened, in that format.
    pub fn tell(&self, format: Format) -> String {
        let inside = self.inside.borrow();
        let (mut writer, mut told) = Writer::begin(format, &inside.tape);
        for moment in &inside.tape.kept {
            told += &writer.event(moment);
        }
        told + writer.tail()
    }

    fn fingerprint(&self, event: &LoopEvent, inside: &mut Inside) -> Option<u32> {
        let core = self.doubts.as_ref()?.upgrade()?;
        let event_loop = EventLoop { core };
        inside.now.add(event);
        let (is, should_be) = (
            inside.now.snapshot(Duration::ZERO).printed(),
            event_loop.snapshot().printed(),
        );
        if is != should_be && inside.disagreement.is_none() {
            inside.disagreement = Some(format!(
                "after {event:?}, by the events:\n{is}and by the loop:\n{should_be}"
            ));
        }
        Some(fnv(&should_be))
    }
}

/// The event, but for what is too much of a text.
fn shortened(event: &LoopEvent) -> LoopEvent {
    let mut event = event.clone();
    let text = match &mut event {
        LoopEvent::Said { text, .. } | LoopEvent::Reported { text } => text,
        LoopEvent::Settled {
            how: Ended::Error { error },
            ..
        } => error,
        _ => return event,
    };
    if text.len() > LONGEST_TEXT {
        let end = (0..=LONGEST_TEXT).rfind(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or(0));
        text.push('…');
    }
    event
}

/// A fingerprint: FNV-1a.
fn fnv(text: &str) -> u32 {
    let add = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    text.bytes().fold(0x811c_9dc5, add)
}

impl Observer for Recorder {
    fn event(&self, time: Duration, event: &LoopEvent) {
        let mut inside = self.inside.borrow_mut();
        let fingerprint = self.fingerprint(event, &mut inside);
        let moment = Moment {
            time,
            event: shortened(event),
            fingerprint,
        };
        inside.keep(moment);
        if matches!(event, LoopEvent::Closed) {
            inside.end();
        }
    }
}

impl Inside {
    fn keep(&mut self, moment: Moment) {
        if let Some(stream) = &mut self.stream {
            stream.event(&moment);
        }
        let tape = &mut self.tape;
        tape.kept.push_back(moment);
        if tape.kept.len() > self.most {
            if let Some(oldest) = tape.kept.pop_front() {
                tape.before.tell(&oldest.event);
                tape.dropped += 1;
            }
        }
        if let Some(stream) = self.stream.as_mut().filter(|s| s.is_full(self.most)) {
            stream.begin_again(&self.tape);
        }
    }

    fn end(&mut self) {
        let Some(mut stream) = self.stream.take() else {
            return;
        };
        stream.end();
        if let Some(disagreement) = &self.disagreement {
            eprintln!("send-none: the trace is wrong {disagreement}");
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.end();
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inside = self.inside.borrow();
        write!(f, "<Recorder of {} events>", inside.tape.kept.len())
    }
}
