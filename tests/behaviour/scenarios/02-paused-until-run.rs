use crate::kit::*;
use std::thread;

#[test]
fn nothing_queued_runs_until_somebody_runs_the_loop() {
    scenario("02-paused-until-run", |l| {
        let here = thread::current().id();
        let job = |name: &'static str| {
            let l = l.clone();
            move || {
                let same = thread::current().id() == here;
                say(format!(
                    "{name} runs, on the thread of the caller: {}",
                    yn(same)
                ));
                l.stop();
            }
        };
        l.call_soon(job("first"));
        say(format!("queued first, running: {}", yn(l.is_running())));
        l.run_forever().unwrap();
        say(format!("run returned, running: {}", yn(l.is_running())));
        l.call_soon(job("second"));
        say("queued second, nothing happens yet");
        l.run_forever().unwrap();
        say("run returned again");
    });
}
