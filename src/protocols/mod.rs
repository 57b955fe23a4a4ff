//! `async with` and `async for`.
//!
//! Both are syntax in Python, and in Rust a trait and an ordinary function or loop: entering,
//! leaving and stepping may each suspend, and the rest of the program runs meanwhile.

pub mod async_for;
pub mod async_with;
