//! Catching more than one means to. Article: "Exception Handling Pitfall".
//!
//! In Python 3.5 a cancellation was an ordinary exception, and `except Exception` swallowed it.
//! Here it is an ordinary `Err`, and `Err(_)` swallows it just so. The cure is to name it first.

mod support;
use send_none::{Error, FutureCell, Result};
use support::{say, secs};

async fn catch_errors(awaitable: FutureCell<i32>) -> Result<Option<i32>> {
    match awaitable.await {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            say(format!("We caught {error:?}"));
            Ok(None)
        }
    }
}

async fn catch_all_but_cancelled(awaitable: FutureCell<i32>) -> Result<Option<i32>> {
    match awaitable.await {
        Ok(value) => Ok(Some(value)),
        Err(Error::Cancelled) => Err(Error::Cancelled),
        Err(error) => {
            say(format!("We caught {error:?}"));
            Ok(None)
        }
    }
}

fn main() -> Result<()> {
    let event_loop = support::event_loop();
    let cancelled_later = || {
        let fut = event_loop.create_future();
        let cancel = fut.clone();
        event_loop.call_later(secs(20), move || cancel.cancel());
        fut
    };
    let result = event_loop.run_until_complete(catch_errors(cancelled_later()));
    say(format!("swallowed: {result:?}"));
    let result = event_loop.run_until_complete(catch_all_but_cancelled(cancelled_later()));
    say(format!("let through: {result:?}"));
    Ok(())
}
