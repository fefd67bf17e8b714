//! The registry: owns cards, processes, accounts, secrets and the audit log, and serves the app.
//!
//! The HTTP API is the one of `cardwright_protocol::registry`. SQL is in `store` alone; what
//! people and helpers can do is in `actions`, one transaction each; `routes` converts at the edge.

mod access;
mod actions;
mod app_files;
mod audit;
pub mod cli;
mod clock;
mod config;
mod data_dir;
mod escrow;
mod files;
mod graph;
mod key_export;
mod key_name;
mod objects;
mod passwords;
mod profiles;
mod registry;
mod routes;
mod server;
mod store;
mod text;

pub use access::{Access, ROUTES, Route};
pub use actions::first_start::NewAccount;
pub use audit::CheckpointPace;
pub use clock::{Clock, SystemClock};
pub use config::{Config, ConfigError, PasswordCost};
pub use data_dir::DataError;
pub use registry::{OpenError, Registry};
pub use server::{Door, Limits, Tls, TlsError, run, run_with_tls};
pub use store::StoreError;
