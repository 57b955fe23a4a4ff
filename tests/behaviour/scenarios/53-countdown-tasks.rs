use crate::kit::*;
use std::mem::swap;

#[test]
fn the_countdown_of_two_tasks_ends_with_one_cancelling_the_other() {
    scenario("53-countdown-tasks", |l| {
        async fn metronome() -> Result<()> {
            let (mut now, mut other) = ("TICK", "TOCK");
            loop {
                say(now);
                swap(&mut now, &mut other);
                sleep(secs(1.0)).await?;
            }
        }
        async fn countdown(l: EventLoop, mut left: u32) -> Result<()> {
            while left > 0 {
                say(format!("Countdown: {left}"));
                let step = if left > 5 { 5 } else { 1 };
                sleep(secs(step.into())).await?;
                left -= step;
            }
            say("Exiting loop");
            for task in all_tasks(&l) {
                if Some(&task) != current_task().as_ref() {
                    say(format!("cancelling the other task: {}", yn(task.cancel())));
                }
            }
            Ok(())
        }

        let background = l.create_task(metronome());
        l.run_until_complete(countdown(l.clone(), 30)).unwrap();
        say(format!("background task: {}", outcome(&background)));
    });
}
