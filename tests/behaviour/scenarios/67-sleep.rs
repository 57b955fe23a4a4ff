use crate::kit::*;
use std::sync::mpsc;
use std::thread;

#[test]
fn a_cancelled_sleep_withdraws_its_timer_and_sleeps_in_tasks_overlap() {
    scenario("67-sleep", |l| {
        async fn nap(name: &str, delay: f64) -> Result<()> {
            let value = sleep_with(secs(delay), format!("{name} slept")).await?;
            say(value);
            Ok(())
        }
        async fn main() -> Result<()> {
            nap("first", 2.0).await?;
            nap("second", 3.0).await?;
            let a = create_task(nap("A", 4.0));
            let b = create_task(nap("B", 1.0));
            let c = create_task(nap("C", 500.0));
            nap("none", 0.0).await?;
            gather([a, b]).await?;
            c.cancel();
            gather_results([&c]).await?;
            say(format!("C {}", outcome(&c)));
            Ok(())
        }
        l.run_until_complete(main()).unwrap();

        let (asleep, sleeps) = mpsc::channel();
        l.observe(move |_, event: &LoopEvent| {
            if matches!(event, LoopEvent::Asleep { .. }) {
                let _ = asleep.send(());
            }
        });
        let handle = l.threadsafe();
        let pause = thread::spawn(move || {
            sleeps.recv().unwrap();
            handle.call_soon(|| get_event_loop().unwrap().stop())
        });
        l.run_forever().unwrap();
        say("waited for a thread meanwhile: the timer of C is gone, no jump to t=505");
        pause.join().unwrap().unwrap();
    });
}
