use crate::kit::*;

#[test]
fn a_future_hands_over_the_very_error_that_was_set() {
    scenario("25-future-exception", |l| {
        let fut = l.create_future::<()>();
        let stored = Error::from(ValueError("boom".into()));
        fut.set_exception(stored.clone()).unwrap();
        let (done, cancelled) = (yn(fut.done()), yn(fut.cancelled()));
        say(format!("done {done}, cancelled {cancelled}"));
        attempt("result", || fut.result());
        attempt("result again", || fut.result());
        let exception = fut.exception().unwrap().unwrap();
        let is_stored = exception.is(&stored);
        say(format!("exception is the stored one: {}", yn(is_stored)));
        let kinds = l.create_future::<()>();
        kinds.set_exception(RuntimeError(String::new())).unwrap();
        say(format!("given as a kind: {}", outcome(&kinds)));
        leave_out(
            "t=0 StopIteration -> raises TypeError: StopIteration interacts badly with generators \
             and cannot be raised into a Future",
            "here a coroutine ends by returning, and no error stands for that",
        );
        leave_out("t=0 refused one is pending", "nothing is refused");
    });
}
