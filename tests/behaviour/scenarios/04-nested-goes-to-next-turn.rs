use crate::kit::*;

#[test]
fn what_a_turn_queues_runs_in_the_next_one() {
    scenario("04-nested-goes-to-next-turn", |l| {
        fn parent(l: EventLoop, name: &'static str) {
            say(format!("turn {}: {name}", l.turns()));
            for i in [1, 2] {
                let inside = l.clone();
                l.call_soon(move || child(inside, format!("{name}.{i}")));
            }
        }
        fn child(l: EventLoop, name: String) {
            say(format!("turn {}: {name}", l.turns()));
            if name == "A.1" {
                let inside = l.clone();
                l.call_soon(|| child(inside, "A.1.x".into()));
                l.call_soon(stop(&l));
            }
        }
        for name in ["A", "B"] {
            let inside = l.clone();
            l.call_soon(move || parent(inside, name));
        }
        l.run_forever().unwrap();
    });
}
