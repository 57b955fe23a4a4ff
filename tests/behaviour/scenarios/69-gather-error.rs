use crate::kit::*;

#[test]
fn the_first_error_ends_a_gather_while_its_other_jobs_run_on() {
    scenario("69-gather-error", |l| {
        report_errors(&l);
        async fn job(name: &'static str, delay: f64, fail: bool) -> Result<&'static str> {
            sleep(secs(delay)).await?;
            say(format!("{name} {}", if fail { "fails" } else { "ends" }));
            if fail {
                ValueError::raise(name)
            } else {
                Ok(name)
            }
        }
        async fn main() -> Result<()> {
            let jobs = || {
                [
                    job("A", 3.0, false),
                    job("B", 1.0, true),
                    job("C", 2.0, true),
                ]
            };
            if let Err(exc) = gather(jobs()).await {
                say(format!("main caught {}", err(&exc)));
            }
            sleep(secs(4.0)).await?;
            say("--- returning errors");
            let got = gather_results(jobs()).await?;
            say(items(&got));
            Ok(())
        }
        l.run_until_complete(main()).unwrap();
    });
}
