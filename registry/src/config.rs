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
    #[error(
        "{0:?} is not an origin as browsers write it, such as https://cards.example or \
         http://127.0.0.1:8420: lower case, nothing behind, and no port 443 of https or 80 of http"
    )]
    Origin(String),
    /// Pages of an origin would be of no use.
    #[error(
        "{0:?}: a browser gives no key to a page that comes by http from another computer; use \
         https"
    )]
    NotSecure(String),
    /// A list must not be empty.
    #[error("{0} is empty: {1}")]
    Empty(&'static str, &'static str),
    /// A port is none.
    #[error("helper_ports has 0, which is no port that a page could look at")]
    Port,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    helper_ports: Option<Vec<u16>>,
    origins: Option<Vec<String>>,
    audit_checkpoints: Option<PathBuf>,
    #[serde(default)]
    proxies: Vec<IpAddr>,
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`], which names the place.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let table: toml::Table = toml::from_str(text)?;
        if table.contains_key("workstation") {
            return Err(ConfigError::Workstations);
        }
        let File { helper_ports, origins, audit_checkpoints, proxies } = toml::from_str(text)?;
        if let Some(origins) = &origins {
            check_origins(origins)?;
        }
        let helper_ports = helper_ports.unwrap_or_else(|| HELPER_PORTS.to_vec());
        if helper_ports.is_empty() {
            return Err(ConfigError::Empty("helper_ports", "no page would find a helper"));
        }
        if helper_ports.contains(&0) {
            return Err(ConfigError::Port);
        }
        Ok(Self { helper_ports, origins, proxies, audit_checkpoints, ..Self::default() })
    }
}

fn check_origins(origins: &[String]) -> Result<(), ConfigError> {
    if origins.is_empty() {
        return Err(ConfigError::Empty("origins", "nobody could open the registry"));
    }
    for origin in origins {
        if !is_origin(origin) {
            return Err(ConfigError::Origin(origin.clone()));
        }
        if !is_secure(origin) {
            return Err(ConfigError::NotSecure(origin.clone()));
        }
    }
    Ok(())
}

/// As browsers write it (RFC 6454, 6.2): scheme, host and port, lower case, nothing behind, and no
/// port that the scheme has anyway.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-:[]".contains(c);
    let usual_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return false,
    };
    !authority.is_empty() && authority.chars().all(plain) && !authority.ends_with(usual_port)
}

/// Whether a browser lets pages of an origin make keys (W3C Secure Contexts, 3.1): they come by
/// https, or from its own computer.
fn is_secure(origin: &str) -> bool {
    let Some(authority) = origin.strip_prefix("http://") else { return true };
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => host,
        _ => authority,
    };
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let is_loopback = address.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    is_loopback || host == "localhost" || host.ends_with(".localhost")
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
                r#""http://127.0.0.1:8420/" is not an origin as browsers write it, such as https://cards.example or http://127.0.0.1:8420: lower case, nothing behind, and no port 443 of https or 80 of http"#
            ]],
        );
        check(
            "origins = [\"http://cards.example\"]",
            expect![[
                r#""http://cards.example": a browser gives no key to a page that comes by http from another computer; use https"#
            ]],
        );
        check("origins = []", expect!["origins is empty: nobody could open the registry"]);
        check("helper_ports = []", expect!["helper_ports is empty: no page would find a helper"]);
        check(
            "helper_ports = [8421, 0]",
            expect!["helper_ports has 0, which is no port that a page could look at"],
        );
        check(
            "[[workstation]]\nname = \"desk-1\"\nsigning_key = \"00\"\nsealing_key = \"00\"",
            expect![
                "workstations are no longer configured: remove each [[workstation]], and enroll its helper with the code that `cardwright-registry add-workstation NAME --data DIR` prints"
            ],
        );
        check(
            "ports = [1]",
            expect![[r#"
                TOML parse error at line 1, column 1
                  |
                1 | ports = [1]
                  | ^^^^^
                unknown field `ports`, expected one of `helper_ports`, `origins`, `audit_checkpoints`, `proxies`
            "#]],
        );
    }

    #[test]
    fn an_origin_is_what_a_browser_would_send_and_use() {
        for (origin, is_good) in [
            ("https://cards.example.org", true),
            ("https://cards.example.org:8443", true),
            ("https://10.0.0.7:8443", true),
            ("http://localhost:8420", true),
            ("http://cards.localhost", true),
            ("http://127.0.0.2:8420", true),
            ("http://[::1]:8420", true),
            ("http://[::1]", true),
            ("http://localhost:443", true),
            ("https://cards.example.org:443", false),
            ("http://localhost:80", false),
            ("http://localhost.example.org", false),
            ("http://10.0.0.7:8420", false),
            ("http://[2001:db8::1]", false),
            ("https://Cards.example.org", false),
            ("https://", false),
            ("cards.example.org", false),
            ("null", false),
        ] {
            let parsed = Config::parse(&format!("origins = [\"{origin}\"]"));
            assert_eq!(parsed.is_ok(), is_good, "{origin}");
        }
    }
}
