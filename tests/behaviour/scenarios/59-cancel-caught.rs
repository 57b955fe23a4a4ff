use crate::kit::*;

#[test]
fn a_task_may_catch_its_cancellation_and_refuse() {
    scenario("59-cancel-caught", |l| {
        async fn job(reaction: &str) -> Result<&'static str> {
            if let Err(Error::Cancelled) = sleep(secs(10.0)).await {
                say(format!("{reaction}: caught"));
                match reaction {
                    "returns" => return Ok("value"),
                    "other error" => return ValueError::raise("instead"),
                    "goes on" => {
                        sleep(secs(5.0)).await?;
                        return Ok("went on");
                    }
                    _ => return Err(Error::Cancelled),
                }
            }
            Ok("not cancelled")
        }
        async fn main() -> Result<()> {
            let tasks =
                ["returns", "other error", "goes on", "re-raises"].map(|r| create_task(job(r)));
            sleep(secs(1.0)).await?;
            for t in &tasks {
                t.cancel();
            }
            wait(&tasks, None, ReturnWhen::AllCompleted).await?;
            for t in &tasks {
                say(outcome(t));
            }
            Ok(())
        }
        l.run_until_complete(main()).unwrap();
    });
}
