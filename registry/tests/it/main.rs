//! The registry from outside: real router, real database file, real HTTP.

mod accounts;
mod adoption;
mod answer;
mod audit;
mod audit_at_start;
mod audit_checkpoints;
mod audit_verifier;
mod backup;
mod backup_of_yesterday;
mod bad_requests;
mod behind;
mod command_line;
mod credentials;
mod database;
mod desk;
#[cfg(target_os = "linux")]
mod door;
mod enrolment;
mod erase;
mod every_field;
#[cfg(target_os = "linux")]
mod flood;
#[cfg(target_os = "linux")]
mod full_disk;
mod headers;
mod hostile_heads;
mod hosts;
mod jobs;
mod keys;
mod late;
mod late_receipts;
mod log_limit;
#[cfg(target_os = "linux")]
mod long_answers;
mod never_began;
mod office;
mod outcomes;
mod own_password;
mod people;
mod permissions;
mod processes;
mod program;
mod proof;
mod raw;
mod recorded_keys;
mod refusals;
mod reveals;
mod revoked;
mod root_key;
mod root_key_versions;
mod rotation_killed;
mod search;
mod sessions;
#[cfg(target_os = "linux")]
mod small_disk;
mod story;
mod take_over;
mod templates;
mod the_app;
mod throttle;
mod tickets;
mod tls;
mod tries;
mod workstations;
mod world;
