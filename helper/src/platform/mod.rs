//! All that differs between operating systems: files that only their owner can read, limits of the
//! process, and the wish that it should end.

pub(crate) mod private_file;
mod process;

pub use process::{prepare, told_to_end};
