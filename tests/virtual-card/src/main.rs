//! A virtual PIV card behind the PC/SC service.

fn main() {}
