//! The configuration: which pages may change the registry, and where they look for a helper.

use crate::audit::CheckpointPace;
use crate::clock::{Clock, SystemClock};
use crate::server::Limits;
use cardwright_protocol::helper::HELPER_PORTS;
use serde::Deserialize;
use std::net::IpAddr;
use std::{path::PathBuf, sync::Arc, time::Duration};

/// How a registry is set up.
#[derive(Clone)]
pub struct Config {
    /// Ports of 127.0.0.1 on which the page looks for a helper.
    pub helper_ports: Vec<u16>,
    /// Origins of pages that may change something, compared by exact equality. `None`: those by
    /// which this computer calls the address that the registry listens on.
    pub origins: Option<Vec<String>>,
    /// Addresses of the proxies through which pages come. They are the ones that speak TLS then,
    /// and what they say of where a request comes from is believed.
    pub proxies: Vec<IpAddr>,
    /// What peers may cost.
    pub limits: Limits,
    /// Folder of the built app.
    pub app: Option<PathBuf>,
    /// What one guess of a password costs.
    pub password_cost: PasswordCost,
    /// A session ends when it was not used for so long.
    pub session_idle: Duration,
    /// A session ends so long after it began.
    pub session_length: Duration,
    /// File of the audit log's checkpoints, best on another disk; a relative name is one in the
    /// folder of data. `None`: `audit-checkpoints` there.
    pub audit_checkpoints: Option<PathBuf>,
    /// When they are written.
    pub checkpoint_pace: CheckpointPace,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

/// Cost of Argon2id (RFC 9106).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// KiB of memory.
    pub memory: u32,
    /// Passes over the memory.
    pub passes: u32,
}

impl Default for PasswordCost {
    /// The least that OWASP's Password Storage Cheat Sheet recommends for one lane.
    fn default() -> Self {
        Self { memory: 19 * 1024, passes: 2 }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            helper_ports: HELPER_PORTS.to_vec(),
            origins: None,
            proxies: Vec::new(),
            limits: Limits::default(),
            app: None,
            password_cost: PasswordCost::default(),
            session_idle: Duration::from_secs(60 * 60),
            session_length: Duration::from_secs(12 * 60 * 60),
            audit_checkpoints: None,
            checkpoint_pace: CheckpointPace::default(),
            clock: Arc::new(SystemClock),
        }
    }
}

/// Why a text is no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It is not TOML, or not of the shape that a configuration has.
    #[error("{0}")]
    Shape(#[from] toml::de::Error),
    /// It names workstations, as it was done before helpers enrolled themselves.
    #[error(
        "workstations are no longer configured: remove each [[workstation]], and enroll its helper \
         with the code that `cardwright-registry add-workstation NAME --data DIR` prints"
    )]
    Workstations,
    /// An origin is not one.
    #[error("{0:?} is not an origin such as https://cards.example or http://127.0.0.1:8420")]
    Origin(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    helper_ports: Option<Vec<u16>>,
    origins: Option<Vec<String>>,
    audit_checkpoints: Option<PathBuf>,
    #[serde(default)]
    proxies: Vec<IpAddr>,
    /// Nobody can use it any more.
    workstation: Option<toml::Value>,
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`], which names the place.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let file: File = toml::from_str(text)?;
        if file.workstation.is_some() {
            return Err(ConfigError::Workstations);
        }
        if let Some(wrong) = file.origins.iter().flatten().find(|origin| !is_origin(origin)) {
            return Err(ConfigError::Origin(wrong.clone()));
        }
        let helper_ports = file.helper_ports.unwrap_or_else(|| HELPER_PORTS.to_vec());
        let File { origins, proxies, audit_checkpoints, .. } = file;
        Ok(Self { helper_ports, origins, proxies, audit_checkpoints, ..Self::default() })
    }
}

/// As browsers write it (RFC 6454, 6.2): scheme, host and port, lower case, nothing behind.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-:[]".contains(c);
    matches!(scheme, "http" | "https") && !authority.is_empty() && authority.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, error: Expect) {
        error.assert_eq(&Config::parse(text).err().map(|e| e.to_string()).unwrap_or_default());
    }

    #[test]
    fn mistakes_are_named() {
        check("", expect![""]);
        check(
            "origins = [\"http://127.0.0.1:8420/\"]",
            expect![[
                r#""http://127.0.0.1:8420/" is not an origin such as https://cards.example or http://127.0.0.1:8420"#
            ]],
        );
        check(
            "[[workstation]]\nname = \"desk-1\"\nsigning_key = \"00\"\nsealing_key = \"00\"",
            expect![
                "workstations are no longer configured: remove each [[workstation]], and enroll its helper with the code that `cardwright-registry add-workstation NAME --data DIR` prints"
            ],
        );
        assert!(Config::parse("ports = [1]").is_err());
    }
}
