use crate::kit::*;

#[test]
fn tasks_that_sleep_zero_seconds_take_strict_turns() {
    scenario("47-bare-yield-fairness", |l| {
        async fn polite(name: &'static str, rounds: u32) -> Result<&'static str> {
            for i in 0..rounds {
                say(format!("turn {}: {name}{i}", turns()));
                sleep(secs(0.0)).await?;
            }
            Ok(name)
        }
        fn ticker(l: EventLoop, left: u32) {
            say(format!("turn {}: callback", turns()));
            if left > 0 {
                l.clone().call_soon(move || ticker(l, left - 1));
            }
        }

        let inside = l.clone();
        l.call_soon(|| ticker(inside, 2));
        let all_of_them = gather([polite("A", 3), polite("B", 2), polite("C", 4)]);
        say(items(&l.run_until_complete(all_of_them).unwrap()));
    });
}
