use crate::kit::*;

#[test]
fn a_future_is_settled_only_once() {
    scenario("24-future-settles-only-once", |l| {
        let state_error = |label: String, result: Result<()>| {
            if let Err(error @ Error::InvalidState(_)) = result {
                say(format!("{label} -> raises {}", error.kind()));
            }
        };
        let make = |how: fn(&FutureCell<i32>)| {
            let fut = l.create_future();
            how(&fut);
            fut
        };
        for (name, fut) in [
            ("has result", make(|f| f.set_result(1).unwrap())),
            (
                "has error",
                make(|f| f.set_exception(ValueError("e".into())).unwrap()),
            ),
            ("cancelled", make(|f| assert!(f.cancel()))),
        ] {
            state_error(format!("{name}: set_result"), fut.set_result(2));
            let other = KeyError("k".into());
            state_error(format!("{name}: set_exception"), fut.set_exception(other));
            attempt(&format!("{name}: cancel"), || fut.cancel());
            say(format!("{name}: still {}", outcome(&fut)));
        }
    });
}
