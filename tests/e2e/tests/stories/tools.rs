//! Tools that nobody here wrote agree about the chip.
fn main() {}
