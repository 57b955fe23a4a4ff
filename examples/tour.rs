//! The whole story on one screen: a coroutine sent by hand, then the same one in a task.
//!
//! In the second part nothing is told by the program but the two lines of the coroutine. All the
//! rest is what the loop tells whoever watches it: the time, a lane for each task, and what happens.

mod support;
use send_none::{Coroutine, FutureCell, Recorder, Result, Step, Suspended, say};
use std::time::Duration;

async fn pass_on_result(fut: FutureCell<&str>) -> Result<&str> {
    say!("{:>24}| the coroutine runs, and awaits fut", "");
    let result = fut.await?;
    say!("{:>24}| the coroutine resumes, with {result:?}", "");
    Ok(result)
}

fn by_hand(fut: FutureCell<&'static str>) -> Result<()> {
    println!("1. By hand. No loop runs.\n");
    println!("  a coroutine is made: nothing of it runs");
    let mut coro = Coroutine::new(pass_on_result(fut.clone()));
    println!("  coro.send(None)");
    let Step::Suspended(Suspended::On(result)) = coro.send(None) else {
        return Ok(());
    };
    println!(
        "    -> suspended on {result:?}; is it fut? {}",
        result.is(&fut)
    );
    println!("  fut.set_result(…): nothing runs");
    fut.set_result("my result")?;
    println!("  coro.send(None)");
    let Step::Returned(result) = coro.send(None) else {
        return Ok(());
    };
    println!("    -> returned {result:?}\n");
    Ok(())
}

fn main() -> Result<()> {
    let event_loop = support::event_loop();
    by_hand(event_loop.create_future())?;

    println!("2. In a task, on a loop. A timer will settle fut at t=20.\n");
    event_loop.observe(Recorder::new().to_stdout());
    let fut = event_loop.create_future();
    let setter = fut.clone();
    event_loop.call_later(Duration::from_secs(20), move || {
        setter.set_result("my result")
    });
    let task = event_loop.create_task(pass_on_result(fut));
    let result = event_loop.run_until_complete(task)?;
    println!("  run_until_complete gives {result:?}");
    event_loop.close()?;
    println!("\nNext: the source, from src/handle.rs on; or `cargo run --example 01_tick_tock`.");
    Ok(())
}
