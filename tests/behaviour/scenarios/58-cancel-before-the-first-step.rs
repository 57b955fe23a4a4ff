use crate::kit::*;

#[test]
fn a_task_cancelled_before_its_first_step_never_runs_a_line() {
    scenario("58-cancel-before-the-first-step", |l| {
        async fn job() -> Result<()> {
            let _finally = Finally(|| say("never printed either"));
            say("never printed");
            Ok(())
        }
        async fn main() -> Result<()> {
            let task = create_task(job());
            let accepted = yn(task.cancel());
            say(format!("cancel says {accepted}, state {}", outcome(&task)));
            say(format!("cancel again says {}", yn(task.cancel())));
            yield_now().await?;
            say(format!("after one turn: {}", outcome(&task)));
            say(format!("cancel now says {}", yn(task.cancel())));
            Ok(())
        }
        l.run_until_complete(main()).unwrap();
    });
}
