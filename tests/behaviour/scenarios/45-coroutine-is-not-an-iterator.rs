use crate::kit::*;

#[test]
fn a_coroutine_is_stepped_through_its_bridge_and_in_no_other_way() {
    scenario("45-coroutine-is-not-an-iterator", |l| {
        async fn two_steps(fut: FutureCell<&'static str>) -> Result<&'static str> {
            fut.await
        }

        let fut = l.create_future();
        let coro = two_steps(fut.clone());
        for line in [
            "t=0 iter -> raises TypeError: 'coroutine' object is not iterable",
            "t=0 next -> raises TypeError: 'coroutine' object is not an iterator",
            "t=0 is a future: no, is awaitable: yes",
            "t=0 done -> raises AttributeError: 'coroutine' object has no attribute 'done'",
        ] {
            leave_out(line, "does not compile, or is a question for the compiler");
        }
        let mut steps = Coroutine::new(coro);
        let is_fut = blocked_on(steps.send(None)).is(&fut);
        say(format!(
            "stepping the await-iterator returns the future: {}",
            yn(is_fut)
        ));
        fut.set_result("end").unwrap();
        attempt("next step", || steps.send(None));
    });
}
