use crate::kit::*;
use std::collections::HashMap;

#[test]
fn a_cancelled_callback_never_runs_and_the_others_keep_their_order() {
    scenario("14-handle-cancel", |l| {
        let handles = shared(HashMap::<&str, Handle>::new());
        let keep = |name, handle| drop(handles.borrow_mut().insert(name, handle));
        let cancel = {
            let handles = handles.clone();
            move |name| handles.borrow()[name].cancel()
        };
        let cancel_in_the_batch = cancel.clone();
        let first = move || {
            say("first cancels third");
            cancel_in_the_batch("third");
            cancel_in_the_batch("third");
        };
        keep("first", l.call_soon(first));
        keep("second", l.call_soon(|| say("second")));
        keep("third", l.call_soon(|| say("third")));
        keep("fourth", l.call_soon(|| say("fourth")));
        keep("fifth", l.call_soon(|| say("fifth")));
        cancel("fourth");
        l.call_soon(stop(&l));
        l.run_forever().unwrap();
        cancel("second");
        say("cancelled after it ran, no complaint");
    });
}
