use crate::kit::*;

#[test]
fn a_second_cancel_merges_with_the_first_or_interrupts_the_clean_up() {
    scenario("61-cancel-twice", |l| {
        async fn job() -> Result<()> {
            let result = sleep(secs(100.0)).await;
            if let Err(Error::Cancelled) = result {
                say("first CancelledError, cleaning up for 10");
                match sleep(secs(10.0)).await {
                    Err(Error::Cancelled) => say("clean-up was interrupted"),
                    result => {
                        result?;
                        say("clean-up finished");
                    }
                }
            }
            result
        }
        async fn main(l: EventLoop, second_cancel_after: f64) -> Result<()> {
            let task = l.create_task(job());
            sleep(secs(1.0)).await?;
            let (first, second) = (yn(task.cancel()), yn(task.cancel()));
            say(format!("cancel twice in a row: {first} {second}"));
            let victim = task.clone();
            let handle = l.call_later(secs(second_cancel_after), move || victim.cancel());
            wait([&task], None, ReturnWhen::AllCompleted).await?;
            handle.cancel();
            say(outcome(&task));
            Ok(())
        }

        say("--- next cancel would come after the clean-up");
        l.run_until_complete(main(l.clone(), 20.0)).unwrap();
        say("--- next cancel comes during the clean-up");
        l.run_until_complete(main(l.clone(), 5.0)).unwrap();
    });
}
