use crate::kit::*;
use send_none::sync::Condition;

#[test]
fn whoever_waits_on_a_condition_gives_up_its_lock_and_has_it_again_before_going_on() {
    scenario("83-condition", |l| {
        async fn waiter(name: &str, cond: Condition) -> Result<()> {
            async_with(&cond, async |()| {
                say(format!("{name} waits"));
                cond.wait().await?;
                let held = yn(cond.locked());
                say(format!("{name} goes on, holding the lock: {held}"));
                sleep(secs(1.0)).await
            })
            .await?;
            Ok(())
        }
        async fn main() -> Result<()> {
            let cond = Condition::new();
            let tasks = ["A", "B", "C", "D"].map(|n| create_task(waiter(n, cond.clone())));
            sleep(secs(1.0)).await?;
            async_with(&cond, async |()| {
                cond.notify(2)?;
                say("notified two, still holding");
                sleep(secs(3.0)).await?;
                say("letting go");
                Ok(())
            })
            .await?;
            sleep(secs(5.0)).await?;
            async_with(&cond, async |()| {
                cond.notify_all()?;
                say("notified all");
                Ok(())
            })
            .await?;
            wait(&tasks, None, ReturnWhen::AllCompleted).await?;
            attempt("notify without the lock", || cond.notify(1));
            if let Err(exc) = cond.wait().await {
                say(format!("wait without the lock: {}", err(&exc)));
            }
            Ok(())
        }
        l.run_until_complete(main()).unwrap();
    });
}
