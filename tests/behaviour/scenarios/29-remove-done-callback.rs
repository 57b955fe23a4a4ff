use crate::kit::*;
use std::rc::Rc;

type Callback = Rc<dyn Fn(&FutureCell<()>)>;

#[test]
fn remove_done_callback_drops_all_copies_while_the_future_is_pending() {
    scenario("29-remove-done-callback", |l| {
        let fut = l.create_future();
        let red: Callback = Rc::new(|_| say("red"));
        let blue: Callback = Rc::new(|_| say("blue"));
        for cb in [&red, &blue, &red, &red, &blue] {
            fut.add_done_callback(cb.clone());
        }
        attempt("remove red", || fut.remove_done_callback(&red));
        attempt("remove red again", || fut.remove_done_callback(&red));
        fut.add_done_callback(red);
        fut.set_result(()).unwrap();
        attempt("remove blue after it is done", || {
            fut.remove_done_callback(&blue)
        });
        l.run_until_complete(fut).unwrap();
    });
}
