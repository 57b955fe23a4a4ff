use crate::kit::*;

#[test]
fn due_timers_join_the_end_of_the_batch_and_time_stands_still_while_anything_is_ready() {
    scenario("22-timers-and-ready-queue", |l| {
        fn hop(l: EventLoop, name: &'static str, left: u32) {
            say(format!("turn {}: {name}, {left} left", l.turns()));
            if left > 0 {
                l.clone().call_soon(move || hop(l, name, left - 1));
            }
        }
        let timer = |name: &'static str| {
            let l = l.clone();
            move || {
                say(format!("turn {}: timer {name}", l.turns()));
                let inside = l.clone();
                l.call_soon(move || hop(inside, name, 2));
                l.call_later(secs(0.0), move || say(format!("zero timer of {name}")));
            }
        };
        l.call_at(secs(1.0), timer("A"));
        l.call_at(secs(2.0), timer("B"));
        let inside = l.clone();
        l.call_soon(|| hop(inside, "start", 1));
        l.call_at(secs(3.0), stop(&l));
        l.run_forever().unwrap();
    });
}
