use crate::kit::*;

#[test]
fn a_future_given_to_a_stopped_run_does_not_stop_a_later_one() {
    scenario("10-stop-with-callback-still-attached", |l| {
        let first = l.create_future();
        l.call_later(secs(1.0), stop(&l));
        attempt("run on first", || l.run_until_complete(&first));
        let second = l.create_future();
        let (set_first, set_second) = (first.clone(), second.clone());
        l.call_later(secs(1.0), move || set_first.set_result("one"));
        l.call_later(secs(5.0), move || set_second.set_result("two"));
        attempt("run on second", || l.run_until_complete(&second));
        say(format!("first is {}", outcome(&first)));
    });
}
