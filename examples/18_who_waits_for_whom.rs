//! Why does my program hang?
//!
//! A snapshot prints who waits for whom. A circle is refused when it closes. And a loop that would
//! sleep for ever says so, and shows the same tree.

mod support;
use send_none::sync::{Lock, Queue};
use send_none::{EventLoop, Result, Task, create_task, gather, gather_results, sleep};
use support::{say, secs};

/// Each takes one lock, and then wants the one that the other has.
async fn dinner(event_loop: EventLoop) -> Result<()> {
    let (fork, knife) = (Lock::new(), Lock::new());
    let eat = async |first: Lock, second: Lock| {
        let _first = first.lock().await?;
        sleep(secs(1)).await?;
        let _second = second.lock().await?;
        Ok(())
    };
    let left = create_task(eat(fork.clone(), knife.clone()));
    let right = create_task(eat(knife, fork));
    left.set_name("left");
    right.set_name("right");
    sleep(secs(2)).await?;
    say(format!("a snapshot:\n{}", event_loop.snapshot()));
    gather([left, right]).await?;
    Ok(())
}

async fn circle() -> Result<()> {
    let queue = Queue::<Task<()>>::new(0);
    let other = queue.clone();
    let first = create_task(async move { other.get().await?.await });
    let waits_for = first.clone();
    let second = create_task(waits_for);
    queue.put_nowait(second.clone())?; // so the first one will wait for the second one
    let ends = gather_results([first, second]).await?;
    say(format!("a circle: {:?}", ends[0]));
    Ok(())
}

fn main() -> Result<()> {
    let event_loop = support::event_loop();
    event_loop.run_until_complete(circle())?;
    let end = event_loop.run_until_complete(dinner(event_loop.clone()));
    say(format!("the end: {end:?}"));
    // The tasks that hang are still there. Dropping them is reported, but that is not the point here.
    event_loop.set_exception_handler(|_, _| ());
    event_loop.close()
}
