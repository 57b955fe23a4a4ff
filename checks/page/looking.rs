//! What is shown to who looks closely: what is left when a loop closes, who else has a waker.

use send_none::trace::writing::Format;
use send_none::{EventLoop, Recorder, sleep};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use crate::browser::Browser;
use crate::driving::{at_peace, go_to};
use crate::traces::{folder, recorded};

#[test]
fn what_a_closing_loop_has_still_to_drop_is_shown_when_its_beginning_was_not_kept() {
    let folder = folder("closing");
    let file = folder.join("story.html");
    let event_loop = EventLoop::with_virtual_clock();
    let recorder = Recorder::keeping(8);
    event_loop.observe(recorder.clone());
    for _ in 0..9 {
        event_loop.create_task(sleep(Duration::from_secs(1)));
    }
    event_loop.stop();
    event_loop.run_forever().unwrap();
    event_loop.close().unwrap();
    std::fs::write(&file, recorder.tell(Format::Page)).unwrap();
    let mut browser = Browser::new();
    browser.open(&file, "");
    assert!(browser.text("#tasks").contains("Task-9not done"));
    go_to(&mut browser, "Task-9");
    assert!(browser.text("#queue").contains("is dropped: Task-9"));
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn who_else_has_the_waker_is_named_if_it_is_a_future_of_the_loop() {
    let folder = folder("waker");
    let file = folder.join("story.html");
    recorded(&file, |event_loop| {
        let [mut quick, mut slow] = [(); 2].map(|()| event_loop.create_future::<()>());
        let setter = quick.clone();
        event_loop.call_later(Duration::from_secs(1), move || setter.set_result(()));
        let main = async move {
            poll_fn(|cx| match Pin::new(&mut quick).poll(cx) {
                Poll::Pending => Pin::new(&mut slow).poll(cx),
                ready => ready,
            })
            .await?;
            sleep(Duration::from_secs(1)).await
        };
        event_loop.run_until_complete(main).unwrap();
    });
    let mut browser = Browser::new();
    browser.open(&file, "");
    go_to(&mut browser, "Task-1 is parked on Future-4");
    let tasks = browser.text("#tasks");
    let expected = "; its waker is in the line of Future-2, too";
    assert!(tasks.contains(expected), "{tasks}");
    at_peace(&browser);
    std::fs::remove_dir_all(folder).unwrap();
}
