//! Blocking calls belong on other threads. Article: "Event Loops", and "Other Asynchronous Support".
//!
//! The call is made in a pool, and the loop goes on: see the ticks. Its result comes back through
//! the loop's mailbox. A thread of one's own can do the same with a setter.

mod support;
use send_none::{EventLoop, Result, create_task, sleep};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use support::{say, secs};

/// Blocks its thread until the ticker has ticked.
fn blocking_call(released: Receiver<u64>) -> u64 {
    released.recv().unwrap_or(0) * 2
}

async fn ticker(release: Sender<u64>) -> Result<()> {
    for _ in 0..3 {
        sleep(secs(1)).await?;
        say("tick, the loop is alive");
    }
    release.send(21)?;
    Ok(())
}

async fn program(event_loop: EventLoop) -> Result<()> {
    let (release, released) = channel();
    let _ticks = create_task(ticker(release));
    let answer = event_loop.run_in_executor(move || blocking_call(released));
    say(format!(
        "the call is made, its future is done: {}",
        answer.done()
    ));
    say(format!("the call returned {}", answer.await?));

    let panics = event_loop.run_in_executor(|| panic!("in the pool"));
    let error: Result<()> = panics.await;
    say(format!("a panic comes back as {error:?}"));

    let fut = event_loop.create_future();
    let setter = fut.threadsafe();
    let thread = thread::spawn(move || setter.set_result("a word from my own thread"));
    say(fut.await?);
    thread.join().expect("it does not panic")
}

fn main() -> Result<()> {
    // The one message of a panic that goes to stderr is expected here.
    std::panic::set_hook(Box::new(|_| ()));
    let event_loop = support::event_loop();
    event_loop.run_until_complete(program(event_loop.clone()))?;
    event_loop.close()
}
