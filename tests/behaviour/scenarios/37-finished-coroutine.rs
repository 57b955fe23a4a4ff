use crate::kit::*;

#[test]
fn a_coroutine_that_has_finished_cannot_be_used_again() {
    scenario("37-finished-coroutine", |l| {
        async fn answer() -> Result<i32> {
            Ok(42)
        }
        async fn fails() -> Result<()> {
            ValueError::raise("bad")
        }

        let mut coro = Coroutine::new(answer());
        attempt("first step", || coro.send(None));
        attempt("second step", || coro.send(None));
        attempt("throw", || coro.throw(ValueError("late".into())));
        attempt("close", || coro.close());
        let mut bad = Coroutine::new(fails());
        attempt("failing step", || bad.send(None));
        attempt("step after failure", || bad.send(None));

        async fn nap() -> Result<()> {
            sleep(secs(1.0)).await
        }
        async fn wait_on(c: impl Future<Output = Result<()>>) -> Result<()> {
            c.await
        }
        async fn main() -> Result<()> {
            let shared = nap();
            let one = create_task(wait_on(shared));
            let two = "t=1 two: error RuntimeError: coroutine is being awaited already";
            leave_out(two, "does not compile: `shared` was moved into `one`");
            (&one).await?;
            say(format!("one: {}", outcome(&one)));
            Ok(())
        }
        l.run_until_complete(main()).unwrap();
    });
}
