use crate::kit::*;

#[test]
fn an_error_in_a_callback_is_reported_and_the_loop_goes_on() {
    scenario("15-callback-error-goes-to-handler", |l| {
        fn boom() -> Result<()> {
            say("boom runs");
            ValueError::raise("went wrong")
        }
        report_errors(&l);
        l.call_soon(boom);
        l.call_later(secs(1.0), boom);
        l.call_soon(|| say("next callback"));
        l.call_later(secs(1.0), || say("next timer"));
        l.call_later(secs(2.0), stop(&l));
        l.run_forever().unwrap();
        say("without a custom handler the report is logged as an error:");
        l.clear_exception_handler();
        l.call_soon(boom);
        l.call_soon(stop(&l));
        l.run_forever().unwrap();
        let log = "t=2 log error: Exception in callback";
        leave_out(log, "here the report is printed to stderr");
    });
}
