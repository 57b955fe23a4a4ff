use crate::kit::*;
use ReturnWhen::{AllCompleted, FirstCompleted, FirstException};

#[test]
fn wait_raises_nothing_cancels_nothing_and_may_return_early() {
    scenario("72-wait", |l| {
        async fn job(delay: f64, fail: bool) -> Result<()> {
            sleep(secs(delay)).await?;
            if fail {
                return ValueError::raise("failed");
            }
            Ok(())
        }
        async fn main(label: &str, timeout: Option<f64>, return_when: ReturnWhen) -> Result<()> {
            let jobs = [(3.0, false), (1.0, false), (2.0, true), (4.0, false)];
            let tasks = jobs.map(|(delay, fail)| create_task(job(delay, fail)));
            let outcomes = || items(&tasks.each_ref().map(|t| outcome(t)));
            let (_done, _pending) = wait(&tasks, timeout.map(secs), return_when).await?;
            say(format!("{label}: {}", outcomes()));
            sleep(secs(10.0)).await?;
            say(format!("later: {}", outcomes()));
            Ok(())
        }

        for (label, timeout, return_when) in [
            ("all", None, AllCompleted),
            ("first end", None, FirstCompleted),
            ("first error", None, FirstException),
            ("timeout", Some(1.5), AllCompleted),
        ] {
            l.run_until_complete(main(label, timeout, return_when))
                .unwrap();
        }
        let nothing = wait([] as [FutureCell<()>; 0], None, AllCompleted);
        attempt("nothing", || l.run_until_complete(nothing).map(drop));
    });
}
