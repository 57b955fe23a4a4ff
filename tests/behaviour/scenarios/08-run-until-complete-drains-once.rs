use crate::kit::*;

#[test]
fn the_batch_that_ends_a_run_is_finished_and_what_it_queues_is_not_run() {
    scenario("08-run-until-complete-drains-once", |l| {
        fn queued(l: EventLoop, name: String, follow_up: bool) {
            say(format!("turn {}: {name}", l.turns()));
            if follow_up {
                let name = format!("{name} -> follow-up");
                l.clone().call_soon(|| queued(l, name, false));
            }
        }
        async fn main(l: EventLoop) -> Result<&'static str> {
            say(format!("turn {}: main starts", l.turns()));
            let [a, b, c] = [l.clone(), l.clone(), l.clone()];
            l.call_soon(|| queued(a, "queued by main".into(), true));
            l.call_later(secs(0.0), || queued(b, "timer due now".into(), true));
            l.call_later(secs(1.0), || queued(c, "timer due later".into(), true));
            say(format!("turn {}: main returns", l.turns()));
            Ok("result")
        }
        let value = l.run_until_complete(main(l.clone())).unwrap();
        say(format!("got {value}"));
        say("--- a later run picks up the leftovers");
        l.run_until_complete(sleep(secs(0.0))).unwrap();
        say("--- done; the timer was never waited for");
    });
}
