//! Cancelling, Python's way and Rust's way. Article: "Coroutines", last paragraph.
//!
//! `cancel` asks: an error comes out of the `await`, and the coroutine may close what it has open,
//! may wait for that, may even refuse. `abort` does not ask: the coroutine is dropped where it
//! stands, and all it can do is what its values do when they are dropped.

mod support;
use send_none::{Error, Result, Task, create_task, sleep};
use support::{say, secs};

struct Connection(&'static str);

impl Drop for Connection {
    fn drop(&mut self) {
        say(format!("{}: connection dropped", self.0));
    }
}

async fn server(name: &'static str) -> Result<()> {
    let _connection = Connection(name);
    say(format!("{name}: up"));
    let cancelled = sleep(secs(100)).await;
    if let Err(Error::Cancelled) = cancelled {
        say(format!("{name}: asked to stop, says goodbye first"));
        sleep(secs(3)).await?;
        say(format!("{name}: said goodbye"));
    }
    cancelled
}

async fn tell_the_end(task: Task<()>) -> Result<()> {
    let end = (&task).await;
    say(format!(
        "the end of it: {end:?}, cancelled: {}",
        task.cancelled()
    ));
    Ok(())
}

fn main() -> Result<()> {
    support::event_loop().run_until_complete(async {
        let asked = create_task(server("asked"));
        sleep(secs(10)).await?;
        say(format!("cancel() says {}", asked.cancel()));
        tell_the_end(asked).await?;

        let dropped = create_task(server("dropped"));
        sleep(secs(10)).await?;
        dropped.abort();
        say("abort()");
        tell_the_end(dropped).await
    })
}
