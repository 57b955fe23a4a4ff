use crate::kit::*;

#[test]
fn a_callback_that_schedules_itself_again_is_a_repeating_timer() {
    scenario("01-metronome-callbacks", |l| {
        fn tick(l: EventLoop) {
            say("TICK");
            l.clone().call_later(secs(1.0), || tock(l));
        }
        fn tock(l: EventLoop) {
            say("TOCK");
            l.clone().call_later(secs(1.0), || tick(l));
        }
        fn countdown(l: EventLoop, left: u32) {
            say(format!("Countdown: {left}"));
            if left == 0 {
                say("Exiting loop");
                return l.stop();
            }
            let step = if left > 5 { 5 } else { 1 };
            l.clone()
                .call_later(secs(step.into()), move || countdown(l, left - step));
        }
        let (a, b) = (l.clone(), l.clone());
        l.call_soon(|| tick(a));
        l.call_soon(|| countdown(b, 30));
        l.run_forever().unwrap();
        say("back in the caller");
    });
}
