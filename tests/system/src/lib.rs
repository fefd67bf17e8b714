//! The whole system under tears and kills, without a browser: registry, helper and a private PC/SC
//! service as processes that can each be killed and started again, virtual cards that hold at any
//! command, and a [`Page`] that does over the real wires exactly what the app does.
//!
//! A [`Lane`] is one desk with everything on it; cases run one after another on a lane, and lanes
//! run side by side. What is true at the end is asked by means that the product has no part in:
//! [`end_state::check`].

pub mod canary;
mod chip;
mod dice;
pub mod end_state;
mod error;
mod escrow;
mod helper_wire;
mod lane;
mod lanes;
pub mod operator;
mod page;
mod phases;
pub mod schedule;
mod site;

pub use chip::Chip;
pub use dice::Dice;
pub use error::Error;
pub use escrow::{Escrowed, Keying, database, escrowed, keyings};
pub use helper_wire::HelperWire;
pub use lane::{Lane, Place};
pub use lanes::{failures_of, run_side_by_side};
pub use page::Page;
pub use phases::Boundary;
pub use site::Site;
