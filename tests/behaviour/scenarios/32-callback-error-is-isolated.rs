use crate::kit::*;

#[test]
fn an_error_in_one_done_callback_leaves_the_others_and_the_future_alone() {
    scenario("32-callback-error-is-isolated", |l| {
        report_errors(&l);
        let fut = l.create_future();
        fn bad(_: &FutureCell<&str>) -> Result<()> {
            say("bad callback");
            RuntimeError::raise("in a callback")
        }
        fn good(f: &FutureCell<&'static str>) {
            say(format!("good callback sees {}", outcome(f)));
        }
        fut.add_done_callback(bad);
        fut.add_done_callback(good);
        fut.add_done_callback(bad);
        fut.set_result("ok").unwrap();
        attempt("run", || l.run_until_complete(&fut));
    });
}
