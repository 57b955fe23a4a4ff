use crate::kit::*;
use send_none::sync::{BoundedSemaphore, Semaphore};

#[test]
fn a_semaphore_lets_in_as_many_as_its_counter_says() {
    scenario("84-semaphore", |l| {
        leave_out(
            "t=5.5 negative -> raises ValueError: Semaphore initial value must be >= 0",
            "a negative start does not compile",
        );

        async fn user(name: &str, sem: Semaphore, hold: f64) -> Result<()> {
            async_with(sem, async |()| {
                say(format!("{name} in"));
                sleep(secs(hold)).await?;
                say(format!("{name} out"));
                Ok(())
            })
            .await?;
            Ok(())
        }
        async fn main() -> Result<()> {
            let sem = Semaphore::new(2);
            let users = [("A", 3.0), ("B", 1.0), ("C", 4.0), ("D", 1.5), ("E", 1.0)];
            gather(users.map(|(n, h)| user(n, sem.clone(), h))).await?;
            say(format!("locked: {}", yn(sem.locked())));
            sem.release()?;
            for _ in 0..3 {
                sem.acquire().await?;
            }
            let locked = yn(sem.locked());
            say(format!("three in after an extra release, locked: {locked}"));
            let bounded = BoundedSemaphore::new(1);
            attempt("bounded release", || bounded.release());
            Ok(())
        }
        l.run_until_complete(main()).unwrap();
    });
}
