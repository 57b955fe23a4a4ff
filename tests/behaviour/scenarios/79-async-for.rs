use crate::kit::*;

struct Countdown {
    n: u32,
}

impl Countdown {
    fn aiter(self) -> Self {
        say("iterator asked for");
        self
    }
}

impl AsyncIter for Countdown {
    type Item = u32;

    async fn anext(&mut self) -> Result<Option<u32>> {
        if self.n == 0 {
            say("no more");
            return Ok(None);
        }
        self.n -= 1;
        sleep(secs(1.0)).await?;
        Ok(Some(self.n))
    }
}

#[test]
fn an_async_loop_awaits_each_next_item() {
    scenario("79-async-for", |l| {
        async fn ticker() -> Result<()> {
            for _ in 0..3 {
                sleep(secs(0.75)).await?;
                say("tick");
            }
            Ok(())
        }
        async fn main() -> Result<()> {
            let other = create_task(ticker());
            let mut countdown = Countdown { n: 3 }.aiter();
            while let Some(item) = countdown.anext().await? {
                say(format!("item {item}"));
                sleep(secs(0.125)).await?;
            }
            say("else part");
            let mut countdown = Countdown { n: 3 }.aiter();
            'for_else: {
                while let Some(item) = countdown.anext().await? {
                    if item == 1 {
                        say("break at 1");
                        break 'for_else;
                    }
                }
                say("else part not reached");
            }
            other.await
        }
        l.run_until_complete(main()).unwrap();
    });
}
