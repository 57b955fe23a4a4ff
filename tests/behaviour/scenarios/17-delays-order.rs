use crate::kit::*;

#[test]
fn timers_fire_in_the_order_of_their_deadlines() {
    scenario("17-delays-order", |l| {
        l.call_later(secs(3.0), || say("three"));
        l.call_later(secs(1.0), || say("one"));
        l.call_later(secs(0.0), || say("zero"));
        leave_out("t=0 minus five", "no Duration is negative");
        leave_out("t=0 minus one", "no Duration is negative");
        l.call_soon(|| say("soon"));
        l.call_later(secs(2.5), || say("two and a half"));
        l.call_later(secs(4.0), stop(&l));
        l.run_forever().unwrap();
    });
}
