//! Looks for secrets where none may be: what the escrow holds must not be in any log, file or
//! message, in plain, hexadecimal or base64.

use crate::{Escrowed, Lane, database, escrowed};
use aho_corasick::{AhoCorasick, Input};
use anyhow::{Context as _, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What is looked for.
pub struct Canary {
    /// What each pattern is, for whoever reads of it: never the secret itself.
    names: Vec<String>,
    /// Patterns of digits that only count where they stand alone: longer numbers hold any digits.
    stands_alone: Vec<bool>,
    patterns: AhoCorasick,
}

impl Canary {
    /// The secrets of these cards' chips.
    ///
    /// # Errors
    /// When there are more patterns than memory.
    pub fn new(cards: &[(String, Escrowed)]) -> anyhow::Result<Self> {
        let (mut names, mut stands_alone, mut patterns) = (Vec::new(), Vec::new(), Vec::new());
        for (card, held) in cards {
            let secrets = [
                ("PIN", held.pin.as_bytes(), true),
                ("PUK", held.puk.as_bytes(), true),
                ("management key", &held.management_key[..], false),
            ];
            for (name, secret, digits) in secrets {
                names.push(format!("the {name} of {card} in plain"));
                stands_alone.push(digits);
                patterns.push(secret.to_vec());
                for (form, pattern) in forms(secret) {
                    names.push(format!("the {name} of {card} in {form}"));
                    stands_alone.push(false);
                    patterns.push(pattern.into_bytes());
                }
            }
        }
        Ok(Self { names, stands_alone, patterns: AhoCorasick::new(&patterns)? })
    }

    /// What of it is in these bytes; `place` says where they are from.
    #[must_use]
    pub fn find(&self, place: &str, bytes: &[u8]) -> Vec<String> {
        let found = self.patterns.find_overlapping_iter(Input::new(bytes)).filter(|found| {
            let is_part = |at: Option<usize>| {
                at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_alphanumeric)
            };
            // A fraction of a second has six digits, too.
            let is_fraction = found.start() > 0 && bytes[found.start() - 1] == b'.';
            let in_number =
                is_fraction || is_part(found.start().checked_sub(1)) || is_part(Some(found.end()));
            !(self.stands_alone[found.pattern().as_usize()] && in_number)
        });
        let mut words: Vec<_> = found
            .map(|found| format!("{place}: {}", self.names[found.pattern().as_usize()]))
            .collect();
        words.sort();
        words.dedup();
        words
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
            found.extend(self.find(&file.display().to_string(), &bytes));
        }
        Ok(found)
    }
}

/// Checks that a desk has the secrets of its cards in no log, in no file of its database, and not
/// in the helper's folder.
///
/// # Errors
/// Where which secret is.
pub async fn check(lane: &Lane) -> anyhow::Result<()> {
    let data = lane.desk.registry_data();
    let mut cards = Vec::new();
    for number in encoded_cards(&data).await? {
        let held = escrowed(&data, &number).await?;
        cards.push((number, held));
    }
    let canary = Canary::new(&cards)?;
    let mut found = Vec::new();
    for place in ["registry.log", "helper.log", "helper", "registry"] {
        let path = lane.desk.data().join(place);
        found.extend(canary.search(&path).with_context(|| place.to_owned())?);
    }
    ensure!(found.is_empty(), "secrets are where none may be:\n{}", found.join("\n"));
    Ok(())
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

/// The numbers of all cards that have a whole keying.
async fn encoded_cards(data: &Path) -> anyhow::Result<Vec<String>> {
    let database = database(data).await?;
    let query = "SELECT DISTINCT cards.number AS number FROM generations \
                 JOIN chips ON chips.id = generations.chip_id \
                 JOIN cards ON cards.id = chips.card_id WHERE generations.state = 'whole'";
    let rows = database.query_all_raw(Statement::from_string(DbBackend::Sqlite, query)).await?;
    database.close().await?;
    rows.iter().map(|row| Ok(row.try_get::<String>("", "number")?)).collect()
}

/// A secret as it would be read in a text: hexadecimal digits, and base64 wherever it begins in
/// what was encoded.
fn forms(secret: &[u8]) -> Vec<(&'static str, String)> {
    let mut forms =
        vec![("hexadecimal", hex::encode(secret)), ("hexadecimal", hex::encode_upper(secret))];
    for before in 0..3 {
        let bytes = [&vec![0; before], secret].concat();
        // Characters that depend on nothing but the secret.
        let own = (8 * before).div_ceil(6)..8 * bytes.len() / 6;
        for engine in [STANDARD, URL_SAFE] {
            forms.push(("base64", engine.encode(&bytes)[own.clone()].to_owned()));
        }
    }
    forms.sort();
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canary() -> Canary {
        let held = Escrowed {
            pin: "472913".to_owned(),
            puk: "90210385".to_owned(),
            management_key: (200..232).collect(),
            guid: Vec::new(),
            card_id: Vec::new(),
        };
        Canary::new(&[("TC-1".to_owned(), held)]).unwrap()
    }

    /// A canary that finds nothing proves nothing.
    #[test]
    fn a_secret_is_found_in_every_form() {
        let canary = canary();
        let key: Vec<u8> = (200..232).collect();
        for text in [
            "pin=472913,".to_owned(),
            "\"90210385\"".to_owned(),
            hex::encode("472913\u{ff}"),
            hex::encode_upper(&key),
            STANDARD.encode("472913"),
            STANDARD.encode("{\"pin\":\"472913\"}"),
            STANDARD.encode(" {\"puk\":\"90210385\"}"),
            URL_SAFE.encode([&[1, 2], &key[..]].concat()),
        ] {
            assert_eq!(canary.find("here", text.as_bytes()).len(), 1, "{text}");
        }
        assert_eq!(canary.find("here", &[&[0], &key[..], &[0]].concat()).len(), 1);
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
}
