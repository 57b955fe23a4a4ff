use crate::kit::*;
use std::cell::Cell;
use std::rc::Rc;

#[test]
fn waiters_and_callbacks_of_a_future_have_their_turn_in_the_order_they_came() {
    scenario("51-many-waiters-fifo", |l| {
        let base = Rc::new(Cell::new(0));
        let fut = l.create_future();
        let waiter = |(name, delay)| {
            let (base, fut) = (base.clone(), fut.clone());
            l.create_task(async move {
                sleep(secs(delay)).await?;
                say(format!("{name} waits"));
                let value = fut.await?;
                say(format!("turn {}: {name} got {value}", turns() - base.get()));
                Ok(())
            })
        };
        let settle = |base: Rc<Cell<u64>>, fut: FutureCell<&'static str>| {
            base.set(turns());
            say("turn 0: settled");
            fut.set_result("it")
        };

        let tasks = [("W1", 3.0), ("W2", 1.0), ("W3", 2.0), ("W4", 9.0)].map(waiter);
        let (called, settled, now) = (fut.clone(), fut.clone(), base.clone());
        let plain = |_: &FutureCell<_>| say("plain callback");
        l.call_at(secs(2.5), move || called.add_done_callback(plain));
        l.call_at(secs(5.0), move || settle(now, settled));
        l.run_until_complete(gather(&tasks[..3])).unwrap();
        base.set(turns());
        l.run_until_complete(&tasks[3]).unwrap();
    });
}
