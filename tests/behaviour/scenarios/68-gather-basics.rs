use crate::kit::*;

#[test]
fn gather_runs_them_side_by_side_and_gives_results_in_argument_order() {
    scenario("68-gather-basics", |l| {
        async fn job(name: &str, delay: f64) -> Result<String> {
            say(format!("{name} starts"));
            sleep(secs(delay)).await?;
            say(format!("{name} ends"));
            Ok(name.to_lowercase())
        }
        async fn main() -> Result<()> {
            let both = gather([job("A", 3.0), job("B", 1.0), job("C", 2.0)]);
            say("gather called, nothing ran");
            sleep(secs(2.5)).await?;
            say(format!(
                "main did something else, gather is {}",
                outcome(&both)
            ));
            say(format!("results {}", items(&both.await?)));
            let empty = gather([] as [FutureCell<()>; 0]);
            say(format!("empty gather: {}", outcome(&empty)));
            say(format!("awaited: {}", items(&empty.await?)));
            Ok(())
        }
        l.run_until_complete(main()).unwrap();
    });
}
