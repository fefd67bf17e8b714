//! Commands and objects, against chips that behave and against chips that answer anything.

mod anything;
mod checks;
mod commands;
