//! Commands and objects against chips that behave, and against chips that answer anything.

mod commands;
