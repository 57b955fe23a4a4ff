use crate::kit::*;
use std::pin::Pin;
use std::task::{Context, Poll};

struct Twice {
    fut: FutureCell<i32>,
}

/// Python: `__await__`.
impl IntoFuture for Twice {
    type Output = Result<i32>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<i32>>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async {
            say(format!("turn {}: bare yield", turns()));
            yield_now().await?;
            say(format!("turn {}: now the future", turns()));
            let value = self.fut.await?;
            Ok(value * 2)
        })
    }
}

/// A future written out by hand, with no `async` anywhere.
struct OldStyle {
    yielded: bool,
}

impl Future for OldStyle {
    type Output = Result<&'static str>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.yielded {
            return Poll::Ready(Ok("from a decorated generator"));
        }
        self.yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

#[test]
fn anything_that_can_be_made_a_future_of_can_be_awaited() {
    scenario("44-awaitable-protocol", |l| {
        async fn main(l: EventLoop) -> Result<()> {
            let fut = l.create_future();
            let setter = fut.clone();
            l.call_later(secs(4.0), move || setter.set_result(21));
            say(format!("got {}", Twice { fut }.await?));
            say(format!("got {}", OldStyle { yielded: false }.await?));
            leave_out("t=4 TypeError for a plain number", "does not compile");
            Ok(())
        }
        l.run_until_complete(main(l.clone())).unwrap();
    });
}
