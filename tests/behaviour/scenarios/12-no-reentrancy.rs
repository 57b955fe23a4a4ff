use crate::kit::*;

#[test]
fn no_loop_can_be_run_where_one_is_running() {
    scenario("12-no-reentrancy", |other| {
        let l = new_loop();
        let done = other.create_future();
        done.set_result(()).unwrap();
        let inside = {
            let (l, other, done) = (l.clone(), other.clone(), done.clone());
            move || {
                say(format!("running: {}", yn(l.is_running())));
                attempt("run the same loop", || l.run_forever());
                attempt("run another loop", || other.run_forever());
                attempt("run another to completion", || {
                    other.run_until_complete(&done)
                });
                l.stop();
            }
        };
        l.call_soon(inside);
        l.run_forever().unwrap();
        attempt("outside, the other loop is fine", || {
            other.run_until_complete(&done)
        });
    });
}
