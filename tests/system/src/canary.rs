//! Looks for secrets where none may be: what the escrow holds, of chips that are whole and of those
//! that were left in the middle, and the keys of both programs must not be in any log, file or
//! message, in plain, hexadecimal, base64 or as a list of numbers.

mod forms;

use crate::{Keying, Lane, keyings};
use aho_corasick::{AhoCorasick, Input};
use anyhow::{Context as _, ensure};
use forms::forms;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use xtask::desk::Desk;

/// Where a desk must not have secrets, below the folder of its data.
const PLACES: [&str; 4] = ["registry.log", "helper.log", "helper", "registry"];

/// The files of keys of a desk, below the folder of its data: each has 64 hexadecimal digits.
const KEY_FILES: [&str; 4] =
    ["registry/root-key", "registry/signing-key", "helper/signing.key", "helper/opening.key"];

/// What is looked for.
pub struct Canary {
    secrets: Vec<Secret>,
    forms: Vec<Form>,
    patterns: AhoCorasick,
}

/// A secret that must be nowhere, or nowhere else.
struct Secret {
    /// For whoever reads of it: never the secret itself.
    name: String,
    bytes: Vec<u8>,
    /// A few digits count only where they stand alone: longer numbers hold any digits.
    is_number: bool,
    /// The file in which it is kept, where it is in one.
    home: Option<PathBuf>,
}

/// A form that a secret can have in a text.
struct Form {
    secret: usize,
    name: &'static str,
    stands_alone: bool,
}

impl Canary {
    /// The secrets of these keyings of chips.
    ///
    /// # Errors
    /// When there are more patterns than memory.
    pub fn new(keyings: &[Keying]) -> anyhow::Result<Self> {
        Self::of(keyings.iter().flat_map(secrets_of).collect())
    }

    /// All secrets of a desk: of every keying that its registry knows, and the keys of registry and
    /// helper. What a person types, or sees on purpose, is not among them.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn of_desk(desk: &Desk) -> anyhow::Result<Self> {
        let keyings = keyings(&desk.registry_data()).await?;
        let mut secrets: Vec<_> = keyings.iter().flat_map(secrets_of).collect();
        for name in KEY_FILES {
            let home = desk.data().join(name);
            let text = std::fs::read_to_string(&home).with_context(|| name.to_owned())?;
            let digits = text.split_whitespace().last().context("a key")?;
            let (name, bytes) = (format!("the key in {name}"), hex::decode(digits)?);
            secrets.push(Secret { name, bytes, is_number: false, home: Some(home) });
        }
        Self::of(secrets)
    }

    fn of(secrets: Vec<Secret>) -> anyhow::Result<Self> {
        let (mut all, mut patterns) = (Vec::new(), Vec::new());
        for (number, secret) in secrets.iter().enumerate() {
            let plain = Form { secret: number, name: "in plain", stands_alone: secret.is_number };
            all.push(plain);
            patterns.push(secret.bytes.clone());
            for (name, pattern) in forms(&secret.bytes) {
                all.push(Form { secret: number, name, stands_alone: false });
                patterns.push(pattern.into_bytes());
            }
        }
        Ok(Self { secrets, forms: all, patterns: AhoCorasick::new(&patterns)? })
    }

    /// What of it is in these bytes; `place` says where they are from.
    #[must_use]
    pub fn find(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        self.find_away_from_home(place, None, bytes)
    }

    /// What of it is in a file, or in all files below a folder.
    ///
    /// # Errors
    /// When there is nothing of this name, or a folder cannot be read.
    pub fn search(&self, path: &Path) -> anyhow::Result<Vec<String>> {
        ensure!(path.exists(), "there is no {} to search", path.display());
        let mut found = Vec::new();
        for file in files(path)? {
            // A program that runs may have removed what was there just now.
            let Ok(bytes) = std::fs::read(&file) else { continue };
            let place = file.display().to_string();
            found.extend(self.find_away_from_home(&place, Some(&file), &bytes));
        }
        Ok(found)
    }

    /// What of it is in the logs of a desk, in the files of its database, or in the helper's folder.
    ///
    /// # Errors
    /// When one of them is not there.
    pub fn search_desk(&self, desk: &Desk) -> anyhow::Result<Vec<String>> {
        let mut found = Vec::new();
        for place in PLACES {
            found.extend(self.search(&desk.data().join(place))?);
        }
        Ok(found)
    }

    fn find_away_from_home(&self, place: &str, file: Option<&Path>, bytes: &[u8]) -> Vec<String> {
        let found = self.patterns.find_overlapping_iter(Input::new(bytes)).filter_map(|found| {
            let Form { secret, name, stands_alone } = &self.forms[found.pattern().as_usize()];
            let secret = &self.secrets[*secret];
            let is_at_home = file.is_some() && secret.home.as_deref() == file;
            let counts = !*stands_alone || stands_alone_in(bytes, found.start(), found.end());
            (counts && !is_at_home).then(|| format!("{place}: {} {name}", secret.name))
        });
        let mut words: Vec<_> = found.collect();
        words.sort();
        words.dedup();
        words
    }
}

