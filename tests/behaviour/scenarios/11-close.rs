use crate::kit::*;

#[test]
fn close_drops_all_that_is_queued_and_refuses_everything_after() {
    scenario("11-close", |l| {
        let inside = l.clone();
        l.call_soon(move || {
            attempt("close while running", || inside.close());
            inside.stop();
        });
        l.run_forever().unwrap();
        l.call_soon(|| say("never seen"));
        l.call_later(secs(1.0), || say("never seen either"));
        attempt("close", || l.close());
        attempt("close again", || l.close());
        say(format!("closed: {}", yn(l.is_closed())));
        attempt("call_soon", || l.call_soon(|| ()));
        attempt("call_later", || l.call_later(secs(1.0), || ()));
        attempt("call_at", || l.call_at(secs(1.0), || ()));
        attempt("call_soon_threadsafe", || l.threadsafe().call_soon(|| ()));
        attempt("run_forever", || l.run_forever());
        let fut = l.create_future();
        attempt("run_until_complete", || l.run_until_complete(&fut));
        attempt("set a result without callbacks", || fut.set_result(1));
    });
}
