//! An async executor to be read.
//!
//! This crate is Python 3.5's asyncio, rebuilt on [`std::task::Waker`]: an event loop, futures and
//! tasks, with nothing but a `VecDeque` for what is ready and a `BinaryHeap` for what must wait. It
//! shows how a task polls a coroutine, parks it on a future and reschedules it.
//!
//! A coroutine does nothing until somebody sends into it. By hand, that looks like this:
//!
//! ```
//! use send_none::{Coroutine, EventLoop, Result, Step, Suspended};
//!
//! let event_loop = EventLoop::new();
//! let fut = event_loop.create_future::<i32>();
//! let waits = fut.clone();
//! let mut coro = Coroutine::new(async move { Ok(waits.await? + 1) });
//!
//! // The first send runs it to its first wait. What comes back is what it waits for: that future.
//! assert!(matches!(coro.send(None), Step::Suspended(Suspended::On(it)) if it.is(&fut)));
//! fut.set_result(41)?; // settling a future runs nothing
//! assert!(matches!(coro.send(None), Step::Returned(Ok(42))));
//! # Ok::<(), send_none::Error>(())
//! ```
//!
//! A [`Task`] does the same by itself, again and again, for as many coroutines as there are.
//!
//! # The map
//!
//! Each module is a room, and its page opens with its story. They are listed in reading order, and
//! no room imports from a later one. *The walk* is where a newcomer should go; the rest can wait.
//!
//! | room | question | the walk |
//! |---|---|---|
//! | [`error`] | what is an exception? | |
//! | [`clock`] | what time is it? | |
//! | [`loop_event`] | what can happen in a loop? | |
//! | [`observer`] | who is told of it? | |
//! | [`handle`] | what is on the run queue? | 1 |
//! | [`timers`] | how do many sleep without a thread each? | 2 |
//! | [`any_future`] | what can one do with a future and not know its type? | |
//! | [`record`] | what does a coroutine say beside the poll? | |
//! | [`recycling`] | where does the memory of a task come from? | |
//! | [`task_table`] | who keeps a task alive? | |
//! | [`mailbox`] | how do other threads come in, and where does the loop sleep? | |
//! | [`event_loop`] | what is a loop? | 3 |
//! | [`scheduling`] | how does something get onto its run queue? | 4 |
//! | [`reports`] | who is told what nobody waits for? | |
//! | [`snapshot`] | who waits for whom? | |
//! | [`turn`] | what is one turn of it? | 5 |
//! | [`closing`] | what is dropped at the end, and in which order? | |
//! | [`waker`] | where does a Waker come from? | 6 |
//! | [`threadsafe`] | what can other threads do? | |
//! | [`step`] | how do we know what a coroutine waits for? | |
//! | [`coroutine`] | what is it to send into a coroutine? | 7 |
//! | [`waiters`] | who stands in line? | |
//! | [`future_cell`] | what is a future? | 8 |
//! | [`asking`] | what can one ask of it? | |
//! | [`settling`] | who is told when it has a result? | 9 |
//! | [`awaiting`] | what does `fut.await` do? | 10 |
//! | [`task`] | who sends into the coroutine? | 11 |
//! | [`cancelling`] | how is it cancelled? | |
//! | [`task_end`] | and when it is done? | |
//! | [`task_future`] | what is a task to those who wait for it? | |
//! | [`any_task`] | what is a task of which nobody knows the type? | |
//! | [`task_handle`] | what does the maker of a task hold? | |
//! | [`program`] | how does a program start and end? | 12 |
//! | [`protocols`] | what are `async with` and `async for`? | |
//! | [`sync`] | how do tasks wait for each other? | |
//! | [`combinators`] | how does one wait for a while, or for several? | 13 |
//! | [`threads`] | what of calls that block? | |
//! | [`trace`] | how can one watch all this? | |
//!
//! # Python → Rust
//!
//! | asyncio | here |
//! |---|---|
//! | `new_event_loop`, `get_event_loop`, `set_event_loop` | [`EventLoop::new`], [`get_event_loop`], [`set_event_loop`] |
//! | `loop.call_soon`, `call_later`, `call_at` | [`EventLoop::call_soon`], [`call_later`](EventLoop::call_later), [`call_at`](EventLoop::call_at) |
//! | `loop.call_soon_threadsafe` | [`EventLoop::threadsafe`], [`ThreadsafeHandle::call_soon`] |
//! | `loop.run_forever`, `run_until_complete`, `stop`, `close` | the same |
//! | `asyncio.run` | [`run`] |
//! | `asyncio.Future`, `loop.create_future` | [`FutureCell`], [`EventLoop::create_future`] |
//! | `asyncio.Task`, `loop.create_task`, `ensure_future` | [`Task`], [`EventLoop::create_task`], [`ensure_future`] |
//! | `all_tasks`, `current_task` | [`all_tasks`], [`current_task`] |
//! | `coro.send(None)`, `throw`, `close` | [`Coroutine::send`], [`throw`](Coroutine::throw), [`close`](Coroutine::close) |
//! | `StopIteration(value)` | [`Step::Returned`] |
//! | a bare `yield`, `sleep(0)` | [`yield_now`] |
//! | `asyncio.sleep`, `gather` | [`sleep`], [`sleep_with`], [`gather`](fn@gather), [`gather_results`] |
//! | `asyncio.wait`, `wait_for`, `shield`, `as_completed` | [`wait`], [`wait_for`], [`shield`], [`as_completed`] |
//! | `asyncio.Lock`, `Event`, `Condition`, `Semaphore`, `Queue` | [`sync`] |
//! | `loop.run_in_executor`, `run_coroutine_threadsafe` | [`EventLoop::run_in_executor`], [`run_coroutine_threadsafe`] |
//! | `loop.set_debug`, `set_exception_handler` | [`reports`] |
//! | `async with` | [`AsyncContextManager`], [`async_with`] |
//! | `async for` | [`AsyncIter`] and `while let` |
//! | `raise`, `except` | `?` on a [`Result`], and `match` |
//! | `CancelledError`, `InvalidStateError` | [`Error::Cancelled`], [`Error::InvalidState`] |

