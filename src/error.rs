//! An exception is a value.
//!
//! In Python every `await` can raise, and what is raised travels up by itself. In Rust what can go
//! wrong stands in the type: a coroutine is a future of [`Result<T>`](Result), `?` is the raise,
//! and a `match` is the `except`. So before there is a loop or a future, there is this enum.
//!
//! Python: `except Exception` swallowed a cancellation in 3.5, because `CancelledError` was an
//! ordinary exception.
//! Rust: `Err(_) => …` swallows it in just the same way, because [`Error::Cancelled`] is an
//! ordinary `Err`.
//!
//! Next: [`clock`](crate::clock), the two kinds of time.

use std::any::{Any, type_name};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a coroutine returns: a value, or the [`Error`] that left it.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can come out of a coroutine, a future or the loop in place of a value.
///
/// An error is cheap to clone, because one future can have many waiters and each of them is given
/// it. Anything that implements [`std::error::Error`] turns into one by `?`.
///
/// [`Display`](fmt::Display) prints asyncio's text where it has one; [`Debug`](fmt::Debug), which is
/// what `unwrap` and `fn main() -> Result<()>` show, adds Python's name for the kind of error and
/// what to do about it.
///
/// ```
/// use send_none::Error;
///
/// async fn parse(text: &str) -> send_none::Result<i32> {
///     Ok(text.parse()?) // a ParseIntError becomes an Error
/// }
///
/// let error = send_none::run(parse("seven")).unwrap_err();
/// assert_eq!(error.kind(), "ParseIntError");
/// assert!(error.downcast_ref::<std::num::ParseIntError>().is_some());
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub enum Error {
    /// The future or task was cancelled. Python: `asyncio.CancelledError`.
    #[doc(alias = "CancelledError")]
    Cancelled,
    /// A future was asked for something that its state does not allow. Python:
    /// `asyncio.InvalidStateError`.
    #[doc(alias = "InvalidStateError")]
    InvalidState(&'static str),
    /// The loop, a task or a coroutine was used in a way that cannot work. Python: `RuntimeError`.
    #[doc(alias = "RuntimeError")]
    Runtime {
        /// What is wrong, in asyncio's words where it has them.
        text: Arc<str>,
        /// What to do instead.
        advice: &'static str,
    },
    /// It took too long. Python: `asyncio.TimeoutError`.
    #[doc(alias = "TimeoutError")]
    Timeout,
    /// Code of a task or a callback panicked, with this message.
    Panicked(Arc<str>),
    /// Any other error that a program raised.
    Other(Arc<dyn Raisable>),
}

/// In asyncio's words: the future is settled already.
pub(crate) const ALREADY_DONE: &str = "invalid state";

/// An error that a program raised: every [`std::error::Error`] that can be shared between threads
/// is one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error",
    note = "for a bare text: `Error::msg(\"…\")`"
)]
pub trait Raisable: std::error::Error + Send + Sync + Any {
    /// The name of its type, without the path.
    fn kind(&self) -> &'static str {
        let name = type_name::<Self>().split('<').next().unwrap_or_default();
        name.rsplit("::").next().unwrap_or(name)
    }
}

impl<E: std::error::Error + Send + Sync + Any> Raisable for E {}

impl<E: Raisable> From<E> for Error {
    fn from(error: E) -> Self {
        Error::Other(Arc::new(error))
    }
}

impl Error {
    /// An error with nothing but a text. Python: `Exception(text)`.
    pub fn msg(text: impl Into<String>) -> Self {
        Error::from(self::Exception(text.into()))
    }

    /// A value that makes no sense. Python: `ValueError(text)`.
    pub(crate) fn value(text: &'static str) -> Self {
        Error::from(self::ValueError(text))
    }

    pub(crate) fn runtime(text: &str, advice: &'static str) -> Self {
        Error::Runtime {
            text: text.into(),
            advice,
        }
    }

    /// What is to be waited for belongs to another loop than the one that should wait.
    pub(crate) fn of_a_different_loop() -> Self {
        let text =
            "The future belongs to a different loop than the one specified as the loop argument";
        Error::value(text)
    }

    /// Every refusal of a closed loop is this one.
    pub(crate) fn closed() -> Self {
        Error::runtime(
            "Event loop is closed",
            "make a new one with EventLoop::new()",
        )
    }

