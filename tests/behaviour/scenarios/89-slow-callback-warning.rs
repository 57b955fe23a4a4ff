use crate::kit::*;

#[test]
fn a_step_that_takes_too_long_is_reported_in_debug_mode() {
    scenario("89-slow-callback-warning", |l| {
        // What Python writes to its log goes to the exception handler here.
        l.set_exception_handler(|_, context| {
            say(format!("log warning: {}", clean(&context.message)));
        });
        let blocks = |seconds: f64| {
            let l = l.clone();
            move || l.block(secs(seconds))
        };
        async fn slow_task() -> Result<()> {
            let l = get_event_loop()?;
            l.block(secs(2.0));
            sleep(secs(1.0)).await?;
            l.block(secs(0.25));
            sleep(secs(0.0)).await
        }
        let run = |debug: bool| {
            say(format!("debug {}", yn(debug)));
            l.set_debug(debug);
            l.call_soon(blocks(0.0625));
            l.call_soon(blocks(0.5));
            l.run_until_complete(slow_task()).unwrap();
        };

        run(false);
        run(true);
        l.set_slow_callback_duration(secs(1.0));
        say("limit now 1 s");
        run(true);
    });
}
