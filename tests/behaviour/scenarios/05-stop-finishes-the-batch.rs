use crate::kit::*;

#[test]
fn stop_lets_the_batch_finish_and_leaves_what_it_queues_for_the_next_run() {
    scenario("05-stop-finishes-the-batch", |l| {
        let before = {
            let l = l.clone();
            move || {
                say("before: queues early");
                l.call_soon(|| say("early"));
            }
        };
        let stopper = {
            let l = l.clone();
            move || {
                say("stopper: calls stop, queues late");
                l.stop();
                l.call_soon(|| say("late"));
            }
        };
        l.call_soon(before);
        l.call_soon(stopper);
        l.call_soon(|| say("after stop, same batch"));
        l.run_forever().unwrap();
        say("--- returned; run again");
        l.call_soon(stop(&l));
        l.run_forever().unwrap();
        say("--- returned");
    });
}
