//! Personalization over real firmware in process, and over a simulated chip of another maker.

mod anything;
mod checks;
mod erased;
mod fresh;
mod half_written;
mod no_burn;
mod other_maker;
mod refused;
mod retries;
mod scripted;
mod support;
mod swapped;
mod torn;
