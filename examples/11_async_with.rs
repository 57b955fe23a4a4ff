//! A block whose entering and leaving may wait. Article: "Asynchronous Context Managers".
//!
//! The exit step is awaited however the body ends, and told of its error, which it may swallow. The
//! loop runs on meanwhile: see the ticks.

mod support;
use send_none::{AsyncContextManager, Error, Result, async_with, create_task, sleep};
use std::time::Duration;
use support::{say, secs};

struct Resource {
    forgiving: bool,
}

impl AsyncContextManager for Resource {
    type Target = &'static str;

    async fn aenter(&mut self) -> Result<&'static str> {
        say("entering");
        sleep(secs(2)).await?;
        Ok("a handle")
    }

    async fn aexit(&mut self, error: Option<&Error>) -> Result<bool> {
        say(format!("leaving, told of {error:?}"));
        sleep(secs(2)).await?;
        Ok(self.forgiving)
    }
}

async fn ticker() -> Result<()> {
    for _ in 0..6 {
        say("tick");
        sleep(Duration::from_millis(1500)).await?;
    }
    Ok(())
}

async fn use_it(forgiving: bool, fail: bool) -> Result<()> {
    async_with(Resource { forgiving }, async |handle| {
        say(format!("the body has {handle}"));
        if fail {
            Err(Error::msg("oh no"))
        } else {
            Ok(())
        }
    })
    .await?;
    say("after the block");
    Ok(())
}

fn main() -> Result<()> {
    support::event_loop().run_until_complete(async {
        let _runs_on = create_task(ticker());
        use_it(false, false).await?;
        use_it(true, true).await?;
        let raised = use_it(false, true).await;
        say(format!("the block raised {raised:?}"));
        Ok(())
    })
}
