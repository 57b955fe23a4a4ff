//! What the environment asks for.

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
        let path = path.to_string_lossy();
        let recorder = match self.recorder(&path) {
            Ok(recorder) => recorder,
            Err(error) => panic!("SEND_NONE_TRACE={path}: {error:?}"),
        };
        self.core.recorder.replace(Some(Rc::new(recorder)));
        self.core.watched.set(true);
        somebody_watches();
    }

    fn recorder(&self, path: &str) -> Result<Recorder> {
        let mut recorder = Recorder::new();
        if std::env::var_os("SEND_NONE_TRACE_DOUBT").is_some() {
            recorder = recorder.doubting(self);
        }
        if path == "-" {
            return Ok(recorder.to_stdout());
        }
        let (stem, extension) = path.rsplit_once('.').unwrap_or((path, ""));
        let format = match extension {
            "txt" => Format::Text,
            "html" => Format::Page,
            "json" => Format::Chrome,
            _ => {
                let text = "the name of a trace must end in .html, .txt or .json, or be -";
                return Err(Error::runtime(
                    text,
                    "for instance SEND_NONE_TRACE=story.html",
                ));
            }
        };
        match RECORDED.fetch_add(1, Ordering::Relaxed) {
            0 => recorder.to_file(path, format),
            n => recorder.to_file(&format!("{stem}-{}.{extension}", n + 1), format),
        }
    }
}
