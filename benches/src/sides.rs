//! Who is compared.
//!
//! [`Ours`], tokio's own scheduler as [`Tokio`], for which tasks must be `Send`, and tokio's
//! `LocalSet` as [`Local`]. All three run a main future as a task and wait for it.
//!
//! A workload that is generic over [`Spawn`] is the same code on all three. Its futures return a
//! `Result`, for that is what our coroutines do. On tokio's side the error cannot occur, and the
//! compiler knows: `Result<T, Infallible>` is a `T`.

use std::convert::Infallible;
use std::hint::black_box;
use tokio::runtime::{Builder, Runtime};
use tokio::task::{JoinHandle, LocalSet};

use crate::gauge::stopwatch;

/// Which one it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Who {
    /// This crate.
    Ours,
    /// tokio's scheduler of `Send` tasks.
    Tokio,
    /// tokio's scheduler of tasks that need not be `Send`.
    Local,
    /// Neither: the least that any scheduler does.
    Floor,
}

impl Who {
    /// Its name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Who::Ours => "send-none",
            Who::Tokio => "tokio",
            Who::Local => "tokio LocalSet",
            Who::Floor => "floor",
        }
    }
}

/// One of those who are compared.
pub trait Side: 'static {
    /// Which one.
    const WHO: Who;
    /// A fresh one.
    fn new() -> Self;
}

/// A side that has tasks.
pub trait Spawn: Side {
    /// What a task may fail with.
    type Error: 'static;
    /// What the maker of a task holds.
    type Handle<T: Clone + Send + 'static>: 'static;

    /// Makes a task, from within another one.
    fn spawn<T, F>(future: F) -> Self::Handle<T>
    where
        T: Clone + Send + 'static,
        F: Future<Output = Result<T, Self::Error>> + Send + 'static;

    /// Makes tasks from outside, and runs nothing of them.
    fn spawn_before<T, F>(&self, tasks: usize, make: impl Fn() -> F) -> Vec<Self::Handle<T>>
    where
        T: Clone + Send + 'static,
        F: Future<Output = Result<T, Self::Error>> + Send + 'static;

    /// Waits for a task.
    fn join<T: Clone + Send + 'static>(handle: Self::Handle<T>) -> impl Future<Output = T>;
}

/// A side whose tasks need not be `Send`.
pub trait SpawnLocal: Spawn {
    /// Makes a task, from within another one.
    fn spawn_local<T, F>(future: F) -> Self::Handle<T>
    where
        T: Clone + Send + 'static,
        F: Future<Output = Result<T, Self::Error>> + 'static;

    /// How long it takes to run this as a task.
    fn time_local(&self, main: impl Future<Output = Result<(), Self::Error>> + 'static) -> u64;
}

/// Waits for all of them, first to last.
pub async fn join_all<S: Spawn>(handles: Vec<S::Handle<usize>>) -> Result<(), S::Error> {
    for handle in handles {
        black_box(S::join(handle).await);
    }
    Ok(())
}

/// This crate, on the real clock.
pub struct Ours {
    /// The loop.
    pub event_loop: send_none::EventLoop,
}

impl Side for Ours {
    const WHO: Who = Who::Ours;

    fn new() -> Self {
        let event_loop = send_none::EventLoop::new();
        Ours { event_loop }
    }
}

impl Ours {
    /// Runs this as a task; so does `run_until_complete`.
    pub fn run<T: 'static>(&self, main: impl Future<Output = send_none::Result<T>> + 'static) -> T {
        self.event_loop.run_until_complete(main).unwrap()
    }

    /// How long it takes to run this as a task.
    pub fn time(&self, main: impl Future<Output = send_none::Result<()>> + 'static) -> u64 {
        stopwatch(|| self.run(main))
    }
}

impl Spawn for Ours {
    type Error = send_none::Error;
    type Handle<T: Clone + Send + 'static> = send_none::Task<T>;

    fn spawn<T, F>(future: F) -> Self::Handle<T>
    where
        T: Clone + Send + 'static,
        F: Future<Output = send_none::Result<T>> + Send + 'static,
    {
        send_none::create_task(future)
    }

    fn spawn_before<T, F>(&self, tasks: usize, make: impl Fn() -> F) -> Vec<Self::Handle<T>>
    where
        T: Clone + Send + 'static,
        F: Future<Output = send_none::Result<T>> + Send + 'static,
    {
        let spawn = |_| self.event_loop.create_task(make());
        (0..tasks).map(spawn).collect()
    }

    async fn join<T: Clone + Send + 'static>(handle: Self::Handle<T>) -> T {
        handle.await.unwrap()
    }
}

impl SpawnLocal for Ours {
    fn spawn_local<T, F>(future: F) -> Self::Handle<T>
    where
        T: Clone + Send + 'static,
        F: Future<Output = send_none::Result<T>> + 'static,
    {
        send_none::create_task(future)
    }

