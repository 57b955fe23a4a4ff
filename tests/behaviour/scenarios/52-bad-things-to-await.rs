use crate::kit::*;

#[test]
fn awaiting_itself_or_a_future_of_another_loop_is_an_error_thrown_in_there() {
    scenario("52-bad-things-to-await", |l| {
        async fn main<A>(name: &str, awaitable: A) -> Result<String>
        where
            A: Future<Output = Result<String>>,
        {
            match awaitable.await {
                Err(exc) if exc.kind() == "RuntimeError" => say(format!("{name}: {}", err(&exc))),
                result => drop(result?),
            }
            Ok(format!("{name} goes on"))
        }

        for line in [
            "t=0 number: RuntimeError: Task got bad yield: 42",
            "t=0 number goes on",
            "t=0 future without the mark: RuntimeError: yield was used instead of yield from \
             in task <...>",
            "t=0 future without the mark goes on",
        ] {
            leave_out(line, "Pending carries no value, so none that could be bad");
        }

        let other = EventLoop::with_virtual_clock();
        let awaitable = main("other loop", other.create_future());
        say(l.run_until_complete(awaitable).unwrap());

        let task = shared(None::<Task<String>>);
        let itself = task.clone();
        let selfish = async move {
            sleep(secs(0.0)).await?;
            let task = itself.take().unwrap();
            main("itself", task).await
        };
        *task.borrow_mut() = Some(l.create_task(selfish));
        let task = task.borrow().clone().unwrap();
        say(l.run_until_complete(task).unwrap());
    });
}
