use crate::kit::*;
use send_none::sync::Queue;

#[test]
fn a_queue_is_worked_off_when_every_item_that_was_put_is_marked_done() {
    scenario("92-queue-join", |l| {
        async fn worker(q: Queue<&'static str>) -> Result<()> {
            loop {
                let item = q.get().await?;
                say(format!("took {item}"));
                sleep(secs(2.0)).await?;
                if item == "a" {
                    q.put_nowait("extra")?;
                }
                q.task_done()?;
            }
        }
        async fn main() -> Result<()> {
            let q = Queue::new(0);
            let w = create_task(worker(q.clone()));
            for item in ["a", "b"] {
                q.put_nowait(item)?;
            }
            q.join().await?;
            say(format!("worked off, queue empty: {}", yn(q.empty())));
            w.cancel();
            wait([&w], None, ReturnWhen::AllCompleted).await?;
            say(format!("worker {}", outcome(&w)));
            Ok(())
        }
        l.run_until_complete(main()).unwrap();
    });
}
