use crate::kit::*;

#[test]
fn an_error_is_stored_in_its_task_and_comes_out_for_whoever_awaits_it() {
    scenario("49-task-error", |l| {
        async fn fails(boom: Error) -> Result<()> {
            sleep(secs(1.0)).await?;
            say("about to fail");
            Err(boom)
        }
        async fn other() -> Result<()> {
            sleep(secs(2.0)).await?;
            say("the other task is fine");
            Ok(())
        }
        async fn main() -> Result<()> {
            let boom = Error::from(ValueError("boom".into()));
            let task = create_task(fails(boom.clone()));
            let side = create_task(other());
            for i in 0..2 {
                if let Err(exc) = (&task).await {
                    let same = yn(exc.is(&boom));
                    say(format!("await {i} raised the same error object: {same}"));
                }
            }
            say(format!("task is {}", outcome(&task)));
            side.await
        }
        l.run_until_complete(main()).unwrap();
    });
}
