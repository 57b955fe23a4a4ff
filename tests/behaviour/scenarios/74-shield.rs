use crate::kit::*;

#[test]
fn cancelling_who_awaits_a_shield_leaves_the_shielded_task_alone() {
    scenario("74-shield", |l| {
        async fn job(name: &'static str, delay: f64) -> Result<&'static str> {
            sleep(secs(delay)).await?;
            say(format!("{name} finished"));
            Ok(name)
        }
        async fn outer(inner: Task<&'static str>) -> Result<&'static str> {
            let result = shield(&inner).await;
            if let Err(Error::Cancelled) = result {
                let state = outcome(&inner);
                say(format!("outer gets CancelledError, inner is {state}"));
            }
            result
        }
        async fn main(l: EventLoop) -> Result<()> {
            let cancel_later = |task: &Task<_>| {
                let task = task.clone();
                l.call_later(secs(1.0), move || task.cancel());
            };
            let inner = l.create_task(job("A", 5.0));
            let task = l.create_task(outer(inner.clone()));
            cancel_later(&task);
            wait([&task], None, ReturnWhen::AllCompleted).await?;
            say(format!("outer {}", outcome(&task)));
            say(format!("inner gives {}", inner.await?));
            let inner = l.create_task(job("B", 5.0));
            let task = l.create_task(outer(inner.clone()));
            cancel_later(&inner);
            wait([&task], None, ReturnWhen::AllCompleted).await?;
            say(format!("outer {}", outcome(&task)));
            say(format!("shield passes {}", shield(job("C", 1.0)).await?));
            Ok(())
        }
        l.run_until_complete(main(l.clone())).unwrap();
    });
}