    /// The message of a caught panic; `panic!` carries a `&str` or a `String`.
    pub(crate) fn of_panic(payload: &(dyn Any + Send)) -> Self {
        let text = payload.downcast_ref::<&str>().copied();
        let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Error::Panicked(text.unwrap_or("a panic without a message").into())
    }

    /// The same, and the end of that panic. What it carries may be anything, and may panic again when
    /// it is dropped: then it is leaked.
    pub(crate) fn from_panic(payload: Box<dyn Any + Send>) -> Self {
        let error = Self::of_panic(&*payload);
        if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
            std::mem::forget(again);
        }
        error
    }

    /// Python's name for this kind of error, or the name of the type that was raised.
    pub fn kind(&self) -> &'static str {
        match self {
            Error::Cancelled => "CancelledError",
            Error::InvalidState(_) => "InvalidStateError",
            Error::Runtime { .. } => "RuntimeError",
            Error::Timeout => "TimeoutError",
            Error::Panicked(_) => "Panicked",
            Error::Other(error) => (**error).kind(),
        }
    }

    /// Whether this is [`Error::Cancelled`].
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Error::Cancelled)
    }

    /// The error that was raised, if it is an `E`. Python: `except E as exc`.
    pub fn downcast_ref<E: std::error::Error + 'static>(&self) -> Option<&E> {
        match self {
            Error::Other(error) => (&**error as &dyn Any).downcast_ref(),
            _ => None,
        }
    }

    /// Whether both are one and the same error, not just equal ones. Python: `is`.
    pub fn is(&self, other: &Error) -> bool {
        match (self, other) {
            (Error::Cancelled, Error::Cancelled) | (Error::Timeout, Error::Timeout) => true,
            (Error::InvalidState(a), Error::InvalidState(b)) => a == b,
            (Error::Runtime { text: a, .. }, Error::Runtime { text: b, .. }) => Arc::ptr_eq(a, b),
            (Error::Panicked(a), Error::Panicked(b)) => Arc::ptr_eq(a, b),
            (Error::Other(a), Error::Other(b)) => std::ptr::addr_eq(Arc::as_ptr(a), Arc::as_ptr(b)),
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Cancelled => write!(f, "cancelled"),
            Error::Timeout => write!(f, "timed out"),
            Error::InvalidState(text) => write!(f, "{text}"),
            Error::Runtime { text, .. } | Error::Panicked(text) => write!(f, "{text}"),
            Error::Other(error) => write!(f, "{error}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Cancelled | Error::Timeout => write!(f, "{}", self.kind()),
            Error::Runtime { text, advice } => {
                let (first, rest) = text.split_at(text.find('\n').unwrap_or(text.len()));
                write!(f, "{}: {first} ({advice}){rest}", self.kind())
            }
            Error::InvalidState(ALREADY_DONE) => {
                let advice = "the future is done already, and can be settled only once";
                write!(f, "{}: {ALREADY_DONE} ({advice})", self.kind())
            }
            _ => write!(f, "{}: {self}", self.kind()),
        }
    }
}

/// As text, for those who watch. To print an error can be a program's own code, which may panic.
pub(crate) fn printed(print: impl FnOnce() -> String) -> String {
    let printed = catch_unwind(AssertUnwindSafe(print));
    printed.unwrap_or_else(|panic| {
        let _panicked = Error::from_panic(panic);
        "an error that panics when it is printed".into()
    })
}

/// So that `?` works in a function that returns a `Box<dyn std::error::Error>`. ([`Error`] is no
/// `std::error::Error` itself: then not every one of these could turn into it.)
impl From<Error> for Box<dyn std::error::Error + Send + Sync> {
    fn from(error: Error) -> Self {
        Box::new(Boxed(error))
    }
}

/// The same without `Send + Sync`, which is a type of its own.
impl From<Error> for Box<dyn std::error::Error> {
    fn from(error: Error) -> Self {
        Box::new(Boxed(error))
    }
}

struct Boxed(Error);

impl fmt::Debug for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Boxed {}

/// The error behind [`Error::msg`].
struct Exception(String);

/// The error behind `Error::value`.
#[derive(Debug)]
struct ValueError(&'static str);

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl std::error::Error for ValueError {}

impl fmt::Debug for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl std::error::Error for Exception {}
