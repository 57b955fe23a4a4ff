use crate::kit::*;

#[test]
fn a_worker_that_swallows_every_error_cannot_be_cancelled() {
    scenario("66-uncancellable-by-accident", |l| {
        async fn worker(rounds: u32) -> Result<&'static str> {
            for i in 0..rounds {
                match sleep(secs(10.0)).await {
                    Ok(()) => say(format!("round {i} done")),
                    Err(exc) => say(format!("round {i} swallowed {}", exc.kind())),
                }
            }
            Ok("ended by itself")
        }
        async fn main() -> Result<()> {
            let task = create_task(worker(4));
            for delay in [1.0, 12.0] {
                sleep(secs(delay)).await?;
                say(format!("cancel says {}", yn(task.cancel())));
            }
            say(format!("worker says: {}", task.await?));
            Ok(())
        }
        l.run_until_complete(main()).unwrap();
    });
}
