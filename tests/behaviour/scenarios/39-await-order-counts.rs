use crate::kit::*;

#[test]
fn the_order_of_awaiting_counts_and_not_that_of_making() {
    scenario("39-await-order-counts", |l| {
        async fn echo(word: &str) -> Result<()> {
            say(word);
            Ok(())
        }
        async fn test() -> Result<()> {
            let first = echo("one");
            let second = echo("two");
            second.await?;
            first.await
        }
        l.run_until_complete(test()).unwrap();
        l.close().unwrap();
    });
}
