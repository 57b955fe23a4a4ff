//! The futures that say `Pending`: the same ones on both sides.
//!
//! Each of them does the least that its kind can do: it stores the waker of its last poll, or calls
//! it. So what is measured is what the schedulers make of it.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

/// Pending so many times, and wakes itself each time; then ready.
pub fn yields(left: usize) -> Yields {
    Yields { left }
}

/// See [`yields`].
#[must_use = "it yields when it is awaited"]
pub struct Yields {
    left: usize,
}

impl Future for Yields {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.left == 0 {
            return Poll::Ready(());
        }
        self.left -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Room for one number and one who waits for it. For one thread.
#[derive(Clone, Default)]
pub struct Slot {
    inside: Rc<SlotInside>,
}

#[derive(Default)]
struct SlotInside {
    value: Cell<Option<usize>>,
    waiting: Cell<Option<Waker>>,
}

impl Slot {
    /// Puts a number in, and wakes whoever waits.
    pub fn put(&self, value: usize) {
        self.inside.value.set(Some(value));
        if let Some(waker) = self.inside.waiting.take() {
            waker.wake();
        }
    }

    /// Waits for a number, and takes it out.
    pub async fn take(&self) -> usize {
        std::future::poll_fn(|cx| match self.inside.value.take() {
            Some(value) => Poll::Ready(value),
            None => {
                self.inside.waiting.set(Some(cx.waker().clone()));
                Poll::Pending
            }
        })
        .await
    }
}

/// An event that happens again and again, and wakes all who wait for it. For one thread.
#[derive(Clone, Default)]
pub struct Bell {
    inside: Rc<BellInside>,
}

#[derive(Default)]
struct BellInside {
    strikes: Cell<usize>,
    waiting: RefCell<Vec<Waker>>,
}

impl Bell {
    /// Wakes all who wait, in the order of their coming. (On both sides to wake is only to queue,
    /// so nobody comes back here meanwhile.)
    pub fn strike(&self) {
        self.inside.strikes.set(self.inside.strikes.get() + 1);
        for waker in self.inside.waiting.borrow_mut().drain(..) {
            waker.wake();
        }
    }

    /// Waits for the next strike.
    pub async fn next(&self) {
        let heard = self.inside.strikes.get();
        std::future::poll_fn(|cx| {
            if self.inside.strikes.get() > heard {
                return Poll::Ready(());
            }
            self.inside.waiting.borrow_mut().push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }
}

/// Is raised once, from whichever thread; one can wait for it.
#[derive(Clone, Default)]
pub struct Flag {
    inside: Arc<FlagInside>,
}

#[derive(Default)]
struct FlagInside {
    raised: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Flag {
    /// Raises it, and wakes whoever waits.
    pub fn raise(&self) {
        self.inside.raised.store(true, Ordering::Release);
        let waiting = self.waiting().take();
        if let Some(waker) = waiting {
            waker.wake();
        }
    }

    /// Wakes whoever waits, for nothing.
    pub fn wake(&self) {
        if let Some(waker) = &*self.waiting() {
            waker.wake_by_ref();
        }
    }

    /// The waker of the last poll.
    pub fn waker(&self) -> Option<Waker> {
        self.waiting().clone()
    }

    /// Waits until it is raised, and counts the polls.
    pub async fn wait(&self) -> usize {
        let mut polls = 0;
        std::future::poll_fn(|cx| {
            polls += 1;
            let mut waiting = self.waiting();
            if self.inside.raised.load(Ordering::Acquire) {
                return Poll::Ready(polls);
            }
            if waiting
                .as_ref()
                .is_none_or(|old| !old.will_wake(cx.waker()))
            {
                *waiting = Some(cx.waker().clone());
            }
            Poll::Pending
        })
        .await
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Waker>> {
        self.inside
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
