//! What a blocking call does to everybody else. Article: "Other Asynchronous Support".
//!
//! A task ticks each second. Another one blocks for five: look at the gap. Debug mode says who it
//! was, how long it took, and in which line of the source that task was made.

mod support;
use send_none::{Result, create_task, get_event_loop, sleep};
use support::{say, secs};

async fn ticker() -> Result<()> {
    for _ in 0..8 {
        say("tick");
        sleep(secs(1)).await?;
    }
    Ok(())
}

async fn careless() -> Result<()> {
    sleep(secs(2)).await?;
    say("reading a large file, the blocking way");
    get_event_loop()?.block(secs(5));
    say("done reading");
    Ok(())
}

fn main() -> Result<()> {
    let event_loop = support::event_loop();
    event_loop.set_debug(true);
    event_loop.set_exception_handler(|_, report| {
        say(format!("debug: {}", report.message));
        if let Some(made_at) = report.made_at {
            say(format!("debug: that task was made at {made_at}"));
        }
    });
    event_loop.run_until_complete(async {
        let ticks = create_task(ticker());
        create_task(careless()).await?;
        ticks.await
    })
}
