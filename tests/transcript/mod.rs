//! What happened, line by line: when, in which turn, and what.

use send_none::{EventLoop, Result, ReturnWhen, Task, create_task, get_event_loop, wait};
use std::cell::RefCell;
use std::fmt::{Debug, Display};
use std::time::Duration;

thread_local! {
    static LINES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Runs a program, which must say these lines; the same one in Python says them.
#[track_caller]
pub fn says(program: impl Future<Output = Result<()>> + 'static, lines: &[&str]) {
    let event_loop = EventLoop::with_virtual_clock();
    let stopper = event_loop.clone();
    // By then all is over. A program that waits for ever is stopped, and that is an error.
    event_loop.call_at(secs(1000.0), move || stopper.stop());
    LINES.take();
    event_loop.run_until_complete(program).unwrap();
    assert_eq!(LINES.take(), lines);
}

pub fn say(text: impl Display) {
    let event_loop = get_event_loop().unwrap();
    let (time, turn) = (event_loop.time().as_secs_f64(), event_loop.turns());
    let line = format!("t={time} turn {turn}: {text}");
    LINES.with_borrow_mut(|lines| lines.push(line));
}

/// A task that awaits it and says what came of it.
pub fn told<T, A>(name: &'static str, awaitable: A) -> Task<T>
where
    T: Debug + 'static,
    A: IntoFuture<Output = Result<T>> + 'static,
{
    create_task(async move {
        let result = awaitable.await;
        say(format!("{name}: {result:?}"));
        result
    })
}

/// Waits until all of them are done, one way or other.
pub async fn over<'a, T>(tasks: impl IntoIterator<Item = &'a Task<T>>) -> Result<()>
where
    T: Clone + 'static,
{
    wait(tasks, None, ReturnWhen::AllCompleted).await?;
    Ok(())
}

pub fn secs(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}
