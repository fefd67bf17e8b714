//! The file that `export-root-key` makes: a registry's keys as text, encrypted with a passphrase in
//! the format of age (c2sp.org/age), so that `age -d` can read it, too.
//!
//! The text has a line for each key: the name of its file, its version and its 64 hexadecimal
//! digits, as they are in that file. Lines that begin with `#` are for people.

use crate::clock::timestamp;
use crate::data_dir::Keys;
use crate::key_name::KeyName;
use age::secrecy::SecretString;
use age::{DecryptError, scrypt};
use cardwright_seal::{RootKey, RootKeys, Secret, SigningKey};
use std::io::{self, Read as _, Write as _};
use std::iter;
use zeroize::Zeroizing;

/// Shortest passphrase, in characters.
pub(crate) const MIN_PASSPHRASE_LENGTH: usize = 12;

/// scrypt's cost (RFC 7914) as a power of two: 256 MiB of memory and about a second, as `age -p`.
const WORK_FACTOR: u8 = 18;

/// Greatest cost that is accepted of a file.
const MAX_WORK_FACTOR: u8 = 22;

/// Longest text, in bytes: room for the 255 versions that the root key can have.
const MAX_LENGTH: u64 = 32 * 1024;

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
        "it holds other keys than versions of a root key and one signing key: use the version of cardwright-registry that made it"
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
        for key in keys.named() {
            let digits = Zeroizing::new(hex::encode(key.secret.expose()));
            writeln!(text, "{} {} {}", key.name.name(), key.name.version(), *digits)?;
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
    let (mut root, mut signing) = (Vec::new(), None);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split(' ');
        let (Some(name), Some(version), Some(digits), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(ExportError::OtherKeys);
        };
        let name = KeyName::from_name(name).ok_or(ExportError::OtherKeys)?;
        if version.parse() != Ok(name.version()) {
            return Err(ExportError::OtherKeys);
        }
        let secret = Secret::new(hex::decode(digits).map_err(|_| ExportError::OtherKeys)?);
        match name {
            KeyName::Root(version) => {
                let key = RootKey::from_secret(version, &secret);
                root.push(key.ok_or(ExportError::OtherKeys)?);
            }
            KeyName::Signing => {
                let key = SigningKey::from_secret(&secret).map_err(|_| ExportError::OtherKeys)?;
                if signing.replace(key).is_some() {
                    return Err(ExportError::OtherKeys);
                }
            }
        }
    }
    match (RootKeys::new(root), signing) {
        (Some(root), Some(signing)) => Ok(Keys { root, signing }),
        _ => Err(ExportError::OtherKeys),
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
            Ok(keys) => {
                let versions: Vec<_> = keys.root.iter().map(RootKey::version).collect();
                format!("versions {versions:?}")
            }
            Err(error) => format!("{error:?}"),
        };
        expected.assert_eq(&said);
    }

    #[test]
    fn each_version_of_the_root_key_and_one_signing_key_are_taken() {
        let (root, signing) =
            (format!("root-key 1 {:064}\n", 7), format!("signing-key 1 {:064}\n", 8));
        let third = format!("root-key.3 3 {:064}\n", 9);
        check(&format!("# For people.\n{root}{signing}"), expect!["versions [1]"]);
        check(&format!("{signing}{root}"), expect!["versions [1]"]);
        check(&format!("{third}{signing}{root}"), expect!["versions [1, 3]"]);
        for text in [
            root.clone(),
            signing.clone(),
            format!("{root}{root}{signing}"),
            format!("{root}{third}{third}{signing}"),
            format!("{root}{signing}{signing}"),
            format!("{root}{signing}other-key 1 00\n"),
            format!("{root}{signing}\n"),
            format!("{}{signing}", root.replace("1 0", "1 ")),
            format!("{}{signing}", root.replace("1 ", "256 ")),
            format!("{}{signing}", root.replace("1 ", "2 ")),
            format!("{}{signing}", root.replace(" 1", "")),
            format!("{root}{signing}{}", third.replace(".3", ".4")),
        ] {
            check(&text, expect!["OtherKeys"]);
        }
    }
}
