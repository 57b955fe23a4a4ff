use crate::kit::*;
use std::pin::Pin;

struct Parcel;

impl IntoFuture for Parcel {
    type Output = Result<&'static str>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<&'static str>>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async {
            yield_now().await?;
            Ok("from a box")
        })
    }
}

#[test]
fn a_future_or_task_is_used_as_it_is_and_all_else_becomes_a_task() {
    scenario("56-wrapping", |l| {
        async fn coro() -> Result<&'static str> {
            Ok("from a coroutine")
        }

        let fut = l.create_future();
        say(format!(
            "future is used as it is: {}",
            yn(ensure_future(&fut) == fut)
        ));
        let task = ensure_future(coro());
        say(format!(
            "coroutine becomes a task: {}",
            yn(all_tasks(&l).len() == 1)
        ));
        say(format!(
            "task is used as it is: {}",
            yn(ensure_future(&task) == task)
        ));
        say(l.run_until_complete(task).unwrap());
        say(l.run_until_complete(Parcel).unwrap());
        fut.set_result("from a future").unwrap();
        say(l.run_until_complete(fut).unwrap());
        leave_out("t=0 run a number: TypeError", "does not compile");
        leave_out("t=0 wrap a number: TypeError", "does not compile");
    });
}
