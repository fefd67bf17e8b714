//! The whole system under tears and kills: what must be true at the end is true.

mod backup;
mod canary;
mod crash;
mod full_disk;
mod kill;
mod random;
mod swap;
mod tear;
mod undisturbed;

/// Desks side by side in each test.
const LANES: usize = 3;
