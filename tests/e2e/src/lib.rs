//! What the end-to-end stories are told with: a desk, a browser, and verbs.
//!
//! The desk is the one that `cargo xtask run` starts: registry, helper, a private PC/SC service
//! and virtual cards. The browser is headless Chromium.

mod browser;
mod devtools;
mod foreign_site;
mod other_program;
mod second_helper;
mod story;

pub use browser::Browser;
pub use devtools::{Devtools, Memory, Traffic};
pub use foreign_site::ForeignSite;
pub use other_program::OtherProgram;
pub use second_helper::SecondHelper;
pub use story::{ADMIN, OPERATOR, Story, card, try_to_log_in};
