use crate::kit::*;
use std::sync::mpsc;
use std::thread;

#[test]
fn a_cancelled_timer_never_fires_and_is_not_waited_for() {
    scenario("19-timer-cancel", |l| {
        let far = l.call_later(secs(50.0), || say("far"));
        let two = l.call_later(secs(2.0), || say("two"));
        let victim = l.call_at(secs(2.5), || say("victim"));
        let late = l.call_at(secs(4.5), || say("late"));

        let killer = move || {
            say("killer cancels \"late\", which is due as well");
            late.cancel();
        };
        let inside = l.clone();
        let busy = move || {
            inside.block(secs(3.0));
            say("busy until now, killer and late are both due");
        };
        l.call_at(secs(1.0), move || two.cancel());
        l.call_soon(move || far.cancel());
        victim.cancel();
        victim.cancel();
        l.call_at(secs(3.0), busy);
        l.call_at(secs(4.0), killer);
        l.call_at(secs(5.0), || say("bystander"));
        l.call_at(secs(7.0), stop(&l));
        l.run_forever().unwrap();
        say("the loop ended; only cancelled timers are left");

        let (asleep, when_asleep) = mpsc::channel();
        l.observe(move |_, event: &LoopEvent| {
            if let LoopEvent::Asleep { .. } = event {
                asleep.send(()).ok();
            }
        });
        let handle = l.threadsafe();
        let thread = thread::spawn(move || {
            when_asleep.recv_timeout(secs(20.0)).unwrap();
            handle.call_soon(|| get_event_loop().unwrap().stop())
        });
        l.run_forever().unwrap();
        thread.join().unwrap().unwrap();
        say("waited for a thread instead: no jump to t=50");
    });
}
