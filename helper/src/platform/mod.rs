//! All that differs between operating systems: files that only their owner can read, a clock that
//! goes on while the computer sleeps, limits of the process, and the wish that it should end.

mod clock;
pub(crate) mod private_file;
mod process;

pub(crate) use clock::Moment;
pub use process::{prepare, told_to_end};
