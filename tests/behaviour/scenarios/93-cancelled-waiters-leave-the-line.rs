use crate::kit::*;
use send_none::sync::{Event, Lock, Queue, Semaphore};

#[test]
fn whoever_is_cancelled_while_waiting_leaves_the_line_and_nothing_is_lost() {
    scenario("93-cancelled-waiters-leave-the-line", |l| {
        async fn user<T: Show>(name: &str, take: impl AsyncFn() -> Result<T>) -> Result<()> {
            match take().await {
                Err(Error::Cancelled) => {
                    say(format!("{name} cancelled"));
                    return Err(Error::Cancelled);
                }
                got => say(format!("{name} got it: {}", got?.show())),
            }
            Ok(())
        }
        async fn line<T: Show + 'static>(
            label: &str,
            take: impl AsyncFn() -> Result<T> + Clone + 'static,
            give: impl Fn(),
        ) -> Result<()> {
            say(format!("--- {label}"));
            let tasks = ["X", "Y", "Z"].map(|n| create_task(user(n, take.clone())));
            sleep(secs(1.0)).await?;
            tasks[0].cancel();
            sleep(secs(1.0)).await?;
            give();
            sleep(secs(1.0)).await?;
            give();
            wait(&tasks, None, ReturnWhen::AllCompleted).await?;
            say(items(&tasks.map(|t| outcome(&t))));
            Ok(())
        }
        async fn main() -> Result<()> {
            let (lock, sem) = (Lock::new(), Semaphore::new(0));
            let (event, queue) = (Event::new(), Queue::new(0));
            lock.acquire().await?;
            let taken = lock.clone();
            let take = async move || taken.acquire().await;
            line("lock", take, || lock.release().unwrap()).await?;
            let taken = sem.clone();
            let take = async move || taken.acquire().await;
            line("semaphore", take, || sem.release().unwrap()).await?;
            let taken = event.clone();
            let take = async move || taken.wait().await;
            line("event", take, || event.set()).await?;
            let taken = queue.clone();
            let take = async move || taken.get().await;
            line("queue", take, || queue.put_nowait("item").unwrap()).await
        }
        l.run_until_complete(main()).unwrap();
    });
}
