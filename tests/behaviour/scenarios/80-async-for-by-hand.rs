use crate::kit::*;
use std::vec;

struct Source(vec::IntoIter<Result<&'static str>>);

impl AsyncIter for Source {
    type Item = &'static str;

    async fn anext(&mut self) -> Result<Option<&'static str>> {
        sleep(secs(1.0)).await?;
        self.0.next().transpose()
    }
}

#[test]
fn the_async_loop_can_be_spelled_out_by_hand_and_its_end_is_no_error() {
    scenario("80-async-for-by-hand", |l| {
        #[allow(clippy::while_let_loop, reason = "spelled out by hand")]
        async fn by_hand(mut source: Source) -> Result<()> {
            loop {
                let Some(item) = source.anext().await? else {
                    break;
                };
                say(format!("item {item}"));
            }
            say("end of loop by hand");
            Ok(())
        }
        async fn by_loop(mut source: Source) -> Result<()> {
            while let Some(item) = source.anext().await? {
                say(format!("item {item}"));
            }
            Ok(())
        }
        async fn beyond(mut source: Source) -> Result<()> {
            let end = StopAsyncIteration(String::new());
            source.anext().await?.ok_or(end)?;
            Ok(())
        }

        let source = |steps: Vec<_>| Source(steps.into_iter());
        let two = || source(vec![Ok("a"), Ok("b")]);
        l.run_until_complete(by_hand(two())).unwrap();
        attempt("loop", || l.run_until_complete(by_loop(two())));
        let none = source(vec![]);
        attempt("one step past the end", || {
            l.run_until_complete(beyond(none))
        });
        let failing = source(vec![Ok("a"), ValueError::raise("x"), Ok("c")]);
        attempt("error inside", || l.run_until_complete(by_loop(failing)));
        let ending = source(vec![Ok("a"), StopIteration::raise("")]);
        let failure = l.run_until_complete(by_loop(ending)).unwrap_err();
        assert_eq!(failure.kind(), "StopIteration");
        leave_out(
            "t=11 plain end signal -> raises RuntimeError: coroutine raised StopIteration",
            "an iterator ends with None: StopIteration is an error like any other",
        );
    });
}
