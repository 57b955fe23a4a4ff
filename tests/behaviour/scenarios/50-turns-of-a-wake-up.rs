use crate::kit::*;

type Text = Result<&'static str>;

#[test]
fn each_task_in_a_chain_of_awaiting_tasks_adds_exactly_one_turn() {
    scenario("50-turns-of-a-wake-up", |l| {
        async fn base(fut: FutureCell<&'static str>) -> Text {
            let value = fut.await?;
            say(format!("turn {}: base resumes", turns()));
            Ok(value)
        }
        async fn above(name: &str, inner: impl Future<Output = Text>) -> Text {
            let value = inner.await?;
            say(format!("turn {}: {name} resumes", turns()));
            Ok(value)
        }
        fn settle(fut: FutureCell<&'static str>) -> Result<()> {
            say(format!("turn {}: future settled", turns()));
            fut.set_result("v")
        }

        let fut = l.create_future();
        let t1 = l.create_task(above("nested coroutine", base(fut.clone())));
        let t2 = l.create_task(above("task two", t1));
        let t3 = l.create_task(above("task three", t2));
        l.call_later(secs(1.0), || settle(fut));
        l.run_until_complete(t3).unwrap();
        say(format!("turn {}: run returned", turns()));
    });
}
