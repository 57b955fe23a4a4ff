use crate::kit::*;

#[test]
fn a_queued_callback_keeps_its_future_until_somebody_runs_the_loop() {
    scenario("30-dropped-future-and-cancelled-future", |l| {
        let report = |name| {
            move |fut: &FutureCell<&str>| match fut.result() {
                Ok(result) => say(format!("Callback {name} result: {result}")),
                Err(_) => say(format!("Callback {name} no result")),
            }
        };
        async fn cancel_later(fut: FutureCell<&'static str>) -> Result<()> {
            sleep(secs(5.0)).await?;
            fut.cancel();
            say("Coroutine exiting");
            Ok(())
        }
        let kept = l.create_future();
        let dropped = l.create_future();
        dropped.add_done_callback(report("one"));
        kept.add_done_callback(report("two"));
        dropped.set_result("finished fut1").unwrap();
        drop(dropped);
        say("nothing was called yet");
        l.run_until_complete(cancel_later(kept)).unwrap();
        say("run returned");
    });
}
