//! What a person sees and does, in a real browser, with registry and helper played by `fakes.js`.

#![cfg(target_arch = "wasm32")]

mod card;
mod erase;
mod helper;
mod login;
mod person;
mod recovery;
mod scenery;
mod search;
mod session;
mod template;
mod wizard;

wasm_bindgen_test::wasm_bindgen_test_configure!(run_in_browser);