/// Checks that a desk has no secret in its logs, in the files of its database, or in the helper's
/// folder.
///
/// # Errors
/// Where which secret is.
pub async fn check(lane: &Lane) -> anyhow::Result<()> {
    let found = Canary::of_desk(&lane.desk).await?.search_desk(&lane.desk)?;
    ensure!(found.is_empty(), "secrets are where none may be:\n{}", found.join("\n"));
    Ok(())
}

fn secrets_of(keying: &Keying) -> Vec<Secret> {
    let Keying { card, state, held, other_management_keys } = keying;
    let secret = |name: &str, bytes: &[u8], is_number| {
        let name = format!("the {name} of {card} ({state})");
        Secret { name, bytes: bytes.to_vec(), is_number, home: None }
    };
    let mut secrets = vec![
        secret("PIN", held.pin.as_bytes(), true),
        secret("PUK", held.puk.as_bytes(), true),
        secret("management key", &held.management_key, false),
    ];
    secrets.extend(other_management_keys.iter().map(|key| secret("management key", key, false)));
    secrets
}

/// Whether digits are a number of their own: neither a part of a word nor a fraction of a second,
/// which has six digits, too.
fn stands_alone_in(bytes: &[u8], start: usize, end: usize) -> bool {
    let is_part =
        |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric);
    let is_fraction = start > 0 && bytes[start - 1] == b'.';
    !is_fraction && !is_part(start.checked_sub(1)) && !is_part(Some(end))
}

/// All files below a folder, or the file itself.
fn files(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let entries = match std::fs::read_dir(path) {
        // A program that runs may have removed what was there just now.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(files),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        // Neither sockets nor links.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => files.extend(self::files(&entry.path())?),
            Ok(kind) if kind.is_file() => files.push(entry.path()),
            _ => {}
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Escrowed;
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};

    fn key() -> Vec<u8> {
        (200..232).collect()
    }

    fn canary() -> Canary {
        let held = Escrowed {
            pin: "472913".to_owned(),
            puk: "90210385".to_owned(),
            management_key: key(),
            guid: Vec::new(),
            card_id: Vec::new(),
        };
        let (card, state) = ("TC-1".to_owned(), "pending".to_owned());
        let other_management_keys = vec![(100..124).collect()];
        Canary::new(&[Keying { card, state, held, other_management_keys }]).unwrap()
    }

    /// A canary that finds nothing proves nothing.
    #[test]
    fn a_secret_is_found_in_every_form() {
        let canary = canary();
        for text in [
            "pin=472913,".to_owned(),
            "\"90210385\"".to_owned(),
            hex::encode("472913\u{ff}"),
            hex::encode_upper(key()),
            format!("{:02X?}", key()),
            format!("{:x?}", key()),
            format!("{:?}", b"90210385"),
            "00 20 00 80 08 34 37 32 39 31 33 FF FF".to_owned(),
            STANDARD.encode("472913"),
            STANDARD.encode("{\"pin\":\"472913\"}"),
            STANDARD.encode(" {\"puk\":\"90210385\"}"),
            URL_SAFE.encode([&[1, 2], &key()[..]].concat()),
            hex::encode((100..124).collect::<Vec<u8>>()),
        ] {
            assert_eq!(canary.find("here", text.as_bytes()).len(), 1, "{text}");
        }
        assert_eq!(canary.find("here", &[&[0], &key()[..], &[0]].concat()).len(), 1);
        let said = canary.find("here", b"pin=472913");
        assert_eq!(said, ["here: the PIN of TC-1 (pending) in plain"]);
    }

    /// Nor does one that looks where nothing is.
    #[test]
    fn a_place_that_is_not_there_is_no_place_without_secrets() {
        assert!(canary().search(Path::new("/nowhere")).is_err());
    }

    #[test]
    fn what_only_looks_like_a_pin_is_none() {
        for text in ["1472913", "4729130", "12:00:01.472913Z", "A472913B", "47291"] {
            assert!(canary().find("here", text.as_bytes()).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_key_may_be_in_its_own_file_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (home, other) = (folder.path().join("root-key"), folder.path().join("root-key.bak"));
        let text = format!("1 {}\n", hex::encode(key()));
        std::fs::write(&home, &text).unwrap();
        let (name, is_number) = ("the key".to_owned(), false);
        let secret = Secret { name, bytes: key(), is_number, home: Some(home) };
        let canary = Canary::of(vec![secret]).unwrap();
        assert!(canary.search(folder.path()).unwrap().is_empty());
        assert_eq!(canary.find("the log", text.as_bytes()), ["the log: the key in hexadecimal"]);
        std::fs::write(&other, &text).unwrap();
        let found = canary.search(folder.path()).unwrap();
        assert_eq!(found, [format!("{}: the key in hexadecimal", other.display())]);
    }
}
