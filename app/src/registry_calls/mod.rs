//! What the app asks of the registry: one function per route, one file per kind of thing.

mod accounts;
mod audit;
mod cards;
mod processes;
mod secrets;
mod templates;
mod workstations;
