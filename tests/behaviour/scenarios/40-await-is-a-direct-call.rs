use crate::kit::*;

#[test]
fn awaiting_a_coroutine_runs_it_on_the_spot_like_a_call() {
    scenario("40-await-is-a-direct-call", |l| {
        async fn leaf(n: i32) -> Result<i32> {
            say(format!("leaf {n}"));
            if n == 3 {
                return ValueError::raise("leaf three");
            }
            Ok(n * 10)
        }
        async fn main(l: EventLoop) -> Result<()> {
            l.call_soon(|| say("a queued callback gets its turn"));
            say(format!("got {}", leaf(1).await?));
            say(format!("got {}", leaf(2).await?));
            if let Err(exc) = leaf(3).await {
                say(format!("caught {}", err(&exc)));
            }
            let done = l.create_future();
            done.set_result("done already")?;
            say(format!("got {}", done.await?));
            say("now really giving way");
            sleep(secs(0.0)).await?;
            say(format!("main ends in turn {}", l.turns()));
            Ok(())
        }
        l.run_until_complete(main(l.clone())).unwrap();
    });
}
