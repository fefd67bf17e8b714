use std::borrow::Cow;

/// A key that a registry keeps beside its database: the name of its file, of its systemd
/// credential, of its line in an export and of its fingerprint in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeyName {
    /// A version, from 1, of the key from which the secrets of chips follow.
    Root(u8),
    /// The key that signs jobs and acknowledgements.
    Signing,
}

impl KeyName {
    /// `root-key` for the first version of the root key, `root-key.2` for the second, and so on.
    pub(crate) fn name(self) -> Cow<'static, str> {
        match self {
            Self::Root(1) => Cow::Borrowed("root-key"),
            Self::Root(version) => Cow::Owned(format!("root-key.{version}")),
            Self::Signing => Cow::Borrowed("signing-key"),
        }
    }

    /// Finds one by its name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        let version = match name {
            "signing-key" => return Some(Self::Signing),
            "root-key" => 1,
            other => {
                other.strip_prefix("root-key.")?.parse().ok().filter(|version| *version > 1)?
            }
        };
        // Only as it is written: no other name of a version.
        Some(Self::Root(version)).filter(|found| found.name() == name)
    }

    /// The version that the key's file begins with.
    pub(crate) fn version(self) -> u8 {
        match self {
            Self::Root(version) => version,
            Self::Signing => 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_one_name() {
        for key in (1..=u8::MAX).map(KeyName::Root).chain([KeyName::Signing]) {
            assert_eq!(KeyName::from_name(&key.name()), Some(key));
        }
        for name in ["root-key.0", "root-key.1", "root-key.02", "root-key.+2", "root-key.256"] {
            assert_eq!(KeyName::from_name(name), None, "{name}");
        }
        for name in ["", "root-key.", "root-key.2.unfinished", "signing-key.2", "Root-key"] {
            assert_eq!(KeyName::from_name(name), None, "{name}");
        }
    }
}