#![allow(
    rustdoc::private_intra_doc_links,
    reason = "the stories are read beside the source; --document-private-items checks these links"
)]

// What a program can fail with, and what time it is.
pub mod error;

pub mod clock;
pub mod loop_event;
pub mod observer;

// The loop: what it holds, and how it runs.
pub mod handle;
pub mod timers;

pub mod any_future;
pub mod record;
pub mod recycling;
pub mod task_table;

pub mod mailbox;

pub mod event_loop;
pub mod scheduling;

pub mod reports;
pub mod snapshot;
pub mod turn;

pub mod closing;

// A step of a coroutine.
pub mod waker;

pub mod threadsafe;

pub mod step;

pub mod coroutine;

// A future, and a task, which is one.
pub mod waiters;

pub mod future_cell;

pub mod asking;
pub mod settling;

pub mod awaiting;

pub mod task;

pub mod cancelling;
pub mod task_end;
pub mod task_future;

pub mod any_task;
pub mod task_handle;

// Programs, and what they are built of.
pub mod program;

pub mod protocols;
pub mod sync;

pub mod combinators;

pub mod threads;

pub mod trace;

pub use crate::any_future::AnyFuture;
pub use crate::any_task::{AnyTask, all_tasks, current_task};
pub use crate::combinators::as_completed::{AsCompleted, as_completed};
pub use crate::combinators::gather::{gather, gather_results};
pub use crate::combinators::shield::shield;
pub use crate::combinators::sleep::{sleep, sleep_with, yield_now};
pub use crate::combinators::wait::{ReturnWhen, wait};
pub use crate::combinators::wait_for::wait_for;
pub use crate::coroutine::{Coroutine, Step, Suspended};
pub use crate::error::{Error, Raisable, Result};
pub use crate::event_loop::EventLoop;
pub use crate::future_cell::{DoneCallback, FutureCell};
pub use crate::handle::{Handle, TimerHandle};
pub use crate::loop_event::{Ended, LoopEvent, Sends, Who};
pub use crate::observer::{ExceptionContext, Observer};
pub use crate::program::{ensure_future, run};
pub use crate::protocols::async_for::AsyncIter;
pub use crate::protocols::async_with::{AsyncContextManager, async_with};
pub use crate::snapshot::{FutureSnapshot, Snapshot, TaskSnapshot};
pub use crate::task_handle::{Task, create_task};
pub use crate::task_table::TaskState;
pub use crate::threads::pool::ThreadPool;
pub use crate::threads::setter::ThreadsafeSetter;
pub use crate::threads::submit::{Submitted, run_coroutine_threadsafe};
pub use crate::threadsafe::ThreadsafeHandle;
pub use crate::trace::recorder::Recorder;
pub use crate::turn::{get_event_loop, set_event_loop};

/// The code of the README is compiled and run, too.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// What Python refuses when it happens, and Rust when it is compiled: difference 2 in the notes.
///
/// Awaiting a number:
/// ```compile_fail,E0277
/// let coro = async { 3.await };
/// ```
/// Awaiting one coroutine twice:
/// ```compile_fail,E0382
/// async fn answer() -> send_none::Result<i32> { Ok(42) }
/// let coro = answer();
/// let twice = async { coro.await? + coro.await? };
/// ```
/// Scheduling from a wrong thread:
/// ```compile_fail,E0277
/// let event_loop = send_none::EventLoop::new();
/// std::thread::spawn(move || event_loop.call_soon(|| ()));
/// ```
/// A negative number of permits:
/// ```compile_fail,E0600
/// send_none::sync::Semaphore::new(-1);
/// ```
/// Looping over a coroutine:
/// ```compile_fail,E0277
/// async fn answer() -> send_none::Result<i32> { Ok(42) }
/// for _ in answer() {}
/// ```
#[cfg(doctest)]
struct Refused;
