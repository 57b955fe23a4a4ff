//! The page: one file that needs nothing else.
//!
//! It is written as the program goes. First comes its head, with a style and a script; then, for each event, a
//! line of the timeline, and before it a comment with the same event for the script. Whenever the writing
//! ends, what is there is a page. Without scripts it is a text to read. With them, it can be stepped through
//! forwards and backwards.
//!
//! A name or a text of the program may be hostile. In a comment it is JSON without a `<`, `>`, `&` or `-`;
//! in the text these are escaped; the script puts it on the page as text. And the page forbids itself all
//! other scripts and every request, by the hashes below. A test computes them anew.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::panic::Location;
use std::path::PathBuf;
use std::time::Duration;

use crate::loop_event::LoopEvent;
use crate::record::is_ours;
use crate::trace::json::{self, Object, quoted};
use crate::trace::picture::{Call, Cell, Entry, Picture, Task};
use crate::trace::tape::Tape;
use crate::trace::telling::{Told, lead, line};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = concat!(
    include_str!("replay.js"),
    include_str!("lanes.js"),
    include_str!("page.js")
);
/// SHA-256 of the two, in base 64.
const STYLE_HASH: &str = "LeIdg7Q1ZqTsMt0yuk3et2QK1kx6AcDIEaaA4TNMM9Y=";
const SCRIPT_HASH: &str = "0oSOcZX4nQbOa+GdNtMvzqfSADGXNFfcLVO2CXXSnEI=";

/// A source file that is larger than this is not shown.
const LARGEST_SOURCE: u64 = 300_000;

/// What has been written of a page.
#[derive(Default)]
pub(crate) struct Page {
    /// The source files that are in it.
    sources: BTreeSet<String>,
}

impl Page {
    /// All that comes before the first event: how things were by then, if some were left out.
    pub(crate) fn head(&mut self, tape: &Tape) -> String {
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{STYLE_HASH}'; script-src 'sha256-{SCRIPT_HASH}'; \
             base-uri 'none'; form-action 'none'"
        );
        let title = escaped(&title());
        let mut head = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n<script>{SCRIPT}</script>\n\
             </head>\n<body>\n<main id=\"glass\"></main>\n<pre id=\"story\">\n"
        );
        if tape.dropped > 0 {
            let before = &tape.before.picture;
            for at in before.places() {
                head += &self.source_of(at);
            }
            let base = Object::new("Base").with("left_out", tape.dropped);
            let base = base.with("state", before.json()).end();
            head += &format!("<!--{base}-->{}\n", tape.left_out());
        }
        head
    }

    /// One event.
    pub(crate) fn event(
        &mut self,
        time: Duration,
        event: &LoopEvent,
        fingerprint: Option<u32>,
        told: &Told,
    ) -> String {
        let mut object = json::event(time, event);
        if let Some(fingerprint) = fingerprint {
            object = object.with("f", fingerprint);
        }
        let sentence_at = lead(time, told).chars().count();
        let object = object.with("w", sentence_at).end();
        let source = event.place().map(|at| self.source_of(at));
        let source = source.unwrap_or_default();
        let text = escaped(&line(time, told));
        format!("{source}<!--{object}-->{text}")
    }

    pub(crate) fn tail() -> &'static str {
        "</pre>\n</body>\n</html>\n"
    }

    /// The source file of that place, if it is not in the page yet.
    fn source_of(&mut self, at: &'static Location<'static>) -> String {
        let path = at.file();
        if is_ours(at) || !self.sources.insert(path.to_owned()) {
            return String::new();
        }
        let text = source(at).unwrap_or_default();
        let (path, text) = (escaped(path), escaped(&text));
        format!("<template data-file=\"{path}\">{text}</template>")
    }
}

/// The compiler names a source file as seen from the workspace's folder, which is that of the package, or one
/// above. (Without cargo nobody says where that is; then the program may run in there.)
fn source(at: &Location<'_>) -> Option<String> {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let package = package.or_else(|| std::env::current_dir().ok())?;
    let folders = package.ancestors();
    let path = folders
        .map(|folder| folder.join(at.file()))
        .find(|path| path.is_file())?;
    let is_small = fs::metadata(&path).ok()?.len() <= LARGEST_SOURCE;
    let text = is_small.then(|| fs::read_to_string(path).ok())??;
    (text.lines().count() >= at.line() as usize).then_some(text) // else it is another file
}

/// What the page is called.
fn title() -> String {
    let program = std::env::current_exe().ok();
    let program = program.as_ref().and_then(|path| path.file_stem());
    let program = program.map_or("a loop".into(), OsStr::to_string_lossy);
    // Cargo adds a number to the names of tests.
    let name = match program.rsplit_once('-') {
        Some((name, number)) if number.len() == 16 => name,
        _ => &program,
    };
    format!("{name}, step by step")
}

/// As text in HTML.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

impl Picture {
    /// All of it, as the script has it.
    fn json(&self) -> String {
        let ready = list(self.ready.iter().map(entry));
        let calls = list(self.calls.iter().map(|(call, what)| call_json(*call, what)));
        let cells = list(self.cells.iter().map(|(id, cell)| cell_json(*id, cell)));
        let tasks = list(self.tasks.iter().map(|(id, task)| task_json(*id, task)));
        let running = self.running.as_ref().map(entry);
        let object = Object::new("State").with("turn", self.turn);
        let object = object.with("ready", ready).with("calls", calls);
        let object = object.with("cells", cells).with("tasks", tasks);
        let left = list(self.left.iter().map(|(id, task)| task_json(*id, task)));
        let holders = self.holders.iter();
        let holders = list(holders.map(|(line, task)| format!("[{line},{task}]")));
        let object = object.with("left", left).with("holders", holders);
        object.with("running", or_null(running)).end()
    }
}

fn list(parts: impl Iterator<Item = String>) -> String {
    format!("[{}]", parts.collect::<Vec<_>>().join(","))
}

fn or_null(json: Option<String>) -> String {
    json.unwrap_or_else(|| "null".into())
}

fn entry(entry: &Entry) -> String {
    match entry {
        Entry::Call(call) => format!("[\"call\",{call}]"),
        Entry::Step(task) => format!("[\"step\",{task}]"),
        Entry::Drop(task) => format!("[\"drop\",{task}]"),
    }
}

fn call_json(number: u64, call: &Call) -> String {
    let object = Object::new("Call").with("call", number);
    let object = object.text("what", &call.what).place("at", call.made_at);
    let object = object.with("cancelled", call.cancelled);
    let Some(when) = call.when else {
        return object.end();
    };
    let never = when == Duration::MAX;
    object.nanos("when", when).with("never", never).end()
}

fn cell_json(id: u64, cell: &Cell) -> String {
    let line = cell.line.iter();
    let line = line.map(|(place, who)| format!("[{place},{}]", json::who_stands_there(who)));
    let object = Object::new("Cell").with("id", id).text("name", &cell.name);
    let object = object.list("waits_for", &cell.waits_for);
    let object = object.number("waits_in", cell.waits_in);
    object
        .place("at", cell.made_at)
        .with("line", list(line))
        .end()
}

fn task_json(id: u64, task: &Task) -> String {
    let object = Object::new("Task").with("id", id);
    let object = object.text("state", &format!("{:?}", task.state));
    let object = object.list("on", &task.on).with("aborted", task.aborted);
    let object = object.with("elsewhere", task.elsewhere);
    let object = object.with("refused", task.refused);
    let at = task.parked_at.map(|at| quoted(&at.to_string()));
    object.with("parked_at", or_null(at)).end()
}
