//! Thread-locals: each of loom's threads has its own, and each execution new ones.

use std::cell::{Cell, RefCell};

/// Loom's, with the rest of std's methods.
pub struct LocalKey<T: 'static>(&'static loom::thread::LocalKey<T>);

/// The thread ends, and its locals are gone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccessError;

impl<T> LocalKey<T> {
    pub const fn of(inner: &'static loom::thread::LocalKey<T>) -> Self {
        LocalKey(inner)
    }

    pub fn with<R>(&'static self, act: impl FnOnce(&T) -> R) -> R {
        self.0.with(act)
    }

    /// # Errors
    /// While the thread ends.
    pub fn try_with<R>(&'static self, act: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        self.0.try_with(act).map_err(|_| AccessError)
    }
}

impl<T> LocalKey<Cell<T>> {
    pub fn set(&'static self, value: T) {
        self.with(|cell| cell.set(value));
    }

    pub fn get(&'static self) -> T
    where
        T: Copy,
    {
        self.with(Cell::get)
    }

    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(Cell::take)
    }

    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}

impl<T> LocalKey<RefCell<T>> {
    pub fn with_borrow<R>(&'static self, act: impl FnOnce(&T) -> R) -> R {
        self.with(|cell| act(&cell.borrow()))
    }

    pub fn with_borrow_mut<R>(&'static self, act: impl FnOnce(&mut T) -> R) -> R {
        self.with(|cell| act(&mut cell.borrow_mut()))
    }

    pub fn set(&'static self, value: T) {
        drop(self.replace(value));
    }

    pub fn take(&'static self) -> T
    where
        T: Default,
    {
        self.with(RefCell::take)
    }

    pub fn replace(&'static self, value: T) -> T {
        self.with(|cell| cell.replace(value))
    }
}
