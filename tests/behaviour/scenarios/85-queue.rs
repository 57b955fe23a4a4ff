use crate::kit::*;
use send_none::sync::{Queue, QueueEmpty};

type Items = Queue<&'static str>;

#[test]
fn a_queue_serves_its_getters_and_putters_in_order_of_arrival() {
    scenario("85-queue", |l| {
        async fn getter(name: &str, q: Items) -> Result<()> {
            say(format!("{name} got {}", q.get().await?));
            Ok(())
        }
        async fn putter(item: &'static str, q: Items) -> Result<()> {
            q.put(item).await?;
            say(format!("put {item}"));
            Ok(())
        }
        async fn main() -> Result<()> {
            let q = Queue::new(2);
            let mut tasks = ["G1", "G2"]
                .map(|n| create_task(getter(n, q.clone())))
                .to_vec();
            sleep(secs(1.0)).await?;
            for item in ["a", "b", "c", "d", "e"] {
                tasks.push(create_task(putter(item, q.clone())));
            }
            sleep(secs(1.0)).await?;
            say(format!("size {}, full: {}", q.qsize(), yn(q.full())));
            if let Err(exc) = q.put_nowait("x") {
                say(Error::from(exc).kind());
            }
            for _ in 0..3 {
                getter("main", q.clone()).await?;
                sleep(secs(1.0)).await?;
            }
            wait(&tasks, None, ReturnWhen::AllCompleted).await?;
            if let Err(exc @ QueueEmpty) = q.get_nowait() {
                say(Error::from(exc).kind());
            }
            Ok(())
        }
        l.run_until_complete(main()).unwrap();
    });
}
