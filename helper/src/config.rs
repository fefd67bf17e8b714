//! What the administrator says about this helper, in TOML. Nothing needs to be said.

use crate::Error;
use crate::enrolment::is_host;
use serde::Deserialize;
use std::{fs, path::Path, time::Duration};

/// The least that the generation of a key pair may take, in seconds: chips in the field need a
/// minute and more for RSA, and one that is given up in the middle has to begin again.
const LEAST_GENERATION: u16 = 120;

/// The most that a ticket may be good for, in seconds: who logs out, or is no operator any more, can
/// ask for nothing after that.
const MOST_TICKET: u16 = 60;

/// What a helper learns of its registry, and was configured before.
const LEARNED: [&str; 3] = ["workstation", "registry_key", "origins"];

/// The configuration of a helper. All of it has defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// TCP port on 127.0.0.1; 0 takes any free one. `None` takes the first free one of
    /// [`HELPER_PORTS`](cardwright_protocol::helper::HELPER_PORTS).
    pub port: Option<u16>,
    /// Values of `Host` that are let in, compared byte by byte; `None` means `127.0.0.1` and
    /// `localhost` with the port that is listened on.
    pub hosts: Option<Vec<String>>,
    /// How long chips and pages may be silent.
    pub limits: Limits,
}

/// How long a chip may be silent before it counts as hung, and a page before it asks for nothing
/// any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a whole inspection. 10 seconds unless configured.
    pub inspection: Duration,
    /// For one command of a job. 30 seconds unless configured.
    pub command: Duration,
    /// For the generation of a key pair, which takes a slow chip minutes for RSA. 150 seconds
    /// unless configured.
    pub generation: Duration,
    /// From the making of a challenge until the authority of the ticket that answers it ends.
    /// 60 seconds unless configured, and never more.
    pub ticket: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inspection: Duration::from_secs(10),
            command: Duration::from_secs(30),
            generation: Duration::from_secs(150),
            ticket: Duration::from_secs(MOST_TICKET.into()),
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
        let table: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
        if let Some(name) = LEARNED.into_iter().find(|name| table.contains_key(*name)) {
            return Err(format!(
                "`{name}` is not configured any more: a helper learns it from its registry; delete \
                 the line, and run `cardwright-helper enroll URL`"
            ));
        }
        let file: File = toml::from_str(text).map_err(|error| error.to_string())?;
        if let Some(hosts) = &file.hosts
            && (hosts.is_empty() || hosts.iter().any(|host| !is_host(host)))
        {
            return Err("`hosts` must have values such as \"127.0.0.1:8421\"".to_owned());
        }
        Ok(Self { port: file.port, hosts: file.hosts, limits: file.limits.checked()? })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    port: Option<u16>,
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
    ticket_seconds: Option<u16>,
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
        if self.ticket_seconds.is_some_and(|seconds| seconds > MOST_TICKET) {
            return Err(format!("`limits` must have at most {MOST_TICKET} as `ticket_seconds`"));
        }
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
            ticket: limit("ticket_seconds", self.ticket_seconds, 1, default.ticket)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(text)
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        assert_eq!(parse("").unwrap(), Config::default());
        assert_eq!(Limits::default().ticket, Duration::from_secs(60));
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
            ("origins = [\"http://a:1\"]", "`origins` is not configured any more"),
            ("workstation = \"desk-1\"", "`workstation` is not configured any more"),
            ("registry_key = \"\"", "run `cardwright-helper enroll URL`"),
            ("hosts = []", "`hosts` must"),
            ("hosts = [\"a b\"]", "`hosts` must"),
            ("port = 70000", "port"),
            ("[limits]\ncommand_seconds = 0", "`limits` must"),
            ("[limits]\ngeneration_seconds = 119", "at least 120 as `generation_seconds`"),
            ("[limits]\nticket_seconds = 0", "at least 1 as `ticket_seconds`"),
            ("[limits]\nticket_seconds = 61", "at most 60 as `ticket_seconds`"),
            ("[limits]\ncommand = 1", "unknown field"),
        ];
        for (text, why) in cases {
            let error = parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
