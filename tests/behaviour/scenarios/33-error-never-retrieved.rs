use crate::kit::*;

#[test]
fn an_error_that_nobody_looked_at_is_reported_when_the_future_goes_away() {
    scenario("33-error-never-retrieved", |l| {
        report_errors(&l);
        async fn fails() -> Result<()> {
            ValueError::raise("from a task")
        }
        async fn awaits(fut: FutureCell<()>) -> Result<()> {
            match fut.await {
                Err(exc) if exc.downcast_ref::<ValueError>().is_some() => Ok(()),
                result => result,
            }
        }
        let drop_it = |label: &str, look: &dyn Fn(&FutureCell<()>)| {
            let fut = l.create_future();
            fut.set_exception(ValueError("from a future".into()))
                .unwrap();
            say(label);
            look(&fut);
        };

        drop_it("nobody looks", &|_| ());
        drop_it("exception() looked", &|f| drop(f.exception()));
        drop_it("awaited", &|f| {
            l.run_until_complete(awaits(f.clone())).unwrap()
        });
        drop_it("asked only if done", &|f| assert!(f.done()));
        say("a task nobody looks at");
        let task = l.create_task(fails());
        l.run_until_complete(sleep(secs(1.0))).unwrap();
        drop(task);
        say("end");
    });
}
