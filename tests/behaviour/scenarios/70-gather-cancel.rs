use crate::kit::*;

#[test]
fn cancelling_a_gather_cancels_every_child_but_a_cancelled_child_is_its_own_error() {
    scenario("70-gather-cancel", |l| {
        async fn job(name: &'static str, cleanup: f64) -> Result<&'static str> {
            if let Err(Error::Cancelled) = sleep(secs(20.0)).await {
                say(format!("{name} cancelled"));
                sleep(secs(cleanup)).await?;
                say(format!("{name} cleaned up"));
                return Err(Error::Cancelled);
            }
            Ok(name)
        }
        async fn main(l: EventLoop) -> Result<()> {
            let outcomes = |tasks: &[Task<_>; 2]| items(&tasks.each_ref().map(|t| outcome(t)));
            let tasks = [("A", 2.0), ("B", 5.0)].map(|(n, c)| l.create_task(job(n, c)));
            let group = gather(&tasks);
            sleep(secs(1.0)).await?;
            say(format!(
                "cancel says {}, gather {}",
                yn(group.cancel()),
                outcome(&group)
            ));
            if let Err(Error::Cancelled) = group.await {
                say(format!("gather over: {}", outcomes(&tasks)));
            }
            gather_results(&tasks).await?;
            say("--- one child is cancelled from outside");
            let tasks = [("C", 0.0), ("D", 0.0)].map(|(n, c)| l.create_task(job(n, c)));
            let victim = tasks[0].clone();
            l.call_later(secs(1.0), move || victim.cancel());
            if let Err(Error::Cancelled) = gather(&tasks).await {
                say(format!("gather raised: {}", outcomes(&tasks)));
            }
            say(format!("D goes on: {}", (&tasks[1]).await?));
            Ok(())
        }
        l.run_until_complete(main(l.clone())).unwrap();
    });
}
