use crate::derive::{CARD_ID_LENGTH, RootKey};

/// All versions of a registry's root key, at least one. The highest is the current one, under which
/// chips are keyed from now on; each of the others opens the chips that were keyed under it.
#[derive(Debug, Clone)]
pub struct RootKeys {
    current: RootKey,
    /// Ascending.
    older: Vec<RootKey>,
}

impl RootKeys {
    /// Takes keys in any order; `None` when there is none, or two of one version, or one of
    /// version 0: versions count from 1.
    #[must_use]
    pub fn new(keys: impl IntoIterator<Item = RootKey>) -> Option<Self> {
        let mut older: Vec<RootKey> = keys.into_iter().collect();
        older.sort_by_key(RootKey::version);
        let is_twice = older.windows(2).any(|pair| pair[0].version() == pair[1].version());
        let current = older.pop()?;
        let lowest = older.first().unwrap_or(&current);
        (!is_twice && lowest.version() >= 1).then_some(Self { current, older })
    }

    /// The one that new chips are keyed under.
    #[must_use]
    pub fn current(&self) -> &RootKey {
        &self.current
    }

    /// The one that a card id names by its 13th byte.
    #[must_use]
    pub fn of(&self, card_id: &[u8; CARD_ID_LENGTH]) -> Option<&RootKey> {
        self.version(card_id[12])
    }

    /// The one of a version.
    #[must_use]
    pub fn version(&self, version: u8) -> Option<&RootKey> {
        self.iter().find(|key| key.version() == version)
    }

    /// All of them, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &RootKey> {
        self.older.iter().chain([&self.current])
    }

    /// These and a new version, made from the operating system's random source; `None` after
    /// version 255, for which a card id has no byte.
    ///
    /// # Panics
    /// As [`RootKey::generate`].
    #[must_use]
    pub fn with_next(mut self) -> Option<Self> {
        let next = RootKey::generate_version(self.current.version().checked_add(1)?);
        self.older.push(std::mem::replace(&mut self.current, next));
        Some(self)
    }
}

impl From<RootKey> for RootKeys {
    fn from(current: RootKey) -> Self {
        Self { current, older: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(keys: Option<RootKeys>) -> Option<Vec<u8>> {
        keys.map(|keys| keys.iter().map(RootKey::version).collect())
    }

    #[test]
    fn a_set_has_each_version_once_and_the_highest_is_current() {
        for (given, expected) in [
            (&[][..], None),
            (&[1], Some(vec![1])),
            (&[3, 1, 2], Some(vec![1, 2, 3])),
            (&[2, 7], Some(vec![2, 7])),
            (&[1, 2, 1], None),
            (&[0], None),
            (&[1, 0], None),
        ] {
            let keys = RootKeys::new(given.iter().map(|of| RootKey::generate_version(*of)));
            assert_eq!(versions(keys.clone()), expected, "{given:?}");
            if let (Some(keys), Some(expected)) = (keys, expected) {
                assert_eq!(keys.current().version(), *expected.last().unwrap());
            }
        }
    }

    #[test]
    fn a_card_id_names_its_key_by_the_version_byte() {
        let keys = RootKeys::from(RootKey::generate()).with_next().unwrap();
        let mut card_id = [2; CARD_ID_LENGTH];
        assert_eq!(keys.of(&card_id).map(RootKey::version), Some(2));
        card_id[12] = 1;
        assert_eq!(keys.of(&card_id).map(RootKey::version), Some(1));
        assert_ne!(keys.of(&card_id).unwrap().puk(&card_id), keys.current().puk(&card_id));
        card_id[12] = 3;
        assert!(keys.of(&card_id).is_none());
    }

    #[test]
    fn there_is_no_version_after_the_last() {
        let last = RootKeys::from(RootKey::generate_version(u8::MAX));
        assert!(last.with_next().is_none());
    }
}
