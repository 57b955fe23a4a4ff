use crate::kit::*;

#[test]
fn a_task_that_is_dropped_while_pending_is_reported() {
    scenario("90-pending-task-destroyed", |l| {
        report_errors(&l);
        let cleaned = shared(0);
        let waits = || {
            let cleaned = cleaned.clone();
            async move {
                let _finally = Finally(|| *cleaned.borrow_mut() += 1);
                let fut = get_event_loop()?.create_future::<()>(); // known to nobody else
                fut.await
            }
        };
        let parts = || say(format!("clean-up parts run so far: {}", cleaned.borrow()));

        // Here a task belongs to its loop: it is dropped when that is closed, and not before.
        let one = EventLoop::with_virtual_clock();
        report_errors(&one);
        let task = one.create_task(waits());
        one.run_until_complete(sleep(secs(1.0))).unwrap();
        l.run_until_complete(sleep(secs(1.0))).unwrap();
        say(format!("dropping a task that is {}", outcome(&task)));
        drop((task, one));
        parts();

        let task = l.create_task(waits());
        l.run_until_complete(sleep(secs(1.0))).unwrap();
        say(format!("dropping a task that is {}", outcome(&task)));
        task.cancel();
        l.run_until_complete(sleep(secs(1.0))).unwrap();
        say(format!("now {}", outcome(&task)));
        parts();

        say("--- pending task of an interrupted run");
        l.call_later(secs(1.0), stop(&l));
        attempt("run", || l.run_until_complete(waits()));
        l.close().unwrap();
        parts();
    });
}
