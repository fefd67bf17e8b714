//! What stands around a helper in tests and measurements: a page that speaks to it, and a registry
//! that signs for it. No browser, no database.
//!
//! Whatever is not as a test expects panics, and says what was found.

pub mod enrolment;
mod page;
mod registry;

pub use page::Page;
pub use registry::{PROFILE, Registry, failure_of, receipt_of, refusal};

use std::time::Duration;

/// The page of the registry.
pub const ORIGIN: &str = "http://127.0.0.1:8080";

/// The name of the helper at the registry.
pub const WORKSTATION: &str = "5f1d6c2ab3e94d07";

/// What people call it.
pub const WORKSTATION_NAME: &str = "desk-1";

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The configuration of a helper on a free port, with more lines at its end.
#[must_use]
pub fn configuration(more: &str) -> String {
    format!("port = 0\n{more}\n")
}
