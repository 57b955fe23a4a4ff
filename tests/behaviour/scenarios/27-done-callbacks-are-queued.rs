use crate::kit::*;

#[test]
fn settling_a_future_queues_its_callbacks_and_calls_none() {
    scenario("27-done-callbacks-are-queued", |l| {
        fn cb(name: &str) -> impl Fn(&FutureCell<i32>) + use<'_> {
            move |fut| say(format!("{name} sees {}", outcome(fut)))
        }
        let settle = |how: fn(&FutureCell<i32>)| {
            let fut = l.create_future();
            fut.add_done_callback(cb("first"));
            fut.add_done_callback(cb("second"));
            l.call_soon(|| say("queued before"));
            say("settling");
            how(&fut);
            l.call_soon(|| say("queued after"));
            say("settled, no callback ran yet");
            l.call_soon(stop(&l));
            l.run_forever().unwrap();
        };
        settle(|fut| fut.set_result(5).unwrap());
        settle(|fut| fut.set_exception(ValueError("bad".into())).unwrap());
        settle(|fut| assert!(fut.cancel()));
    });
}
