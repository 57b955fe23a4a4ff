//! After 100,000 tasks of every kind of ending, and after closing the loop, the memory that is in
//! use is what it was before. See also `tests/leaks`, which asks this of each kind alone.

#[cfg(test)]
mod tests {
    use send_none::{Error, EventLoop, Result, Task, gather_results, sleep, yield_now};
    use std::alloc::{GlobalAlloc, Layout, System};
    use std::cell::Cell;
    use std::future::pending;
    use std::time::Duration;

    thread_local! {
        /// Bytes that this thread has allocated and not given back.
        static LIVE: Cell<i64> = const { Cell::new(0) };
    }

    fn count(bytes: i64) {
        let _ending = LIVE.try_with(|live| live.set(live.get() + bytes));
    }

    struct Counting;

    // SAFETY: all is done by the system's allocator; this only counts.
    unsafe impl GlobalAlloc for Counting {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            count(layout.size() as i64);
            // SAFETY: the caller keeps the contract.
            unsafe { System.alloc(layout) }
        }

        unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
            count(-(layout.size() as i64));
            // SAFETY: the caller keeps the contract.
            unsafe { System.dealloc(pointer, layout) }
        }
    }

    #[global_allocator]
    static COUNTING: Counting = Counting;

    /// Five tasks of each kind of ending, and some that do not end.
    async fn of_every_kind(left: bool) -> Result<()> {
        let mut tasks: Vec<Task<()>> = Vec::new();
        for _ in 0..5 {
            tasks.push(send_none::create_task(yield_now()));
            tasks.push(send_none::create_task(async {
                Err(Error::msg("an error"))
            }));
            let panics: Task<()> = send_none::create_task(async { panic!("planned") });
            tasks.push(panics);
            let cancelled = send_none::create_task(sleep(Duration::from_secs(60)));
            let aborted: Task<()> = send_none::create_task(pending());
            let unstarted = send_none::create_task(yield_now());
            unstarted.cancel();
            yield_now().await?;
            cancelled.cancel();
            aborted.abort();
            tasks.extend([cancelled, aborted, unstarted]);
            if left {
                drop(send_none::create_task(sleep(Duration::from_secs(3600))));
                drop(send_none::create_task(pending::<Result<()>>()));
            }
        }
        drop(gather_results(tasks).await?);
        Ok(())
    }

    fn run(tasks: usize) {
        let event_loop = EventLoop::with_virtual_clock();
        event_loop.set_exception_handler(|_, _| ());
        for round in 0..tasks / 30 {
            event_loop
                .run_until_complete(of_every_kind(round % 10 == 0))
                .unwrap();
        }
        event_loop.close().unwrap();
    }

    #[test]
    fn after_a_hundred_thousand_tasks_the_memory_in_use_is_what_it_was() {
        std::panic::set_hook(Box::new(|_| ()));
        run(3000); // what is made once for all is made now
        let before = LIVE.get();
        run(100_000);
        assert_eq!(LIVE.get(), before);
    }

    /// Tasks that come one after the other need the memory of one.
    #[test]
    fn a_loop_lets_the_place_of_an_ended_task_again() {
        let event_loop = EventLoop::with_virtual_clock();
        let one_after_the_other = |tasks: usize| {
            let tasks = async move {
                for _ in 0..tasks {
                    send_none::create_task(yield_now()).await?;
                }
                Ok(())
            };
            event_loop.run_until_complete(tasks).unwrap();
            LIVE.get()
        };
        let before = one_after_the_other(1000);
        assert_eq!(one_after_the_other(10_000), before);
    }

    /// Who waits for one that refuses is asked again and again. It notes whom it was passed to, once.
    #[test]
    fn who_is_asked_ten_thousand_times_takes_no_more_memory_for_it() {
        let event_loop = EventLoop::with_virtual_clock();
        let futures = event_loop.clone();
        let stubborn: Task<()> = event_loop.create_task(async move {
            loop {
                let _cancelled = futures.create_future::<()>().await;
            }
        });
        let task = event_loop.create_task(stubborn.clone());
        let turn = || {
            event_loop.stop();
            event_loop.run_forever().unwrap();
        };
        let ask = |times: usize| {
            for _ in 0..times {
                assert!(task.cancel());
                turn();
            }
            LIVE.get()
        };
        turn();
        turn();
        let before = ask(1000);
        assert_eq!(ask(10_000), before);
    }

    /// A loop that is busy does not get to its mailbox. A task that is woken ten thousand times
    /// meanwhile is written down there once.
    #[test]
    fn ten_thousand_wakes_from_another_thread_are_one_note() {
        let event_loop = EventLoop::with_virtual_clock();
        let (sender, receiver) = std::sync::mpsc::channel();
        let task: Task<()> = event_loop.create_task(std::future::poll_fn(move |cx| {
            sender.send(cx.waker().clone()).unwrap();
            std::task::Poll::Pending
        }));
        event_loop.stop();
        event_loop.run_forever().unwrap();
        let waker = receiver.recv().unwrap();
        let storm = std::thread::spawn(move || {
            waker.wake_by_ref();
            let after_one = LIVE.get();
            for _ in 0..10_000 {
                waker.wake_by_ref();
            }
            (after_one, LIVE.get())
        });
        let (after_one, after_all) = storm.join().unwrap();
        assert_eq!(after_all, after_one);
        task.abort();
    }
}
