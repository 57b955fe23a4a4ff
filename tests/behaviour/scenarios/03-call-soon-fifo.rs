use crate::kit::*;

#[test]
fn immediate_callbacks_run_first_in_first_out() {
    scenario("03-call-soon-fifo", |l| {
        let show = |args: Vec<&'static str>| move || say(format!("show {}", items(&args)));
        for name in ["a", "b", "c"] {
            l.call_soon(show(vec![name]));
        }
        l.call_soon(show(vec![]));
        l.call_soon(show(vec!["a"]));
        l.call_soon(show(vec!["1", "2"]));
        let stopper = l.clone();
        l.call_soon(move || stopper.stop());
        l.run_forever().unwrap();
    });
}
