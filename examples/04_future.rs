//! A future and its states. Article: "Futures".
//!
//! A future is a box for a result that will be there later. Asking too early is an error, at once:
//! there is no waiting here, and no timeout.

mod support;
use send_none::{FutureCell, Result};

fn tell(fut: &FutureCell<&str>) {
    println!("done: {}, cancelled: {}", fut.done(), fut.cancelled());
    match fut.result() {
        Ok(value) => println!("result: {value}"),
        Err(error) => println!("result: {error:?}"),
    }
}

fn main() -> Result<()> {
    let event_loop = support::event_loop();
    let fut = event_loop.create_future();
    support::say("a new future");
    tell(&fut);

    fut.set_result("Message for you, sir!")?;
    support::say("its result is set");
    tell(&fut);

    support::say("set once more");
    if let Err(error) = fut.set_result("another message") {
        println!("refused: {error:?}");
    }

    let fut = event_loop.create_future();
    fut.cancel();
    support::say("another one, cancelled");
    tell(&fut);
    Ok(())
}
