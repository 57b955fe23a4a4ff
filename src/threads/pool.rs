//! A pool of threads for calls that block.
//!
//! At most so many threads, started when they are needed, and one queue of jobs. A job that panics
//! does not harm its thread: the panic comes back as the error of the job's future.

use std::any::Any;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use crate::error::{Error, Result};
use crate::event_loop::{EventLoop, Kept};
use crate::future_cell::FutureCell;
use crate::handle::call_guarded;

/// Under this number a loop keeps its pool; futures and tasks are counted from 1.
const DEFAULT_EXECUTOR: u64 = 0;

type Job = Box<dyn FnOnce() + Send>;

/// The threads behind [`EventLoop::run_in_executor`]. Python: `ThreadPoolExecutor`.
///
/// When it is dropped, jobs that were not begun are dropped, and those that run are waited for.
#[doc(alias = "ThreadPoolExecutor")]
pub struct ThreadPool {
    jobs: Arc<Jobs>,
    threads: RefCell<Vec<JoinHandle<()>>>,
    size: usize,
    name: String,
}

#[derive(Default)]
struct Jobs {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    /// Threads that wait for a job.
    idle: usize,
    closed: bool,
}

impl ThreadPool {
    /// A pool of at most so many threads, and at least one.
    pub fn new(size: usize) -> Self {
        ThreadPool {
            jobs: Arc::default(),
            threads: RefCell::default(),
            size: size.max(1),
            name: "send-none".into(),
        }
    }

    /// The threads are called by this name and a number.
    pub fn with_name(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }

    /// Has a thread of the pool run it.
    ///
    /// # Errors
    /// If it would need the first thread, and the system refuses one.
    fn submit(&self, job: Job) -> std::io::Result<()> {
        let mut threads = self.threads.borrow_mut();
        let mut waiting = self.jobs.lock();
        let busy = waiting.idle <= waiting.jobs.len();
        if busy && threads.len() < self.size {
            let jobs = self.jobs.clone();
            let name = format!("{}-{}", self.name, threads.len());
            match thread::Builder::new().name(name).spawn(move || jobs.work()) {
                Ok(thread) => threads.push(thread),
                Err(error) if threads.is_empty() => return Err(error),
                Err(_) => {} // the threads there are will get to it
            }
        }
        waiting.jobs.push_back(job);
        self.jobs.arrived.notify_one();
        Ok(())
    }
}

impl Jobs {
    fn work(&self) {
        while let Some(job) = self.next() {
            job();
        }
    }

    fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if let Some(job) = waiting.jobs.pop_front() {
                return Some(job);
            }
            if waiting.closed {
                return None;
            }
            waiting.idle += 1;
            waiting = self
                .arrived
                .wait(waiting)
                .unwrap_or_else(PoisonError::into_inner);
            waiting.idle -= 1;
        }
    }

    /// No code of others runs under the lock, so a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept for ThreadPool {
    /// Waits until all jobs are done that were handed in. It takes no more.
    fn finish(&self) {
        self.jobs.lock().closed = true;
        self.jobs.arrived.notify_all();
        for thread in self.threads.take() {
            // A job's panic is caught, so no thread ends in one.
            let _panic = thread.join();
        }
    }
}

impl Drop for ThreadPool {
    fn drop(&mut self) {
        let not_begun = std::mem::take(&mut self.jobs.lock().jobs);
        for job in not_begun {
            // A panic in its drop must not keep the threads from being waited for.
            let _panicked = call_guarded(move || drop(job));
        }
        self.finish();
    }
}

impl EventLoop {
    /// Has another thread call the function, and gives the future of what it returns. The loop goes
    /// on meanwhile. Python: `loop.run_in_executor(None, function)`.
    ///
    /// The threads are those of the loop's pool: see [`set_default_executor`](Self::set_default_executor).
    /// A call that runs cannot be cancelled, only the waiting for it; one that no thread has begun is
    /// taken back. A panic in the function is the future's [`Error::Panicked`]. Closing the loop waits
    /// for the calls that run, and drops those that no thread has begun; [`run`](crate::run) waits for
    /// these, too.
    ///
    /// The virtual clock does not wait for other threads: a time limit on such a call is over at once.
    ///
    /// ```
    /// let event_loop = send_none::EventLoop::new();
    /// let sum = event_loop.run_in_executor(|| (1..=1000).sum::<u32>());
    /// assert_eq!(event_loop.run_until_complete(sum)?, 500_500);
    /// # Ok::<(), send_none::Error>(())
    /// ```
    ///
    /// # Panics
    /// If the loop is closed.
    #[track_caller]
    pub fn run_in_executor<T, F>(&self, function: F) -> FutureCell<T>
    where
        T: Send + 'static,
        F: FnOnce() -> T + Send + 'static,
    {
        let future = self.create_future();
        if !self.may_schedule() {
            return future;
        }
        let setter = future.threadsafe();
        let taken_back = Arc::new(AtomicBool::new(false));
        let nobody_waits = taken_back.clone();
        future.add_done_callback(move |future: &FutureCell<T>| {
            nobody_waits.store(future.cancelled(), Ordering::Relaxed);
        });
        let job = move || {
            if taken_back.load(Ordering::Relaxed) {
                return;
            }
            // The loop may be closed by now: then nobody waits for this.
            let _closed = match catch_unwind(AssertUnwindSafe(function)) {
                Ok(value) => setter.set_result(value),
                Err(panic) => setter.set_exception(Error::from_panic(panic)),
            };
        };
        if let Err(error) = self.pool().submit(Box::new(job)) {
            let _done = future.set_exception(error);
        }
        future
    }

    /// Chooses the pool of threads for [`run_in_executor`](Self::run_in_executor), and drops the one
    /// there was, which waits for the calls that run there. Unless this is called, it is one of four
    /// threads more than there are processors, and of 32 at most.
    ///
    /// # Errors
    /// If the loop is closed.
    pub fn set_default_executor(&self, pool: ThreadPool) -> Result<()> {
        if self.is_closed() {
            return Err(Error::closed());
        }
        self.keep(DEFAULT_EXECUTOR, Rc::new(pool));
        Ok(())
    }

    fn pool(&self) -> Rc<ThreadPool> {
        let kept = self.kept(DEFAULT_EXECUTOR);
        if let Some(Ok(pool)) = kept.map(|kept| Rc::<dyn Any>::downcast::<ThreadPool>(kept)) {
            return pool;
        }
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let pool = Rc::new(ThreadPool::new((processors + 4).min(32)));
        self.keep(DEFAULT_EXECUTOR, pool.clone());
        pool
    }
}

impl fmt::Debug for ThreadPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<ThreadPool {:?}, at most {} threads>",
            self.name, self.size
        )
    }
}
