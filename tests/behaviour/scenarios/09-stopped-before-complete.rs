use crate::kit::*;

#[test]
fn a_task_whose_run_was_stopped_goes_on_in_a_later_run() {
    scenario("09-stopped-before-complete", |l| {
        async fn worker() -> Result<&'static str> {
            for step in 0..3 {
                say(format!("step {step}"));
                sleep(secs(10.0)).await?;
            }
            Ok("all steps")
        }
        let task = l.create_task(worker());
        l.call_later(secs(15.0), stop(&l));
        attempt("first run", || l.run_until_complete(&task));
        say(format!("task is {}", outcome(&task)));
        attempt("second run", || l.run_until_complete(&task));
        say(format!("task is {}", outcome(&task)));
    });
}
