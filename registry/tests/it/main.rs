//! The registry from outside: real router, real database file, real HTTP.

mod adoption;
mod answer;
mod backup;
mod backup_of_yesterday;
mod bad_requests;
mod command_line;
mod database;
mod desk;
mod enrolment;
mod erase;
mod every_field;
#[cfg(target_os = "linux")]
mod full_disk;
mod jobs;
mod keys;
mod late;
mod late_receipts;
mod never_began;
mod office;
mod outcomes;
mod permissions;
mod processes;
mod program;
mod proof;
mod recorded_keys;
mod refusals;
mod revoked;
mod root_key;
mod search;
mod sessions;
#[cfg(target_os = "linux")]
mod small_disk;
mod story;
mod take_over;
mod templates;
mod the_app;
mod tickets;
mod tries;
mod workstations;
mod world;
