use crate::kit::*;

#[test]
fn making_a_task_queues_its_first_step_like_any_callback() {
    scenario("46-task-starts-on-the-next-turn", |l| {
        async fn job(name: &str) -> Result<()> {
            say(format!("turn {}: {name} starts", turns()));
            sleep(secs(0.0)).await?;
            say(format!("turn {}: {name} ends", turns()));
            Ok(())
        }
        async fn main(l: EventLoop) -> Result<()> {
            say(format!("turn {}: main makes two tasks", turns()));
            let a = l.create_task(job("A"));
            l.call_soon(|| say("plain callback"));
            let b = l.create_task(job("B"));
            say(format!("made, states: {}, {}", outcome(&a), outcome(&b)));
            job("direct call").await?;
            say(format!(
                "turn {}: states: {}, {}",
                turns(),
                outcome(&a),
                outcome(&b)
            ));
            Ok(())
        }
        l.run_until_complete(main(l.clone())).unwrap();
    });
}
