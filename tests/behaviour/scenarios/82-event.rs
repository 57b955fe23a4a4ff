use crate::kit::*;
use send_none::sync::Event;

#[test]
fn setting_an_event_wakes_all_and_clearing_it_does_not_call_them_back() {
    scenario("82-event", |l| {
        async fn waiter(name: &str, event: Event) -> Result<()> {
            say(format!("turn {}: {name} waits", turns()));
            event.wait().await?;
            let (turn, set) = (turns(), yn(event.is_set()));
            say(format!("turn {turn}: {name} goes on, set: {set}"));
            Ok(())
        }
        async fn main() -> Result<()> {
            let event = Event::new();
            let task = |n| create_task(waiter(n, event.clone()));
            let mut tasks = ["A", "B", "C"].map(task).to_vec();
            sleep(secs(1.0)).await?;
            event.set();
            event.set();
            waiter("main, already set", event.clone()).await?;
            event.clear();
            say("cleared before A, B, C ran");
            tasks.push(task("D"));
            sleep(secs(1.0)).await?;
            let outcomes: Vec<_> = tasks.iter().map(|t| outcome(t)).collect();
            say(format!("now: {}", items(&outcomes)));
            event.set();
            (&tasks[3]).await
        }
        l.run_until_complete(main()).unwrap();
    });
}
