//! The registry from outside: real router, real database file, real HTTP.

mod accounts;
mod adoption;
mod answer;
mod backup;
mod backup_of_yesterday;
mod bad_requests;
mod command_line;
mod desk;
mod erase;
#[cfg(target_os = "linux")]
mod full_disk;
mod jobs;
mod keys;
mod late;
mod late_receipts;
mod never_began;
mod office;
mod outcomes;
mod own_password;
mod people;
mod permissions;
mod processes;
mod program;
mod proof;
mod recorded_keys;
mod root_key;
mod search;
mod sessions;
#[cfg(target_os = "linux")]
mod small_disk;
mod story;
mod take_over;
mod templates;
mod the_app;
mod throttle;
mod tries;
mod world;
