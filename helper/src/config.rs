//! What the administrator says about this helper, in TOML.

use crate::Error;
use cardwright_protocol::ids::WorkstationId;
use cardwright_seal::VerifyingKey;
use serde::Deserialize;
use std::{fs, path::Path, time::Duration};

/// The port when the configuration names none.
pub const DEFAULT_PORT: u16 = 8421;

/// The least that the generation of a key pair may take, in seconds: chips in the field need a
/// minute and more for RSA, and one that is given up in the middle has to begin again.
const LEAST_GENERATION: u16 = 120;

/// The configuration of a helper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The name under which the registry knows this helper.
    pub workstation: WorkstationId,
    /// TCP port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// Verifies jobs and acknowledgements of the one registry that this helper obeys.
    pub registry_key: VerifyingKey,
    /// Values of `Origin` that are let in, compared byte by byte. Never empty.
    pub origins: Vec<String>,
    /// Values of `Host` that are let in, compared byte by byte; `None` means `127.0.0.1` and
    /// `localhost` with the port that is listened on.
    pub hosts: Option<Vec<String>>,
    /// How long a chip may be silent.
    pub limits: Limits,
}

/// How long a chip may be silent before it counts as hung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a whole inspection. 10 seconds unless configured.
    pub inspection: Duration,
    /// For one command of a job. 30 seconds unless configured.
    pub command: Duration,
    /// For the generation of a key pair, which takes a slow chip minutes for RSA. 150 seconds
    /// unless configured.
    pub generation: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inspection: Duration::from_secs(10),
            command: Duration::from_secs(30),
            generation: Duration::from_secs(150),
        }
    }
}

impl Config {
    /// Reads a configuration file.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be read, [`Error::Config`] when it is not a configuration.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = fs::read_to_string(path)
            .map_err(|cause| Error::File { path: path.to_owned(), cause })?;
        Self::parse(&text).map_err(|why| Error::Config { path: path.to_owned(), why })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        if file.workstation.trim().is_empty() {
            return Err("`workstation` is empty".to_owned());
        }
        if file.origins.is_empty() {
            return Err("`origins` is empty: no page could use this helper".to_owned());
        }
        if let Some(origin) = file.origins.iter().find(|origin| !is_origin(origin)) {
            return Err(format!(
                "`origins` has {origin:?}: expected scheme, host and port as browsers send them, \
                 such as \"https://cards.example.org\""
            ));
        }
        if let Some(hosts) = &file.hosts
            && (hosts.is_empty() || hosts.iter().any(|host| !is_host(host)))
        {
            return Err("`hosts` must have values such as \"127.0.0.1:8421\"".to_owned());
        }
        Ok(Self {
            workstation: WorkstationId(file.workstation),
            port: file.port,
            registry_key: file
                .registry_key
                .parse()
                .map_err(|error| format!("`registry_key`: {error}"))?,
            origins: file.origins,
            hosts: file.hosts,
            limits: file.limits.checked()?,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    workstation: String,
    #[serde(default = "default_port")]
    port: u16,
    registry_key: String,
    origins: Vec<String>,
    hosts: Option<Vec<String>>,
    #[serde(default)]
    limits: LimitsFile,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsFile {
    inspection_seconds: Option<u16>,
    command_seconds: Option<u16>,
    generation_seconds: Option<u16>,
}

impl LimitsFile {
    fn checked(self) -> Result<Limits, String> {
        let default = Limits::default();
        let limit = |name: &str, seconds: Option<u16>, least: u16, default| match seconds {
            Some(seconds) if seconds < least => {
                Err(format!("`limits` must have at least {least} as `{name}`"))
            }
            Some(seconds) => Ok(Duration::from_secs(seconds.into())),
            None => Ok(default),
        };
        Ok(Limits {
            inspection: limit(
                "inspection_seconds",
                self.inspection_seconds,
                1,
                default.inspection,
            )?,
            command: limit("command_seconds", self.command_seconds, 1, default.command)?,
            generation: limit(
                "generation_seconds",
                self.generation_seconds,
                LEAST_GENERATION,
                default.generation,
            )?,
        })
    }
}

fn default_port() -> u16 {
    DEFAULT_PORT
}

/// Whether a browser could send this as `Origin` (RFC 6454, 6.2): scheme and authority in lower
/// case, nothing behind. `null` is what every sandboxed page and local file sends.
fn is_origin(text: &str) -> bool {
    text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).is_some_and(is_host)
}

fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]_".contains(&byte)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A";

    fn parse(more: &str) -> Result<Config, String> {
        let origins = if more.contains("origins") { "" } else { "origins = [\"http://a:1\"]" };
        Config::parse(&format!(
            "workstation = \"desk-1\"\nregistry_key = \"{KEY}\"\n{origins}\n{more}"
        ))
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let config = parse("").unwrap();
        assert_eq!((config.port, config.hosts), (8421, None));
        assert_eq!(config.limits, Limits::default());
    }

    #[test]
    fn limits_can_be_longer_for_slow_chips() {
        let config = parse("[limits]\ngeneration_seconds = 120").unwrap();
        assert_eq!(config.limits.generation, Duration::from_secs(120));
        assert!(Limits::default().generation >= config.limits.generation);
        let config = parse("[limits]\ngeneration_seconds = 400").unwrap();
        assert_eq!(config.limits.generation, Duration::from_secs(400));
        assert_eq!(config.limits.command, Limits::default().command);
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let cases = [
            ("origin = []", "unknown field"),
            ("origins = []", "`origins` is empty"),
            ("origins = [\"null\"]", "`origins` has"),
            ("origins = [\"*\"]", "`origins` has"),
            ("origins = [\"https://a/\"]", "`origins` has"),
            ("origins = [\"https://A\"]", "`origins` has"),
            ("origins = [\"https://\"]", "`origins` has"),
            ("origins = [\"ws://a\"]", "`origins` has"),
            ("hosts = []", "`hosts` must"),
            ("hosts = [\"a b\"]", "`hosts` must"),
            ("port = 70000", "port"),
            ("[limits]\ncommand_seconds = 0", "`limits` must"),
            ("[limits]\ngeneration_seconds = 119", "at least 120 as `generation_seconds`"),
            ("[limits]\ncommand = 1", "unknown field"),
        ];
        for (text, why) in cases {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
