use crate::kit::*;

#[test]
fn a_callback_left_in_the_queue_comes_out_in_the_next_run() {
    scenario("31-callback-pops-up-elsewhere", |l| {
        fn part_one(l: &EventLoop) {
            let fut = l.create_future();
            fut.add_done_callback(|f: &FutureCell<_>| {
                say(format!("leftover callback: {}", outcome(f)));
            });
            fut.set_result("from part one").unwrap();
            say("part one forgets to run the loop");
        }
        async fn part_two() -> Result<()> {
            say("part two knows nothing of part one");
            sleep(secs(0.0)).await?;
            say("part two ends");
            Ok(())
        }
        part_one(&l);
        l.run_until_complete(part_two()).unwrap();
    });
}
