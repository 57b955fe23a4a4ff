use crate::kit::*;

#[test]
fn a_callback_added_to_a_done_future_is_queued_and_not_called_on_the_spot() {
    scenario("28-callback-on-a-done-future", |l| {
        let fut = l.create_future();
        fut.set_result("r").unwrap();
        let inside = l.clone();
        let inner = move |f: &FutureCell<&'static str>| {
            let state = outcome(f);
            say(format!("turn {}: inner sees {state}", inside.turns()));
        };
        let inside = l.clone();
        let outer = move |f: &FutureCell<_>| {
            say(format!("turn {}: outer adds inner", inside.turns()));
            f.add_done_callback(inner);
            say(format!("turn {}: outer ends", inside.turns()));
        };
        fut.add_done_callback(outer);
        say("added, not called");
        l.call_soon(|| say("queued after outer"));
        l.call_later(secs(1.0), stop(&l));
        l.run_forever().unwrap();
    });
}
