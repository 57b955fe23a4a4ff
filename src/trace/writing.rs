//! Putting events into one of the formats.

use crate::trace::chrome::Chrome;
use crate::trace::page::Page;
use crate::trace::tape::{Moment, Tape};
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

/// Puts events into one of the formats, one after the other.
pub(crate) struct Writer {
    format: Format,
    teller: Teller,
    page: Page,
    chrome: Chrome,
}

impl Writer {
    /// Begins to tell what is kept; gives what comes before the first event.
    pub(crate) fn begin(format: Format, tape: &Tape) -> (Self, String) {
        let (mut page, mut chrome) = (Page::default(), Chrome::default());
        let head = match format {
            Format::Text if tape.dropped > 0 => format!("{}\n", tape.left_out()),
            Format::Text => String::new(),
            Format::Page => page.head(tape),
            Format::Chrome => chrome.head(tape),
        };
        let writer = Writer {
            format,
            teller: tape.before.clone(),
            page,
            chrome,
        };
        (writer, head)
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
