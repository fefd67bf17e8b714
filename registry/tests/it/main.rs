//! The registry from outside: real router, real database file, real HTTP.

mod answer;
mod backup;
mod bad_requests;
mod command_line;
mod desk;
#[cfg(target_os = "linux")]
mod full_disk;
mod jobs;
mod keys;
mod outcomes;
mod permissions;
mod processes;
mod program;
mod root_key;
mod search;
mod sessions;
#[cfg(target_os = "linux")]
mod small_disk;
mod templates;
mod the_app;
mod world;
