//! Traces to look at: of the examples, of random programs, and of programs made for it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use send_none::trace::say::note;
use send_none::trace::writing::Format;
use send_none::{Error, EventLoop, Recorder, create_task, sleep, yield_now};
use std::time::Duration;

fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap().to_owned()
}

/// A new folder, with that in its name.
pub fn folder(name: &str) -> PathBuf {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let (process, number) = (std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let folder = std::env::temp_dir().join(format!("send-none-{name}-{process}-{number}"));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Runs something of cargo with a trace into that file.
pub fn traced(arguments: &[&str], file: &Path, more: &[(&str, &str)]) {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(root())
        .env("SEND_NONE_TRACE", file)
        .env("SEND_NONE_TRACE_DOUBT", "1")
        .envs(more.iter().copied())
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    assert!(!errors.contains("the trace is wrong"), "{errors}");
}

/// The names of all examples.
pub fn examples() -> Vec<String> {
    let files = std::fs::read_dir(root().join("examples")).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let mut names: Vec<_> = files
        .filter(|file| file.extension() == Some("rs".as_ref()))
        .map(|file| file.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// A page of what happens in a new loop.
pub fn recorded(file: &Path, run: impl FnOnce(&EventLoop)) {
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::new().to_file(file, Format::Page);
    event_loop.observe(recorder.unwrap());
    run(&event_loop);
    event_loop.close().unwrap();
}

/// Names and texts as they should not be.
pub fn hostile(file: &Path) {
    let bad = [
        "</script><script>document.title='broken'</script>",
        "--><img src=x onerror=\"document.title='broken'\"><!--",
        "</pre></template></main><h1>broken</h1>",
        "\"'`&lt;&#60;\\u003c",
        "\u{202e}right to left\u{202c} \u{0}\u{7}\u{1b}[31m",
        "😀 مرحبا 你好",
        &"x".repeat(10_000),
    ];
    recorded(file, |event_loop| {
        for text in bad {
            let text = text.to_owned();
            let name = text.clone();
            let task = event_loop.create_task(async move {
                yield_now().await?;
                note(&text);
                Err::<(), _>(Error::msg(text))
            });
            task.set_name(name);
            let error = event_loop.run_until_complete(&task);
            assert!(error.is_err());
        }
    });
}

/// A page of so many events: many tasks that wait for each other, and for the clock.
pub fn large(file: &Path, events: usize) {
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::keeping(events).to_file(file, Format::Page);
    event_loop.observe(recorder.unwrap());
    let main = async move {
        let nap = |n: u64| async move {
            sleep(Duration::from_millis(n % 17 + 1)).await?;
            yield_now().await
        };
        // Each of them makes 22 events.
        for round in 0..events as u64 / 22 / 50 {
            let naps: Vec<_> = (0..50).map(|n| create_task(nap(round + n))).collect();
            for nap in naps {
                nap.await?;
            }
        }
        Ok(())
    };
    event_loop.run_until_complete(main).unwrap();
    event_loop.close().unwrap();
}
