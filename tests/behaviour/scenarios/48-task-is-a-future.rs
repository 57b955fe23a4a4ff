use crate::kit::*;

#[test]
fn a_task_is_a_future_whose_outcome_only_its_coroutine_can_set() {
    scenario("48-task-is-a-future", |l| {
        async fn job() -> Result<&'static str> {
            sleep(secs(3.0)).await?;
            Ok("value")
        }
        async fn waiter(name: &str, fut: impl Future<Output = Result<&str>>) -> Result<()> {
            say(format!("{name} got {}", fut.await?));
            Ok(())
        }
        async fn main() -> Result<()> {
            let task = create_task(job());
            let is_future = ensure_future(&task) == *task;
            say(format!(
                "is a future: {}, state {}",
                yn(is_future),
                outcome(&task)
            ));
            task.add_done_callback(|t: &FutureCell<_>| say(format!("callback: {}", outcome(t))));
            gather([waiter("one", task.clone()), waiter("two", task.clone())]).await?;
            say(format!("awaited again: {}", (&task).await?));
            say(format!("result: {}", task.result()?));
            Ok(())
        }

        l.run_until_complete(main()).unwrap();
        let task = l.create_task(job());
        attempt("set_result on a task", || task.set_result("1"));
        attempt("set_exception on a task", || {
            task.set_exception(ValueError("x".into()))
        });
        say(l.run_until_complete(task).unwrap());
    });
}
