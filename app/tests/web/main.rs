//! What a person sees and does, in a real browser, with registry and helper played by `fakes.js`.

#![cfg(target_arch = "wasm32")]

mod accounts;
mod audit;
mod card;
mod erase;
mod fakes;
mod fields;
mod helper;
mod login;
mod password;
mod person;
mod recovery;
mod reveal;
mod scenery;
mod search;
mod session;
mod template;
mod wizard;
mod workstations;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
