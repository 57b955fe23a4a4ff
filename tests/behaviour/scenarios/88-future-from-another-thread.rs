use crate::kit::*;
use std::thread;

#[test]
fn a_future_is_settled_from_another_thread_by_way_of_its_loop() {
    scenario("88-future-from-another-thread", |l| {
        l.set_debug(true);
        for line in [
            "t=0 other thread, call_soon: RuntimeError: Non-thread-safe operation invoked on an \
             event loop other than the current one",
            "t=0 other thread, call_later: RuntimeError",
        ] {
            leave_out(
                line,
                "does not compile: no EventLoop can be sent to a thread",
            );
        }
        async fn main(l: EventLoop) -> Result<()> {
            let fut = l.create_future();
            let setter = fut.threadsafe();
            let t = thread::spawn(move || setter.set_result("from the thread"));
            say(format!("got {}", fut.await?));
            t.join().unwrap()
        }
        l.run_until_complete(main(l.clone())).unwrap();
    });
}
