use crate::kit::*;
use send_none::sync::{Lock, Semaphore};

/// A lock or a semaphore.
trait Thing: AsyncContextManager<Target = ()> + Clone + 'static {
    async fn acquire(&self) -> Result<bool>;
    fn release(&self) -> Result<()>;
}

impl Thing for Lock {
    async fn acquire(&self) -> Result<bool> {
        self.acquire().await
    }

    fn release(&self) -> Result<()> {
        self.release()
    }
}

impl Thing for Semaphore {
    async fn acquire(&self) -> Result<bool> {
        self.acquire().await
    }

    fn release(&self) -> Result<()> {
        self.release()
    }
}

#[test]
fn what_is_given_back_while_others_wait_is_theirs() {
    scenario("91-no-jumping-the-queue", |l| {
        async fn greedy(name: &str, thing: impl Thing, rounds: u32) -> Result<()> {
            for i in 0..rounds {
                thing.acquire().await?;
                say(format!("{name} has it, round {i}"));
                sleep(secs(1.0)).await?;
                thing.release()?;
            }
            Ok(())
        }
        async fn newcomer(name: &str, thing: impl Thing) -> Result<()> {
            async_with(thing, async |()| {
                say(format!("{name} has it"));
                Ok(())
            })
            .await?;
            Ok(())
        }
        async fn main(label: &str, thing: impl Thing) -> Result<()> {
            say(format!("--- {label}"));
            let a = create_task(greedy("A", thing.clone(), 2));
            let b = create_task(greedy("B", thing.clone(), 2));
            sleep(secs(0.5)).await?;
            let c = create_task(newcomer("C", thing));
            wait([a, b, c], None, ReturnWhen::AllCompleted).await?;
            Ok(())
        }
        l.run_until_complete(main("lock", Lock::new())).unwrap();
        l.run_until_complete(main("semaphore", Semaphore::new(1)))
            .unwrap();
    });
}
