//! A recorder that writes a file.

use send_none::trace::writing::Format;
use send_none::{EventLoop, Recorder, Result, yield_now};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

fn scratch(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    folder.join(format!("{}-{name}", std::process::id()))
}

fn many_yields(recorder: Recorder) {
    let event_loop = EventLoop::with_virtual_clock();
    event_loop.observe(recorder);
    let main = async {
        for _ in 0..1_000 {
            yield_now().await?;
        }
        Ok(())
    };
    event_loop.run_until_complete(main).unwrap();
    event_loop.close().unwrap();
}

#[test]
fn a_page_that_is_cut_off_by_a_panic_or_a_crash_tells_all_up_to_there() {
    let path = scratch("cut.html");
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::new().to_file(&path, Format::Page);
    event_loop.observe(recorder.unwrap());
    let seen = path.clone();
    let main = async move {
        yield_now().await?;
        // As if the process ended here.
        let page = std::fs::read_to_string(&seen).unwrap();
        assert!(page.ends_with("Task-1 runs: send(waker)\n"), "{page}");
        panic!("planned") as Result<()>
    };
    let run = AssertUnwindSafe(|| event_loop.run_until_complete(main));
    let panic = catch_unwind(run).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"planned"));
    let page = std::fs::read_to_string(&path).unwrap();
    assert!(page.contains("Task-1 panics") && page.ends_with("the run is over\n"));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_file_is_written_anew_when_it_has_grown_too_long() {
    let path = scratch("ring.txt");
    let recorder = Recorder::keeping(100).to_file(&path, Format::Text);
    many_yields(recorder.unwrap());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.lines().count() <= 201 && text.starts_with("… "));
    assert!(text.ends_with("the loop is closed\n"));
    std::fs::remove_file(path).unwrap();
}

#[test]
fn a_file_that_cannot_be_written_anew_grows_on() {
    let (path, in_the_way) = (scratch("grows.txt"), scratch("grows.txt.new"));
    std::fs::create_dir(&in_the_way).unwrap();
    many_yields(Recorder::keeping(100).to_file(&path, Format::Text).unwrap());
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.lines().count() > 3_000 && text.ends_with("the loop is closed\n"));
    assert_eq!(text.matches("turn 7:").count(), 1);
    std::fs::remove_file(path).unwrap();
    std::fs::remove_dir(in_the_way).unwrap();
}

#[test]
fn nothing_is_left_beside_a_file_that_was_written_anew() {
    let folder = scratch("folder");
    std::fs::create_dir(&folder).unwrap();
    let path = folder.join("story.html");
    many_yields(Recorder::keeping(100).to_file(&path, Format::Page).unwrap());
    let files: Vec<_> = std::fs::read_dir(&folder).unwrap().collect();
    assert_eq!(files.len(), 1);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_file_in_a_folder_that_is_not_there_is_an_error_before_the_run() {
    let path = scratch("no-folder").join("story.html");
    let error = Recorder::new().to_file(&path, Format::Page).unwrap_err();
    let text = format!("{error:?}");
    let expected = format!("cannot write {}", path.display());
    assert!(text.contains(&expected), "{text}");
    assert!(
        text.contains("name a file in a folder that is there"),
        "{text}"
    );
}

/// Devices, which are there under these names on Linux.
#[cfg(target_os = "linux")]
mod devices {
    use super::*;
    use std::path::Path;

    #[test]
    fn what_cannot_be_written_is_an_error_before_the_run() {
        let error = Recorder::new().to_file("/dev/full", Format::Page);
        let text = format!("{:?}", error.unwrap_err());
        assert!(text.contains("cannot write /dev/full: "), "{text}");
    }

    #[test]
    fn what_cannot_be_written_later_does_not_disturb_the_program() {
        many_yields(Recorder::new().to_file("/dev/full", Format::Text).unwrap());
    }

    #[test]
    fn what_is_no_file_is_not_replaced() {
        many_yields(
            Recorder::keeping(100)
                .to_file("/dev/null", Format::Text)
                .unwrap(),
        );
        assert!(!Path::new("/dev/null").is_file());
    }
}
