//! What the app asks of the registry beyond cards and templates: one file per kind of thing.

mod accounts;
mod audit;
mod secrets;
mod workstations;
