#![doc = include_str!("../README.md")]
//!
//! # The map
//!
//! | module | holds |
//! |---|---|
//! | [`sides`] | who is compared, and how each runs and spawns |
//! | [`floor`] | the least that any scheduler does |
//! | [`gauge`] | the stopwatch |
//! | [`leaves`] | the futures that say `Pending`, the same for both |
//! | [`workload`] | what a workload is made of |
//! | [`workloads`] | all of them, a file for each theme |
//! | [`machine`] | where it ran: processor, compiler, versions |
//! | [`markdown`] | how tables are written |

pub mod floor;
pub mod gauge;
pub mod leaves;
pub mod machine;
pub mod markdown;
pub mod sides;
pub mod workload;
pub mod workloads;