    fn time_local(&self, main: impl Future<Output = send_none::Result<()>> + 'static) -> u64 {
        self.time(main)
    }
}

/// tokio's current-thread runtime.
pub struct Tokio {
    /// The runtime.
    pub runtime: Runtime,
}

impl Side for Tokio {
    const WHO: Who = Who::Tokio;

    fn new() -> Self {
        let runtime = Builder::new_current_thread().build().unwrap();
        Tokio { runtime }
    }
}

impl Tokio {
    /// Runs this as a task.
    pub fn run<T: Send + 'static>(
        &self,
        main: impl Future<Output = Result<T, Infallible>> + Send + 'static,
    ) -> T {
        let Ok(value) = self.runtime.block_on(self.runtime.spawn(main)).unwrap();
        value
    }

    /// How long it takes to run this as a task.
    pub fn time(&self, main: impl Future<Output = Result<(), Infallible>> + Send + 'static) -> u64 {
        stopwatch(|| self.run(main))
    }
}

impl Spawn for Tokio {
    type Error = Infallible;
    type Handle<T: Clone + Send + 'static> = JoinHandle<Result<T, Infallible>>;

    fn spawn<T, F>(future: F) -> Self::Handle<T>
    where
        T: Clone + Send + 'static,
        F: Future<Output = Result<T, Infallible>> + Send + 'static,
    {
        tokio::spawn(future)
    }

    /// `block_on` polls its own future first, and returns at once if that is ready.
    fn spawn_before<T, F>(&self, tasks: usize, make: impl Fn() -> F) -> Vec<Self::Handle<T>>
    where
        T: Clone + Send + 'static,
        F: Future<Output = Result<T, Infallible>> + Send + 'static,
    {
        let spawn = |_| tokio::spawn(make());
        self.runtime
            .block_on(async { (0..tasks).map(spawn).collect() })
    }

    async fn join<T: Clone + Send + 'static>(handle: Self::Handle<T>) -> T {
        let Ok(value) = handle.await.unwrap();
        value
    }
}

/// tokio's current-thread runtime with its driver for time.
pub struct TokioTimers(
    /// The same, but for the driver.
    pub Tokio,
);

impl Side for TokioTimers {
    const WHO: Who = Who::Tokio;

    fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_time().build().unwrap();
        TokioTimers(Tokio { runtime })
    }
}

/// A `LocalSet` on tokio's current-thread runtime.
pub struct Local {
    tokio: Tokio,
    set: LocalSet,
}

impl Side for Local {
    const WHO: Who = Who::Local;

    fn new() -> Self {
        Local {
            tokio: Tokio::new(),
            set: LocalSet::new(),
        }
    }
}

impl Local {
    /// Runs this as a task of the set.
    pub fn run<T: 'static>(
        &self,
        main: impl Future<Output = Result<T, Infallible>> + 'static,
    ) -> T {
        let main = self.set.spawn_local(main);
        let Ok(value) = self.set.block_on(&self.tokio.runtime, main).unwrap();
        value
    }

    /// How long it takes to run this as a task of the set.
    pub fn time(&self, main: impl Future<Output = Result<(), Infallible>> + 'static) -> u64 {
        stopwatch(|| self.run(main))
    }
}

impl Spawn for Local {
    type Error = Infallible;
    type Handle<T: Clone + Send + 'static> = JoinHandle<Result<T, Infallible>>;

    fn spawn<T, F>(future: F) -> Self::Handle<T>
    where
        T: Clone + Send + 'static,
        F: Future<Output = Result<T, Infallible>> + Send + 'static,
    {
        tokio::task::spawn_local(future)
    }

    /// As above: the set, too, polls this future before it runs a task.
    fn spawn_before<T, F>(&self, tasks: usize, make: impl Fn() -> F) -> Vec<Self::Handle<T>>
    where
        T: Clone + Send + 'static,
        F: Future<Output = Result<T, Infallible>> + Send + 'static,
    {
        let spawn = |_| tokio::task::spawn_local(make());
        let spawn_all = async { (0..tasks).map(spawn).collect() };
        self.set.block_on(&self.tokio.runtime, spawn_all)
    }

    async fn join<T: Clone + Send + 'static>(handle: Self::Handle<T>) -> T {
        let Ok(value) = handle.await.unwrap();
        value
    }
}

impl SpawnLocal for Local {
    fn spawn_local<T, F>(future: F) -> Self::Handle<T>
    where
        T: Clone + Send + 'static,
        F: Future<Output = Result<T, Infallible>> + 'static,
    {
        tokio::task::spawn_local(future)
    }

    fn time_local(&self, main: impl Future<Output = Result<(), Infallible>> + 'static) -> u64 {
        self.time(main)
    }
}
