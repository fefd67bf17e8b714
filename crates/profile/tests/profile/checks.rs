//! What holds of any text of a profile. The property tests beside this file and the target
//! `profile` in `fuzz/` check the same.

use cardwright_profile::{FASC_N_LENGTH, Profile, ProfileError};

/// A text is refused, by a place that is in it, or every value in it is one that a card can have.
pub(crate) fn profile(text: &str) {
    match Profile::parse(text) {
        Ok(profile) => sound(&profile),
        Err(ProfileError::Shape { line, column, .. }) => {
            assert!((1..=text.matches('\n').count() + 1).contains(&line));
            let longest = text.lines().map(|line| line.chars().count()).max().unwrap_or_default();
            // The place may be behind the last character, or behind the carriage return.
            assert!((1..=longest + 2).contains(&column));
        }
        Err(ProfileError::Value { place, .. }) => assert!(!place.is_empty()),
    }
}

fn sound(profile: &Profile) {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    assert!(!profile.name.is_empty() && !profile.name.contains(['/', '.']));
    assert!((1..=6).contains(&profile.card_life_years));
    assert!((6..=8).contains(&profile.pin.length()));
    assert!(!profile.management_key_algorithms.is_empty());
    assert!(profile.management_key_algorithms.len() <= 4);
    assert!(profile.keys.len() <= 4);
    for (index, key) in profile.keys.iter().enumerate() {
        assert!(profile.keys[..index].iter().all(|other| other.reference != key.reference));
    }
    assert_eq!(profile.fasc_n.encode(u32::MAX).len(), FASC_N_LENGTH);
    let factory = &profile.factory;
    assert!((6..=8).contains(&factory.pin.len()) && is_number(&factory.pin));
    assert!(factory.puk.len() == 8 && is_number(&factory.puk));
    for key in &factory.management_keys {
        assert_eq!(key.key.len(), key.algorithm.key_length());
    }
    let _ = profile.pin.check(&factory.pin, "TC-2026-004118");
}
