use crate::kit::*;

#[test]
fn a_task_is_cancelled_by_its_own_error_and_by_that_of_the_future_it_awaits() {
    scenario("60-cancelled-without-being-asked", |l| {
        type Text = Result<&'static str>;

        async fn gives_up() -> Text {
            Err(Error::Cancelled)
        }
        async fn waits(fut: impl Future<Output = Text>) -> Text {
            fut.await
        }
        async fn survives(fut: FutureCell<&'static str>) -> Text {
            match fut.await {
                Err(Error::Cancelled) => Ok("survived"),
                result => result,
            }
        }
        async fn main(l: EventLoop) -> Result<()> {
            let fut = l.create_future();
            let tasks = [
                l.create_task(gives_up()),
                l.create_task(waits(fut.clone())),
                l.create_task(waits(waits(fut.clone()))),
                l.create_task(survives(fut.clone())),
            ];
            l.call_later(secs(2.0), move || fut.cancel());
            wait(&tasks, None, ReturnWhen::AllCompleted).await?;
            for t in &tasks {
                say(format!("done {}, {}", yn(t.done()), outcome(t)));
            }
            Ok(())
        }
        l.run_until_complete(main(l.clone())).unwrap();
    });
}
