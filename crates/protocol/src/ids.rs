//! Names that one program gives and the others only repeat.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

text_id! {
    /// The number printed on a card, such as `TC-2026-004118`. Given by the bureau, unique.
    CardNumber
}
text_id! {
    /// One job, named by the registry: 32 hexadecimal digits, random.
    JobId
}
text_id! {
    /// One run of a use case on one card, named by the registry: 32 hexadecimal digits, random.
    ProcessId
}
text_id! {
    /// A helper enrolled at a registry, named by the registry: 16 hexadecimal digits, random. What
    /// a helper signs names its workstation by it; it never changes.
    WorkstationId
}
text_id! {
    /// What people call a workstation, such as `desk-1`. An admin can change it at any time.
    WorkstationName
}
text_id! {
    /// A reader, named by the helper; opaque, and valid while the helper runs.
    ReaderId
}
text_id! {
    /// One stay of one chip in one reader, named by the helper; never used twice.
    InsertionId
}
text_id! {
    /// A file of `profiles/` without its ending, such as `piv-temporary`.
    ProfileName
}
