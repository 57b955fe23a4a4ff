use crate::kit::*;

#[test]
fn a_new_future_has_no_result_and_nobody_waits_for_one() {
    scenario("23-future-states", |l| {
        // A loop refuses to run until another loop's future is done.
        let bound = |fut: &FutureCell<&str>| {
            l.stop();
            let error = l.run_until_complete(fut).unwrap_err();
            yn(error.to_string() == "Event loop stopped before Future completed.")
        };
        let fut = get_event_loop().unwrap().create_future();
        say(format!("bound to the default loop: {}", bound(&fut)));
        attempt("done", || fut.done());
        attempt("cancelled", || fut.cancelled());
        attempt("result", || fut.result());
        attempt("exception", || fut.exception());
        fut.set_result("a message").unwrap();
        attempt("done", || fut.done());
        attempt("cancelled", || fut.cancelled());
        attempt("result", || fut.result());
        attempt("result once more", || fut.result());
        attempt("exception", || fut.exception());
        let other = l.create_future();
        let (state, bound) = (outcome(&other), bound(&other));
        say(format!("made by the loop: {state}, bound to it: {bound}"));
    });
}
