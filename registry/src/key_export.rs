//! The file that `export-root-key` makes: a registry's keys as text, encrypted with a passphrase in
//! the format of age (c2sp.org/age), so that `age -d` can read it, too.
//!
//! The text has a line for each key: the name of its file, its version and its 64 hexadecimal
//! digits, as they are in that file. Lines that begin with `#` are for people.

use crate::clock::timestamp;
use crate::data_dir::Keys;
use crate::store::KeyKind;
use age::secrecy::SecretString;
use age::{DecryptError, scrypt};
use cardwright_seal::{RootKey, Secret, SigningKey};
use std::io::{self, Read as _, Write as _};
use std::iter;
use zeroize::Zeroizing;

/// Shortest passphrase, in characters.
pub(crate) const MIN_PASSPHRASE_LENGTH: usize = 12;

/// scrypt's cost (RFC 7914) as a power of two: 256 MiB of memory and about a second, as `age -p`.
const WORK_FACTOR: u8 = 18;

/// Greatest cost that is accepted of a file.
const MAX_WORK_FACTOR: u8 = 22;

/// Longest text, in bytes.
const MAX_LENGTH: u64 = 4096;

/// Why a file gives no keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ExportError {
    /// The passphrase is another.
    #[error("the passphrase is wrong")]
    WrongPassphrase,
    /// It is no file of age's, or not encrypted with a passphrase, or was changed.
    #[error("it is not a file that export-root-key made, or it is damaged")]
    NotAnExport,
    /// It holds something else, or more than this version knows.
    #[error(
        "it holds other keys than one root key and one signing key: use the version of cardwright-registry that made it"
    )]
    OtherKeys,
    /// Encrypting failed.
    #[error("the keys cannot be encrypted")]
    Encrypt(#[source] io::Error),
}

/// Encrypts keys.
pub(crate) fn encrypt(keys: &Keys, passphrase: &Secret, now: i64) -> Result<Vec<u8>, ExportError> {
    // Room for all of it: a text that grows leaves pieces of itself in memory.
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_LENGTH as usize));
    let mut write = || {
        writeln!(text, "# The keys of a Cardwright registry, exported {}.", timestamp(now))?;
        writeln!(text, "# What follows a name is the content of the key file of that name.")?;
        for kind in [KeyKind::Root, KeyKind::Signing] {
            let (version, secret) = keys.file(kind);
            let digits = Zeroizing::new(hex::encode(secret.expose()));
            writeln!(text, "{} {version} {}", name(kind), *digits)?;
        }
        let mut recipient = scrypt::Recipient::new(secret_string(passphrase));
        recipient.set_work_factor(WORK_FACTOR);
        age::encrypt(&recipient, &text).map_err(io::Error::other)
    };
    write().map_err(ExportError::Encrypt)
}

/// Reads what [`encrypt`] made.
pub(crate) fn decrypt(file: &[u8], passphrase: &Secret) -> Result<Keys, ExportError> {
    let decryptor = age::Decryptor::new_buffered(file).map_err(|_| ExportError::NotAnExport)?;
    let mut identity = scrypt::Identity::new(secret_string(passphrase));
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    let reader = decryptor.decrypt(iter::once(&identity as _)).map_err(|error| match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            ExportError::WrongPassphrase
        }
        _ => ExportError::NotAnExport,
    })?;
    let mut text = Zeroizing::new(Vec::with_capacity(MAX_LENGTH as usize));
    reader.take(MAX_LENGTH).read_to_end(&mut text).map_err(|_| ExportError::NotAnExport)?;
    parse(std::str::from_utf8(&text).map_err(|_| ExportError::NotAnExport)?)
}

fn parse(text: &str) -> Result<Keys, ExportError> {
    let (mut root, mut signing) = (None, None);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let (Some(name), Some(version), Some(digits), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(ExportError::OtherKeys);
        };
        let version = version.parse().map_err(|_| ExportError::OtherKeys)?;
        let secret = Secret::new(hex::decode(digits).map_err(|_| ExportError::OtherKeys)?);
        let known = match name {
            "root-key" => root.replace(RootKey::from_secret(version, &secret)).is_none(),
            "signing-key" => signing.replace(SigningKey::from_secret(&secret).ok()).is_none(),
            _ => false,
        };
        if !known {
            return Err(ExportError::OtherKeys);
        }
    }
    match (root.flatten(), signing.flatten()) {
        (Some(root), Some(signing)) => Ok(Keys { root, signing }),
        _ => Err(ExportError::OtherKeys),
    }
}

fn name(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Root => "root-key",
        KeyKind::Signing => "signing-key",
    }
}

fn secret_string(passphrase: &Secret) -> SecretString {
    // It was made from text.
    SecretString::from(String::from_utf8_lossy(passphrase.expose()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(text: &str, expected: Expect) {
        let said = match parse(text) {
            Ok(keys) => format!("version {}", keys.root.version()),
            Err(error) => format!("{error:?}"),
        };
        expected.assert_eq(&said);
    }

    #[test]
    fn only_one_key_of_each_kind_is_taken() {
        let (root, signing) =
            (format!("root-key 3 {:064}\n", 7), format!("signing-key 1 {:064}\n", 8));
        check(&format!("# For people.\n{root}{signing}"), expect!["version 3"]);
        check(&format!("{signing}{root}"), expect!["version 3"]);
        for text in [
            root.clone(),
            format!("{root}{root}{signing}"),
            format!("{root}{signing}{signing}"),
            format!("{root}{signing}other-key 1 00\n"),
            format!("{root}{signing}\n"),
            format!("{}{signing}", root.replace("3 0", "3 ")),
            format!("{}{signing}", root.replace("3 ", "256 ")),
            format!("{}{signing}", root.replace(" 3", "")),
        ] {
            check(&text, expect!["OtherKeys"]);
        }
    }
}
