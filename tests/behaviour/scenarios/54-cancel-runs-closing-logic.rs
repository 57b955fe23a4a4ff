use crate::kit::*;

#[test]
fn a_coroutine_that_is_cancelled_can_run_closing_logic_that_waits() {
    scenario("54-cancel-runs-closing-logic", |l| {
        async fn server() -> Result<()> {
            say("server up");
            let _finally = Finally(|| say("finally"));
            let result = sleep(secs(100.0)).await;
            if let Err(Error::Cancelled) = result {
                say("server closing");
                sleep(secs(3.0)).await?;
                say("server closed");
            }
            result
        }
        async fn main() -> Result<()> {
            let task = create_task(server());
            sleep(secs(10.0)).await?;
            let accepted = yn(task.cancel());
            say(format!(
                "cancel accepted: {accepted}, state {}",
                outcome(&task)
            ));
            if let Err(Error::Cancelled) = (&task).await {
                say("main sees the cancellation");
            }
            say(format!("server is {}", outcome(&task)));
            Ok(())
        }
        l.run_until_complete(main()).unwrap();
    });
}
