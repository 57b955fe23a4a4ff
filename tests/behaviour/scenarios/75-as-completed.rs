use crate::kit::*;

#[test]
fn as_completed_gives_the_results_in_the_order_in_which_they_come() {
    scenario("75-as-completed", |l| {
        async fn job(name: &'static str, delay: f64, fail: bool) -> Result<&'static str> {
            sleep(secs(delay)).await?;
            if fail {
                return ValueError::raise(name);
            }
            Ok(name)
        }
        async fn main(timeout: Option<f64>) -> Result<()> {
            let jobs = [("A", 3.0, false), ("B", 1.0, false), ("C", 2.0, true)]
                .map(|(name, delay, fail)| create_task(job(name, delay, fail)));
            let outcomes = || items(&jobs.each_ref().map(|j| outcome(j)));
            let mut waiters = as_completed(&jobs);
            if let Some(timeout) = timeout {
                waiters = waiters.timeout(secs(timeout));
            }
            while let Some(result) = waiters.anext().await? {
                match result {
                    Err(exc @ Error::Timeout) => say(format!("got {}", exc.kind())),
                    Err(exc) => say(format!("got error {}", err(&exc))),
                    Ok(name) => say(format!("got {name}")),
                }
            }
            say(format!("jobs: {}", outcomes()));
            sleep(secs(5.0)).await?;
            say(format!("jobs later: {}", outcomes()));
            Ok(())
        }
        l.run_until_complete(main(None)).unwrap();
        l.run_until_complete(main(Some(1.5))).unwrap();
    });
}
