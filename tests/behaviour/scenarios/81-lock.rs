use crate::kit::*;
use send_none::sync::Lock;

#[test]
fn a_lock_is_given_to_its_waiters_in_order_of_arrival() {
    scenario("81-lock", |l| {
        async fn user(name: &str, lock: Lock, arrive: f64, hold: f64) -> Result<()> {
            sleep(secs(arrive)).await?;
            say(format!("{name} wants it, locked: {}", yn(lock.locked())));
            async_with(&lock, async |()| {
                say(format!("{name} has it"));
                sleep(secs(hold)).await?;
                say(format!("{name} releases"));
                Ok(())
            })
            .await?;
            Ok(())
        }
        async fn fails(lock: &Lock) -> Result<()> {
            async_with(lock, async |()| ValueError::raise::<()>("inside")).await?;
            Ok(())
        }
        async fn main() -> Result<()> {
            let lock = Lock::new();
            let users = [
                ("A", 0.0, 5.0),
                ("B", 2.0, 1.0),
                ("C", 1.0, 1.0),
                ("D", 5.5, 1.0),
            ];
            gather(users.map(|(n, arrive, hold)| user(n, lock.clone(), arrive, hold))).await?;
            if fails(&lock).await.is_err() {
                say(format!("after an error, locked: {}", yn(lock.locked())));
            }
            attempt("release when unlocked", || lock.release());
            Ok(())
        }
        l.run_until_complete(main()).unwrap();
    });
}
