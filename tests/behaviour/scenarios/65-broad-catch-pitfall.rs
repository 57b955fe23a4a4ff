use crate::kit::*;

type Text = &'static str;

#[test]
fn whoever_catches_any_error_swallows_a_cancellation() {
    scenario_of_3_5("65-broad-catch-pitfall", |l| {
        fn caught(exc: Error) -> Option<Text> {
            say(format!("We caught {}()", exc.kind()));
            None
        }
        async fn catch_errors(awaitable: FutureCell<Text>) -> Result<Option<Text>> {
            let result = awaitable.await;
            Ok(result.map_or_else(caught, Some))
        }
        // What no `Err(_)` catches is a panic; out of a task, it comes as an error, too.
        async fn catch_everything(awaitable: FutureCell<Text>) -> Result<Option<Text>> {
            let result = create_task(awaitable).await;
            Ok(result.map_or_else(caught, Some))
        }

        let cancelled = l.create_future::<()>();
        cancelled.cancel();
        let ordinary = yn(cancelled.result().is_err());
        say(format!("cancellation is an ordinary error: {ordinary}"));
        let fut = l.create_future();
        let victim = fut.clone();
        l.call_later(secs(20.0), move || victim.cancel());
        attempt("run", || l.run_until_complete(catch_errors(fut)));
        let fut = l.create_future();
        let victim = fut.clone();
        l.call_later(secs(20.0), move || victim.cancel());
        attempt("run", || l.run_until_complete(catch_everything(fut)));
    });
}
