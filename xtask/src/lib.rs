//! Everything that is done with the project: `cargo xtask run | test | soak | bench`.
//!
//! A library, too, so that the end-to-end stories start the same [`desk`] that a person gets.

pub mod bench;
pub mod build;
pub mod desk;
pub mod graph;
pub mod run;
pub mod sh;
pub mod soak;
pub mod test;
pub mod tools;
