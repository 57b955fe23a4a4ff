//! Tasks that wait their turn. Article: "Conclusions".
//!
//! A lock holds across an `await`, where others run. A queue hands work from some tasks to others,
//! and has room for so much; whoever puts more has to wait.

mod support;
use send_none::sync::{Lock, Queue};
use send_none::{Result, create_task, gather, sleep};
use support::{say, secs};

async fn user(name: &str, lock: Lock) -> Result<()> {
    say(format!("{name} wants the lock, held: {}", lock.locked()));
    let _guard = lock.lock().await?;
    say(format!("{name} has it"));
    sleep(secs(2)).await?;
    say(format!("{name} gives it back"));
    Ok(())
}

async fn producer(queue: Queue<&'static str>) -> Result<()> {
    for item in ["apple", "pear", "plum", "fig"] {
        queue.put(item).await?;
        say(format!("put {item}, {} in the queue", queue.qsize()));
    }
    Ok(())
}

async fn consumer(queue: Queue<&'static str>) -> Result<()> {
    loop {
        let item = queue.get().await?;
        say(format!("got {item}"));
        sleep(secs(1)).await?;
        queue.task_done()?;
    }
}

fn main() -> Result<()> {
    support::event_loop().run_until_complete(async {
        let lock = Lock::new();
        gather(["A", "B", "C"].map(|name| user(name, lock.clone()))).await?;

        let queue = Queue::new(2);
        let worker = create_task(consumer(queue.clone()));
        producer(queue.clone()).await?;
        queue.join().await?;
        say("all of it is eaten");
        worker.cancel();
        let _cancelled = worker.await;
        Ok(())
    })
}
