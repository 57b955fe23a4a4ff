use crate::kit::*;

#[test]
fn at_the_timeout_wait_for_cancels_the_inner_task_and_waits_until_that_is_over() {
    scenario("73-wait-for", |l| {
        async fn job(delay: f64, cleanup: f64) -> Result<&'static str> {
            let result = sleep_with(secs(delay), "finished").await;
            if let Err(Error::Cancelled) = result {
                say("inner cancelled");
                sleep(secs(cleanup)).await?;
                say("inner cleaned up");
            }
            result
        }
        async fn main() -> Result<()> {
            let result = wait_for(job(2.0, 0.0), secs(5.0)).await?;
            say(format!("in time: {result}"));
            let result = wait_for(job(50.0, 0.0), None).await?;
            say(format!("no limit: {result}"));
            match wait_for(job(9.0, 4.0), secs(3.0)).await {
                Err(exc @ Error::Timeout) => say(format!("caught {}", exc.kind())),
                result => drop(result?),
            }
            sleep(secs(10.0)).await?;
            let outer = create_task(wait_for(job(9.0, 2.0), secs(5.0)));
            sleep(secs(1.0)).await?;
            say(format!("cancel the waiter: {}", yn(outer.cancel())));
            wait([&outer], None, ReturnWhen::AllCompleted).await?;
            say(format!("waiter {}", outcome(&outer)));
            sleep(secs(10.0)).await
        }
        l.run_until_complete(main()).unwrap();
    });
}
