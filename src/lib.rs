//! An async executor to be read: Python 3.5's asyncio, rebuilt on `std::task::Waker`.

pub mod error;

pub mod clock;
pub mod observer;

pub mod handle;
pub mod timers;

pub mod any_future;
pub mod task_table;

pub mod mailbox;

pub mod event_loop;
pub mod turn;

pub mod waker;

pub mod step;

pub mod coroutine;

pub mod future_cell;
pub mod settling;

pub mod awaiting;

pub mod task;
pub mod task_handle;

pub mod run;

pub mod combinators;
pub mod protocols;

pub use crate::any_future::AnyFuture;
pub use crate::combinators::gather::{gather, gather_results};
pub use crate::combinators::sleep::{sleep, sleep_with, yield_now};
pub use crate::coroutine::{Coroutine, Step, Suspended};
pub use crate::error::{Error, ExceptionContext, Raisable, Result};
pub use crate::event_loop::EventLoop;
pub use crate::future_cell::{DoneCallback, FutureCell};
pub use crate::handle::{Handle, TimerHandle};
pub use crate::mailbox::ThreadsafeHandle;
pub use crate::observer::{Event, Observer};
pub use crate::protocols::async_for::AsyncIter;
pub use crate::protocols::async_with::{AsyncContextManager, async_with};
pub use crate::run::{ensure_future, run};
pub use crate::task_handle::{AnyTask, Task, all_tasks, create_task, current_task};
pub use crate::turn::{get_event_loop, set_event_loop};
