use crate::kit::*;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, ThreadId};

#[test]
fn a_blocking_call_runs_on_another_thread_and_its_result_comes_back() {
    scenario("86-executor", |l| {
        fn blocking(here: ThreadId, go_on: Receiver<()>) -> Result<String> {
            go_on.recv_timeout(secs(20.0))?;
            let same = yn(thread::current().id() == here);
            Ok(format!("good result, made on the loop thread: {same}"))
        }
        fn bad() -> Result<String> {
            ValueError::raise("from the thread")
        }
        async fn ticker(go_on: mpsc::Sender<()>) -> Result<()> {
            for _ in 0..3 {
                sleep(secs(1.0)).await?;
                say("tick, the loop is alive");
            }
            Ok(go_on.send(())?)
        }
        async fn main(l: EventLoop) -> Result<()> {
            let here = thread::current().id();
            let (go_on, wait) = mpsc::channel();
            let task = create_task(ticker(go_on));
            sleep(secs(0.0)).await?;
            let fut = l.run_in_executor(move || blocking(here, wait));
            say(format!("submitted: {}", outcome(&fut)));
            task.await?;
            say(format!("resumed with {}", fut.await??));
            let back = thread::current().id() == here;
            say(format!("back on the loop thread: {}", yn(back)));
            if let Err(exc) = l.run_in_executor(bad).await? {
                say(format!("caught {}", err(&exc)));
            }
            Ok(())
        }
        l.run_until_complete(main(l.clone())).unwrap();
    });
}
