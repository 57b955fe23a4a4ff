//! What the environment asks for.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
use crate::event_loop::EventLoop;
use crate::observer::somebody_watches;
use crate::trace::recorder::Recorder;
use crate::trace::writing::Format;

/// How many loops of this process were recorded.
static RECORDED: AtomicU64 = AtomicU64::new(0);

impl EventLoop {
    /// Attaches a recorder to a new loop if `SEND_NONE_TRACE` says where to write; see
    /// [`trace`](crate::trace).
    ///
    /// # Panics
    /// If that cannot be written.
    #[track_caller]
    pub(crate) fn record_if_asked(&self) {
        let Some(path) = std::env::var_os("SEND_NONE_TRACE") else {
            return;
        };
        if path.is_empty() {
            return;
        }
        let path = PathBuf::from(path);
        let recorder = match self.recorder(&path) {
            Ok(recorder) => recorder,
            Err(error) => panic!("SEND_NONE_TRACE={}: {error:?}", path.display()),
        };
        self.core.recorder.replace(Some(Rc::new(recorder)));
        self.core.watched.set(true);
        somebody_watches();
    }

    fn recorder(&self, path: &Path) -> Result<Recorder> {
        let mut recorder = Recorder::new();
        if std::env::var_os("SEND_NONE_TRACE_DOUBT").is_some() {
            recorder = recorder.doubting(self);
        }
        let number = RECORDED.fetch_add(1, Ordering::Relaxed) + 1;
        if path == Path::new("-") {
            return Ok(recorder.printing_as(number));
        }
        let extension = path.extension().and_then(OsStr::to_str);
        let format = match extension {
            Some("txt") => Format::Text,
            Some("html") => Format::Page,
            Some("json") => Format::Chrome,
            _ => {
                let text = "the name of a trace must end in .html, .txt or .json, or be -";
                return Err(Error::runtime(
                    text,
                    "for instance SEND_NONE_TRACE=story.html",
                ));
            }
        };
        if number == 1 {
            return recorder.to_file(path, format);
        }
        let mut name = path.file_stem().unwrap_or_default().to_owned();
        name.push(format!("-{number}."));
        name.push(extension.unwrap_or_default());
        recorder.to_file(path.with_file_name(name), format)
    }
}
