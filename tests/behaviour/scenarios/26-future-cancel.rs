use crate::kit::*;

#[test]
fn cancel_ends_a_pending_future_at_once_and_leaves_a_done_one_alone() {
    scenario("26-future-cancel", |l| {
        let fut = l.create_future::<()>();
        attempt("cancel", || fut.cancel());
        let (done, cancelled) = (yn(fut.done()), yn(fut.cancelled()));
        say(format!("done {done}, cancelled {cancelled}"));
        attempt("result", || fut.result());
        attempt("exception", || fut.exception());
        attempt("cancel again", || fut.cancel());
        let finished = l.create_future();
        finished.set_result(7).unwrap();
        attempt("cancel a finished one", || finished.cancel());
        say(format!("finished one is still {}", outcome(&finished)));
    });
}
