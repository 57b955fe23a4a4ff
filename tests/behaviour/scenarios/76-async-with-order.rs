use crate::kit::*;

struct Resource;

impl AsyncContextManager for Resource {
    type Target = &'static str;

    async fn aenter(&mut self) -> Result<&'static str> {
        say("entering");
        sleep(secs(2.0)).await?;
        say("entered");
        Ok("handle")
    }

    async fn aexit(&mut self, exc: Option<&Error>) -> Result<bool> {
        say(format!("leaving, told of {}", exc.cloned().show()));
        sleep(secs(2.0)).await?;
        say("left");
        Ok(false)
    }
}

#[test]
fn async_with_awaits_the_enter_step_and_the_exit_step() {
    scenario("76-async-with-order", |l| {
        async fn ticker() -> Result<()> {
            for _ in 0..5 {
                say("tick");
                sleep(secs(1.5)).await?;
            }
            Ok(())
        }
        async fn main() -> Result<()> {
            let other = create_task(ticker());
            async_with(Resource, async |r| {
                say(format!("body has {r}"));
                sleep(secs(1.0)).await?;
                say("body ends");
                Ok(())
            })
            .await?;
            say("after the block");
            other.await
        }
        l.run_until_complete(main()).unwrap();
    });
}
