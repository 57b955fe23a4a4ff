use crate::kit::*;

#[test]
fn a_cancellation_goes_to_the_innermost_task_and_comes_up_unless_that_refuses() {
    scenario("63-cancel-goes-to-the-innermost", |l| {
        async fn bottom(refuse: bool) -> Result<&'static str> {
            let result = sleep_with(secs(10.0), "slept").await;
            if let Err(Error::Cancelled) = result {
                say("bottom gets CancelledError");
                if refuse {
                    return Ok("refused");
                }
            }
            result
        }
        async fn above(name: &str, inner: Task<&'static str>) -> Result<&'static str> {
            let result = inner.await;
            if let Err(Error::Cancelled) = result {
                say(format!("{name} gets CancelledError"));
            }
            result
        }
        async fn main(refuse: bool) -> Result<()> {
            let t1 = create_task(bottom(refuse));
            let t2 = create_task(above("middle", t1.clone()));
            let t3 = create_task(above("top", t2.clone()));
            sleep(secs(1.0)).await?;
            say(format!("cancel top: {}", yn(t3.cancel())));
            wait([&t3], None, ReturnWhen::AllCompleted).await?;
            say(items(&[t1, t2, t3].map(|t| outcome(&t))));
            Ok(())
        }
        l.run_until_complete(main(false)).unwrap();
        l.run_until_complete(main(true)).unwrap();
    });
}
