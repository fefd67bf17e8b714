//! Every type that crosses a wire, there and back, and texts that are none.

mod anything;
mod checks;
mod draw;
mod wire;
