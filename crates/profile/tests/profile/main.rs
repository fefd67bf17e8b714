//! Texts that are profiles, and texts that are none.

mod anything;
mod checks;
