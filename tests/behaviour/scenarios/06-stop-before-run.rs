use crate::kit::*;

#[test]
fn stop_before_a_run_makes_it_a_run_of_one_turn() {
    scenario("06-stop-before-run", |l| {
        let inside = l.clone();
        let again = move || {
            say("ready callback, queues one more");
            inside.call_soon(|| say("the one more"));
        };
        l.call_soon(again);
        l.call_later(secs(0.0), || say("timer due now"));
        l.call_later(secs(3.0), || say("timer due at 3"));
        l.stop();
        l.run_forever().unwrap();
        say("--- one turn done");
        l.stop();
        l.run_forever().unwrap();
        say("--- second single turn done");
        l.call_later(secs(3.0), stop(&l));
        l.run_forever().unwrap();
        say("--- full run done");
    });
}
