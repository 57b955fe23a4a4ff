//! `async with`: a block whose entering and leaving may wait.

use std::ops::AsyncFnOnce;

use crate::error::{Error, Result};

/// What a block can be entered with. Python: `__aenter__` and `__aexit__`.
#[doc(alias = "__aenter__")]
#[doc(alias = "__aexit__")]
#[allow(
    async_fn_in_trait,
    reason = "one thread: nobody needs these futures to be Send"
)]
pub trait AsyncContextManager {
    /// What the body is given.
    type Target;

    /// Awaited before the body. If it fails, neither the body nor `aexit` runs.
    async fn aenter(&mut self) -> Result<Self::Target>;

    /// Awaited after the body, however that ended, and told of its error. `true` swallows that
    /// error; an error from here takes its place.
    async fn aexit(&mut self, error: Option<&Error>) -> Result<bool>;
}

/// So a manager can be used again after the block.
impl<M: AsyncContextManager> AsyncContextManager for &mut M {
    type Target = M::Target;

    async fn aenter(&mut self) -> Result<Self::Target> {
        (**self).aenter().await
    }

    async fn aexit(&mut self, error: Option<&Error>) -> Result<bool> {
        (**self).aexit(error).await
    }
}

/// Enters, runs the body, leaves. Python: `async with manager as target: …`.
///
/// Gives what the body returned; `None` if the body failed and `aexit` swallowed the error. The body is a
/// closure: to `return` or `break` from around the block, give back a value that says so, for instance a
/// [`ControlFlow`](std::ops::ControlFlow), and do it behind the block.
///
/// ```
/// use send_none::{AsyncContextManager, Error, Result, async_with};
///
/// struct Quiet;
///
/// impl AsyncContextManager for Quiet {
///     type Target = &'static str;
///     async fn aenter(&mut self) -> Result<&'static str> {
///         Ok("hush")
///     }
///     async fn aexit(&mut self, _error: Option<&Error>) -> Result<bool> {
///         Ok(true)
///     }
/// }
///
/// send_none::run(async {
///     assert_eq!(async_with(Quiet, async |word| Ok(word.len())).await?, Some(4));
///     let swallowed = async_with(Quiet, async |_| Err::<(), _>(Error::msg("oh!"))).await?;
///     assert_eq!(swallowed, None);
///     Ok(())
/// })?;
/// # Ok::<(), send_none::Error>(())
/// ```
///
/// # Errors
/// What `aenter` or `aexit` fail with; the body's error, unless it is swallowed.
///
/// A body that is dropped in the middle, by [`abort`](crate::Task::abort) for instance, cannot run
/// an `aexit` that waits: what must be undone in any case belongs in a `Drop`.
pub async fn async_with<M, B, R>(mut manager: M, body: B) -> Result<Option<R>>
where
    M: AsyncContextManager,
    B: AsyncFnOnce(M::Target) -> Result<R>,
{
    let target = manager.aenter().await?;
    match body(target).await {
        Ok(value) => {
            manager.aexit(None).await?;
            Ok(Some(value))
        }
        Err(error) => {
            let swallowed = manager.aexit(Some(&error)).await?;
            if swallowed { Ok(None) } else { Err(error) }
        }
    }
}
