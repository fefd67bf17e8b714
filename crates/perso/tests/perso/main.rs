//! Personalization over real firmware in process, and over a simulated chip of another maker.

mod babble;
mod fresh;
mod other_maker;
mod refused;
mod support;
mod torn;
