//! Putting events into one of the formats, and into a file.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{ErrorKind, Seek, Write};
use std::time::Duration;

use crate::loop_event::LoopEvent;
use crate::trace::chrome::Chrome;
use crate::trace::page::Page;
use crate::trace::telling::{Teller, line};

/// How what was recorded is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Format {
    /// A line for each event that matters, and beside it a lane for each task.
    Text,
    /// A page in HTML that needs nothing else, to step through.
    Page,
    /// JSON that Perfetto and `about:tracing` open.
    Chrome,
}

/// What is kept: the last events, and how things were before the first of them.
#[derive(Default)]
pub(crate) struct Tape {
    pub(crate) kept: VecDeque<Moment>,
    /// How many are kept no more.
    pub(crate) dropped: u64,
    pub(crate) before: Teller,
}

pub(crate) struct Moment {
    pub(crate) time: Duration,
    pub(crate) event: LoopEvent,
    /// Of the loop's own snapshot then.
    pub(crate) fingerprint: Option<u32>,
}

/// Where a recorder writes at once.
pub(crate) struct Stream {
    sink: Sink,
    /// How many events are in the file.
    told: usize,
    writer: Writer,
}

pub(crate) enum Sink {
    File(File),
    Terminal,
    /// It could not be written any more.
    Broken,
}

impl Stream {
    pub(crate) fn new(sink: Sink, format: Format, tape: &Tape) -> Self {
        let mut stream = Stream {
            sink,
            told: 0,
            writer: Writer::new(format),
        };
        stream.begin_again(tape);
        stream
    }

    pub(crate) fn event(&mut self, moment: &Moment) {
        let text = self.writer.event(moment);
        self.told += 1;
        if matches!(
            (&self.sink, &moment.event),
            (Sink::Terminal, LoopEvent::Said { .. })
        ) {
            return; // the program has printed it
        }
        self.write(&text);
    }

    fn write(&mut self, text: &str) {
        let written = match &mut self.sink {
            Sink::File(file) => file.write_all(text.as_bytes()),
            Sink::Terminal => std::io::stdout().write_all(text.as_bytes()),
            Sink::Broken => Ok(()),
        };
        if let Err(error) = written {
            self.sink = Sink::Broken;
            if error.kind() != ErrorKind::BrokenPipe {
                eprintln!("send-none: the trace ends here, it cannot be written: {error}");
            }
        }
    }

    pub(crate) fn end(&mut self) {
        let tail = self.writer.tail();
        self.write(tail);
    }

    /// A file is at most twice as long as what is kept.
    pub(crate) fn is_full(&self, most: usize) -> bool {
        matches!(self.sink, Sink::File(_)) && self.told >= 2 * most
    }

    /// Writes the file anew: only what is kept.
    pub(crate) fn begin_again(&mut self, tape: &Tape) {
        if let Sink::File(file) = &mut self.sink {
            let emptied = file.rewind().and_then(|()| file.set_len(0));
            if emptied.is_err() {
                self.sink = Sink::Broken;
            }
        }
        self.told = 0;
        let mut text = self.writer.head(tape);
        for moment in &tape.kept {
            text += &self.writer.event(moment);
            self.told += 1;
        }
        self.write(&text);
    }
}

/// Puts events into one of the formats, one after the other.
pub(crate) struct Writer {
    format: Format,
    teller: Teller,
    page: Page,
    chrome: Chrome,
}

impl Writer {
    pub(crate) fn new(format: Format) -> Self {
        Writer {
            format,
            teller: Teller::default(),
            page: Page::default(),
            chrome: Chrome::default(),
        }
    }

    pub(crate) fn head(&mut self, tape: &Tape) -> String {
        self.teller = tape.before.clone();
        match self.format {
            Format::Text if tape.dropped > 0 => {
                format!("… {} events before these were not kept\n", tape.dropped)
            }
            Format::Text => String::new(),
            Format::Page => self.page.head(tape.dropped, &tape.before.picture),
            Format::Chrome => Chrome::head(),
        }
    }

    pub(crate) fn event(&mut self, moment: &Moment) -> String {
        let (time, event) = (moment.time, &moment.event);
        let running = self.teller.picture.running;
        let told = self.teller.tell(event);
        match self.format {
            Format::Text if told.matters => line(time, &told),
            Format::Text => String::new(),
            Format::Page => self.page.event(time, event, moment.fingerprint, &told),
            Format::Chrome => {
                let after = &self.teller.picture;
                self.chrome
                    .event(time, event, running, after, &told.sentence)
            }
        }
    }

    pub(crate) fn tail(&self) -> &'static str {
        match self.format {
            Format::Text => "",
            Format::Page => Page::tail(),
            Format::Chrome => Chrome::tail(),
        }
    }
}
