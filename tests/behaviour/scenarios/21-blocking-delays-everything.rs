use crate::kit::*;

#[test]
fn timers_that_a_blocking_callback_kept_waiting_all_fire_in_the_next_turn() {
    scenario("21-blocking-delays-everything", |l| {
        let fire = |name: &'static str, due: f64| {
            let l = l.clone();
            move || say(format!("turn {}: {name}, due at {due}", l.turns()))
        };
        let inside = l.clone();
        let busy = move || {
            say(format!("turn {}: busy starts", inside.turns()));
            inside.block(secs(10.0));
            say(format!("turn {}: busy ends", inside.turns()));
        };
        l.call_at(secs(3.0), fire("c", 3.0));
        l.call_at(secs(2.0), fire("b", 2.0));
        l.call_at(secs(9.0), fire("d", 9.0));
        l.call_at(secs(12.0), fire("e", 12.0));
        l.call_at(secs(1.0), busy);
        l.call_at(secs(1.5), fire("a", 1.5));
        l.call_at(secs(13.0), stop(&l));
        l.run_forever().unwrap();
    });
}
