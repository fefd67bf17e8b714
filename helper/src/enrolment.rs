//! What this helper knows of its registry: written when it is enrolled, read when it runs.

use crate::Error;
use crate::platform::private_file;
use cardwright_protocol::ids::{WorkstationId, WorkstationName};
use cardwright_seal::VerifyingKey;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file's name in the data folder.
const NAME: &str = "enrolment.toml";

/// Longest name of a workstation, in bytes. Registries take 64 characters.
const MAX_NAME: usize = 256;

const HEAD: &str = "# Written by `cardwright-helper enroll`; enroll anew instead of changing it.\n";

/// What a registry told when it took this helper. Nothing in it is secret; whoever can change it
/// decides whom the helper obeys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Address of the registry, without a slash at its end.
    pub registry: String,
    /// Verifies jobs, tickets and acknowledgements of the one registry that this helper obeys.
    pub registry_key: VerifyingKey,
    /// The name under which the registry knows this helper, for ever.
    pub workstation: WorkstationId,
    /// What people called the workstation at that time.
    pub name: WorkstationName,
    /// Values of `Origin` that are let in, compared byte by byte. Never empty.
    pub origins: Vec<String>,
}

impl Enrolment {
    /// Reads the enrolment in a data folder.
    ///
    /// # Errors
    /// [`Error::NotEnrolled`] when there is none, [`Error::File`], [`Error::Exposed`],
    /// [`Error::EnrolmentMalformed`].
    pub fn read(data: &Path) -> Result<Self, Error> {
        Self::find(data)?.ok_or_else(|| Error::NotEnrolled { folder: data.display().to_string() })
    }

    /// Reads the enrolment in a data folder, if it has one.
    pub(crate) fn find(data: &Path) -> Result<Option<Self>, Error> {
        let path = path(data);
        let Some(text) = private_file::read(&path)? else { return Ok(None) };
        match Self::parse(&text) {
            Ok(enrolment) => Ok(Some(enrolment)),
            Err(why) => Err(Error::EnrolmentMalformed { path, why }),
        }
    }

    /// Puts it into a data folder, durably, in the place of an earlier one.
    pub(crate) fn write(&self, data: &Path) -> Result<(), Error> {
        let path = path(data);
        private_file::replace(&path, &self.to_text()).map_err(|cause| Error::File { path, cause })
    }

    /// Whether a browser could send each origin, and there is one; and whether the names can be
    /// shown in one line.
    pub(crate) fn check(self) -> Result<Self, String> {
        if self.workstation.0.trim().is_empty() {
            return Err("it names no workstation".to_owned());
        }
        let names = [&self.workstation.0, &self.name.0];
        if names.into_iter().any(|name| name.len() > MAX_NAME || name.contains(char::is_control)) {
            return Err("its name of the workstation is none that can be shown".to_owned());
        }
        if self.origins.is_empty() {
            return Err("it names no origin: no page could use this helper".to_owned());
        }
        match self.origins.iter().find(|origin| !is_origin(origin)) {
            Some(origin) => Err(format!("{origin:?} is no origin of a page")),
            None => Ok(self),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let file: File =
            toml::from_str(text).map_err(|error| error.message().replace('\n', ", "))?;
        Self {
            registry: file.registry,
            registry_key: file.registry_key.parse().map_err(|error| format!("{error}"))?,
            workstation: WorkstationId(file.workstation),
            name: WorkstationName(file.name),
            origins: file.origins,
        }
        .check()
    }

    fn to_text(&self) -> String {
        let file = File {
            registry: self.registry.clone(),
            registry_key: self.registry_key.to_string(),
            workstation: self.workstation.0.clone(),
            name: self.name.0.clone(),
            origins: self.origins.clone(),
        };
        // Texts and a list of texts: writing them as TOML cannot fail.
        HEAD.to_owned() + &toml::to_string(&file).expect("texts can be written as TOML")
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    registry: String,
    registry_key: String,
    workstation: String,
    name: String,
    origins: Vec<String>,
}

fn path(data: &Path) -> PathBuf {
    data.join(NAME)
}

/// Whether a browser could send this as `Origin` (RFC 6454, 6.2): scheme and authority in lower
/// case, nothing behind. `null` is what every sandboxed page and local file sends.
fn is_origin(text: &str) -> bool {
    text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).is_some_and(is_host)
}

/// Whether a browser could send this as `Host`: a name or an address in lower case, and a port.
pub(crate) fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]_".contains(&byte)
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_seal::SigningKey;

    fn enrolment() -> Enrolment {
        Enrolment {
            registry: "https://cards.example.org".to_owned(),
            registry_key: SigningKey::generate().verifying_key(),
            workstation: "5f1d6c2ab3e94d07".into(),
            name: "desk \"1\" \u{e9}".into(),
            origins: vec!["https://cards.example.org".to_owned(), "http://[::1]:8080".to_owned()],
        }
    }

    #[test]
    fn it_is_read_back_as_written_and_replaced() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Enrolment::read(folder.path()), Err(Error::NotEnrolled { .. })));
        for enrolment in [enrolment(), enrolment()] {
            enrolment.write(folder.path()).unwrap();
            assert_eq!(Enrolment::read(folder.path()).unwrap(), enrolment);
        }
    }

    #[test]
    fn a_name_that_is_more_than_a_line_or_changes_a_terminal_is_refused() {
        for name in ["a\norigin\thttps://evil.example", "\u{1b}[31m", "\u{9b}31m", &"a".repeat(257)]
        {
            let named = Enrolment { name: name.into(), ..enrolment() };
            let called = Enrolment { workstation: name.into(), ..enrolment() };
            for enrolment in [named, called] {
                assert!(
                    enrolment.check().unwrap_err().contains("none that can be shown"),
                    "{name:?}"
                );
            }
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let text = enrolment().to_text();
        let origins = |list: &str| {
            let start = text.find("origins").unwrap();
            format!("{}origins = {list}", &text[..start])
        };
        let cases = [
            (text.replace("name =", "names ="), "unknown field"),
            (text.replace("5f1d6c2ab3e94d07", " "), "no workstation"),
            (text.replace("registry_key = \"", "registry_key = \"0"), "64 hexadecimal"),
            (origins("[]"), "no origin"),
            (origins("[\"null\"]"), "no origin of a page"),
            (origins("[\"*\"]"), "no origin of a page"),
            (origins("[\"https://a/\"]"), "no origin of a page"),
            (origins("[\"https://A\"]"), "no origin of a page"),
            (origins("[\"https://\"]"), "no origin of a page"),
            (origins("[\"ws://a\"]"), "no origin of a page"),
        ];
        for (text, why) in cases {
            let error = Enrolment::parse(&text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
