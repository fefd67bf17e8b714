//! The page that people work with: it shows and asks. It decides nothing about a chip and sees no
//! PIN, PUK or key: it carries sealed jobs down to the helper and signed statements up to the
//! registry.
//!
//! Screen logic is in plain structs ([`wizard`], [`search`], [`template_editor`], [`account_draft`],
//! the link to the [`helper`]), tested natively; `pages` and `components` put it on the screen.

#![expect(unreachable_pub, reason = "what #[component] generates is public in its module")]

mod account_draft;
mod app;
mod audit_search;
mod complaint;
mod components;
mod countdown;
mod courier;
#[cfg(test)]
mod fixtures;
mod helper;
mod leaving;
mod pages;
mod registry;
mod registry_calls;
mod search;
mod session_key;
mod template_editor;
mod trouble;
mod way_back;
mod wizard;
mod words;

pub use app::App;
