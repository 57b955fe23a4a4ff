use crate::kit::*;

#[test]
fn a_panic_in_the_task_that_is_run_leaves_the_run_and_the_loop_is_not_damaged() {
    scenario("16-exit-request-escapes-the-loop", |l| {
        // A panic in a callback goes to the exception handler. The one that leaves the run is the
        // panic of the task given to it, so here that is what an interrupt is made of.
        async fn interrupt() -> Result<()> {
            say("interrupt");
            panic!("KeyboardInterrupt")
        }
        async fn quits() -> Result<()> {
            say("task quits");
            panic!("SystemExit: 3")
        }
        l.call_soon(|| say("one"));
        let task = l.create_task(interrupt());
        l.call_soon(|| say("two"));
        attempt("run", || l.run_until_complete(&task));
        say(format!("running: {}", yn(l.is_running())));
        let task = l.create_task(quits());
        attempt("run with a quitting task", || l.run_until_complete(&task));
        let Some(Error::Panicked(text)) = task.exception().unwrap() else {
            panic!("{task:?}")
        };
        let kind = text.split(':').next().unwrap();
        let done = yn(task.done());
        say(format!("the task is done: {done}, holds {kind}"));
        l.call_soon(|| say("three"));
        l.call_soon(stop(&l));
        l.run_forever().unwrap();
    });
}
