use crate::kit::*;

#[test]
fn a_waiting_task_learns_of_its_cancellation_a_turn_later_and_its_waiters_the_turn_after() {
    scenario("57-cancel-a-waiting-task", |l| {
        async fn sleeper(fut: FutureCell<()>, turn: impl Fn() -> u64) -> Result<()> {
            let result = fut.await;
            if let Err(Error::Cancelled) = result {
                say(format!("turn {}: sleeper gets CancelledError", turn()));
            }
            result
        }
        async fn main(l: EventLoop) -> Result<()> {
            let base = shared(0);
            let turn = {
                let base = base.clone();
                move || turns() - *base.borrow()
            };
            let fut = l.create_future();
            let task = l.create_task(sleeper(fut.clone(), turn.clone()));
            sleep(secs(1.0)).await?;
            *base.borrow_mut() = turns();
            say(format!("turn 0: cancel says {}", yn(task.cancel())));
            let (state, future) = (outcome(&task), outcome(&fut));
            say(format!("turn 0: task {state}, its future {future}"));
            if let Err(Error::Cancelled) = (&task).await {
                say(format!("turn {}: main gets CancelledError", turn()));
            }
            say(format!("task {}", outcome(&task)));
            attempt("result", || task.result());
            attempt("cancel again", || task.cancel());
            Ok(())
        }
        l.run_until_complete(main(l.clone())).unwrap();
    });
}
