//! The registry from outside: real router, real database file, real HTTP.

mod bad_requests;
mod command_line;
mod desk;
mod jobs;
mod keys;
mod outcomes;
mod permissions;
mod processes;
mod search;
mod sessions;
mod templates;
mod the_app;
mod world;
