//! The whole system under tears and kills: what must be true at the end is true.

mod undisturbed;
