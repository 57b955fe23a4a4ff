//! Writing events where they can be read at once: into a file, or the terminal.
//!
//! A file that has grown too long is written anew, with only what is kept. The new one is made beside it, and
//! takes its place when it is complete. So at every moment there is one that can be read.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::loop_event::LoopEvent;
use crate::trace::tape::{Moment, Tape};
use crate::trace::writing::{Format, Writer};

/// Where a recorder writes each event when it happens.
pub(crate) struct Stream {
    sink: Sink,
    format: Format,
    writer: Writer,
    /// How many events are in the file.
    told: usize,
}

enum Sink {
    /// And where it is, if it can be written anew: a pipe cannot.
    File(File, Option<PathBuf>),
    /// And what stands before each line.
    Terminal(String),
    /// It could not be written any more.
    Broken,
}

impl Stream {
    /// Makes a file, and writes what is kept so far.
    pub(crate) fn to_file(path: &Path, format: Format, tape: &Tape) -> io::Result<Self> {
        let mut file = File::create(path)?;
        let path = match file.metadata()?.is_file() {
            true => Some(path.canonicalize()?),
            false => None,
        };
        let (writer, told) = all_of(format, tape);
        file.write_all(told.as_bytes())?;
        Ok(Stream {
            sink: Sink::File(file, path),
            format,
            writer,
            told: tape.kept.len(),
        })
    }

    pub(crate) fn to_stdout(tape: &Tape, mark: String) -> Self {
        let (writer, told) = all_of(Format::Text, tape);
        let mut stream = Stream {
            sink: Sink::Terminal(mark),
            format: Format::Text,
            writer,
            told: tape.kept.len(),
        };
        stream.write(&told);
        stream
    }

    pub(crate) fn event(&mut self, moment: &Moment) {
        let text = self.writer.event(moment);
        self.told += 1;
        let said = matches!(moment.event, LoopEvent::Said { .. });
        if said && matches!(self.sink, Sink::Terminal(_)) {
            return; // the program has printed it
        }
        self.write(&text);
    }

    fn write(&mut self, text: &str) {
        let (written, is_file) = match &mut self.sink {
            Sink::File(file, _) => (file.write_all(text.as_bytes()), true),
            Sink::Terminal(mark) => {
                let lines = text.split_inclusive('\n');
                let marked: String = lines.flat_map(|line| [&**mark, line]).collect();
                (io::stdout().write_all(marked.as_bytes()), false)
            }
            Sink::Broken => return,
        };
        let Err(error) = written else { return };
        self.sink = Sink::Broken;
        if is_file || error.kind() != ErrorKind::BrokenPipe {
            eprintln!("send-none: the trace ends here, it cannot be written: {error}");
        }
    }

    pub(crate) fn end(&mut self) {
        let tail = self.writer.tail();
        self.write(tail);
    }

    /// A file is at most twice as long as what is kept.
    pub(crate) fn is_full(&self, most: usize) -> bool {
        matches!(self.sink, Sink::File(_, Some(_))) && self.told >= 2 * most
    }

    /// Writes the file anew: only what is kept.
    pub(crate) fn begin_again(&mut self, tape: &Tape) {
        let Sink::File(_, path) = &mut self.sink else {
            return;
        };
        let Some(path) = path.take() else { return };
        let (writer, told) = all_of(self.format, tape);
        match replaced(&path, &told) {
            Ok(file) => {
                self.sink = Sink::File(file, Some(path));
                (self.writer, self.told) = (writer, tape.kept.len());
            }
            Err(error) => {
                eprintln!("send-none: the trace grows on, it cannot be written anew: {error}");
            }
        }
    }
}

fn all_of(format: Format, tape: &Tape) -> (Writer, String) {
    let (mut writer, mut told) = Writer::begin(format, tape);
    for moment in &tape.kept {
        told += &writer.event(moment);
    }
    (writer, told)
}

/// Puts a new file in the place of that one.
fn replaced(path: &Path, text: &str) -> io::Result<File> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&beside, path)?;
        Ok(file)
    };
    write().inspect_err(|_| drop(fs::remove_file(&beside)))
}
