//! `Stream` over our `AsyncIter`, and back: it takes a dozen lines.

use futures::stream::{Stream, StreamExt, TryStreamExt, iter, try_unfold};
use send_none::{AsyncIter, Error, Result, sleep};

use crate::{
    Log, assert_panicked, cancel_one_and_abort_one, now, on_a_loop, planned, secs, settle, turn,
    when_asleep,
};

/// An `AsyncIter` as a `Stream`.
fn stream_of<I: AsyncIter>(iter: I) -> impl Stream<Item = Result<I::Item>> {
    try_unfold(iter, async |mut iter| {
        Ok(iter.anext().await?.map(|item| (item, iter)))
    })
}

/// A `Stream` as an `AsyncIter`.
struct IterOf<S>(S);

impl<S, T> AsyncIter for IterOf<S>
where
    S: Stream<Item = Result<T>> + Unpin,
{
    type Item = T;

    async fn anext(&mut self) -> Result<Option<T>> {
        self.0.try_next().await
    }
}

/// Counts down to one, a second for each.
struct Countdown(u64);

impl AsyncIter for Countdown {
    type Item = u64;

    async fn anext(&mut self) -> Result<Option<u64>> {
        if self.0 == 0 {
            return Ok(None);
        }
        sleep(secs(1)).await?;
        self.0 -= 1;
        Ok(Some(self.0 + 1))
    }
}

async fn all_of<I: AsyncIter>(mut iter: I) -> Result<Vec<I::Item>> {
    let mut items = Vec::new();
    while let Some(item) = iter.anext().await? {
        items.push(item);
    }
    Ok(items)
}

#[test]
fn an_async_iter_that_is_made_a_stream_and_an_async_iter_again_is_what_it_was() {
    on_a_loop(|event_loop| {
        let there_and_back = IterOf(stream_of(Countdown(3)).boxed_local());
        let items = event_loop.run_until_complete(all_of(there_and_back));
        assert_eq!(items.unwrap(), [3, 2, 1]);
        assert_eq!(event_loop.time(), secs(3));
    });
}

#[test]
fn what_can_be_done_with_a_stream_can_be_done_with_our_iterators() {
    on_a_loop(|event_loop| {
        let odd = stream_of(Countdown(5)).try_filter(|n| std::future::ready(n % 2 == 1));
        let with_time = odd.map_ok(|n| (n, now()));
        let items = event_loop.run_until_complete(with_time.try_collect::<Vec<_>>());
        assert_eq!(items.unwrap(), [(5, 1), (3, 3), (1, 5)]);
    });
}

/// `try_buffer_unordered` has wakers of its own.
#[test]
fn a_stream_of_ours_can_start_several_things_at_once() {
    on_a_loop(|event_loop| {
        let slow = stream_of(Countdown(3)).map_ok(async |n| {
            sleep(secs(10 * n)).await?;
            Ok((n, now()))
        });
        let all = slow.try_buffer_unordered(3).try_collect::<Vec<_>>();
        let items = event_loop.run_until_complete(all).unwrap();
        assert_eq!(items, [(1, 13), (2, 22), (3, 31)]);
    });
}

#[test]
fn an_error_comes_through_and_is_the_last_item() {
    on_a_loop(|event_loop| {
        let stream = iter([Ok(1), Err(Error::msg("not this one")), Ok(3)]);
        let items = stream_of(IterOf(stream)).map(|item| item.map_err(|error| error.to_string()));
        let items = event_loop.run_until_complete(async { Ok(items.collect::<Vec<_>>().await) });
        assert_eq!(items.unwrap(), [Ok(1), Err("not this one".into())]);
    });
}

#[test]
fn a_message_from_another_thread_comes_out_of_an_async_iter() {
    on_a_loop(|event_loop| {
        let (sender, receiver) = flume::unbounded();
        let thread = when_asleep(event_loop, move || sender.send(7));
        let received = IterOf(receiver.into_stream().map(Ok));
        assert_eq!(
            event_loop.run_until_complete(all_of(received)).unwrap(),
            [7]
        );
        thread.join().unwrap().unwrap();
    });
}

/// It opens something, and closes it even when it is cancelled.
struct Careful(Log);

impl AsyncIter for Careful {
    type Item = ();

    async fn anext(&mut self) -> Result<Option<()>> {
        let waited = sleep(secs(60)).await;
        self.0.add(format!("closing at {}", now()));
        sleep(secs(1)).await?;
        self.0.add(format!("closed at {}", now()));
        waited.map(Some)
    }
}

#[test]
fn cancelling_reaches_the_iterator_under_the_stream_and_it_can_clean_up() {
    on_a_loop(|event_loop| {
        let log = Log::default();
        let stream = stream_of(Careful(log.clone()));
        let task = event_loop.create_task(stream.try_collect::<Vec<_>>());
        let cancelled = task.clone();
        event_loop.call_later(secs(3), move || cancelled.cancel());
        let result = event_loop.run_until_complete(task);
        assert!(matches!(result, Err(Error::Cancelled)));
        assert_eq!(log.take(), ["closing at 3", "closed at 4"]);
    });
}

#[test]
fn tasks_that_wait_for_a_stream_can_be_cancelled_and_aborted() {
    on_a_loop(|event_loop| {
        cancel_one_and_abort_one(event_loop, || {
            stream_of(Countdown(3)).try_collect::<Vec<_>>()
        });
        cancel_one_and_abort_one(event_loop, || {
            all_of(IterOf(futures::stream::pending::<Result<()>>()))
        });
        let buffered = || {
            let slow = stream_of(Countdown(3)).map_ok(|_| sleep(secs(60)));
            slow.try_buffer_unordered(3).try_collect::<Vec<_>>()
        };
        cancel_one_and_abort_one(event_loop, buffered);
    });
}

struct Panics;

impl AsyncIter for Panics {
    type Item = ();

    async fn anext(&mut self) -> Result<Option<()>> {
        sleep(secs(1)).await?;
        planned().map(Some)
    }
}

#[test]
fn when_an_iterator_panics_its_task_ends_and_the_other_streams_go_on() {
    on_a_loop(|event_loop| {
        let panics = event_loop.create_task(stream_of(Panics).try_collect::<Vec<_>>());
        turn(event_loop);
        let items = stream_of(Countdown(3)).try_collect::<Vec<_>>();
        assert_eq!(event_loop.run_until_complete(items).unwrap(), [3, 2, 1]);
        assert_panicked(&panics, "planned");
        settle(event_loop);
    });
}
