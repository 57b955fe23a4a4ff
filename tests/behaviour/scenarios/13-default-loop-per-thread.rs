use crate::kit::*;
use std::thread;

#[test]
fn every_thread_has_a_default_loop_of_its_own() {
    scenario("13-default-loop-per-thread", |l| {
        let default = || get_event_loop().unwrap();
        say(format!("same loop twice: {}", yn(default() == default())));
        say(format!("it is the one set: {}", yn(default() == l)));

        let speaker = Speaker::new();
        let other_thread = move || {
            if get_event_loop().is_err() {
                speaker.say("other thread: no default loop");
            }
            let mine = EventLoop::with_virtual_clock();
            set_event_loop(&mine);
            let is_mine = default() == mine;
            speaker.say(format!("other thread: own loop now: {}", yn(is_mine)));
            let fut = default().create_future();
            fut.set_result("own work").unwrap();
            let value = mine.run_until_complete(fut).unwrap();
            speaker.say(format!("other thread: {value}"));
            mine.close().unwrap();
        };
        thread::spawn(other_thread).join().unwrap();
        say(format!("main thread unchanged: {}", yn(default() == l)));
    });
}
