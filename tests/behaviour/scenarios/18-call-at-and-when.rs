use crate::kit::*;

#[test]
fn call_at_takes_a_moment_and_call_later_counts_from_the_call() {
    scenario("18-call-at-and-when", |l| {
        l.block(secs(1000.0)); // Python's loop starts there
        let deadlines = |a: TimerHandle, b: TimerHandle| {
            let (a, b) = (a.when().as_secs_f64(), b.when().as_secs_f64());
            say(format!("deadlines {a} and {b}"));
        };
        let a = l.call_later(secs(20.0), || say("call_later 20"));
        let b = l.call_at(secs(1010.0), || say("call_at 1010"));
        deadlines(a, b);
        l.block(secs(8.0));
        say("8 seconds pass before the loop is run");
        let c = l.call_later(secs(20.0), || say("call_later 20, made later"));
        let d = l.call_at(secs(1003.0), || say("call_at 1003, already past"));
        deadlines(c, d);
        l.call_at(secs(1040.0), stop(&l));
        l.run_forever().unwrap();
    });
}
