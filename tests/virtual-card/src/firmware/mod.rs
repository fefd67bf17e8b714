//! Nitrokey's PIV firmware from the published crates, run in place: the crates' own runner sleeps
//! a millisecond per call and starts every card from the same random seed.

mod applications;
mod backends;
mod flash;
mod platform;

pub(crate) use applications::{Ended, power_on};
pub(crate) use flash::Flash;
