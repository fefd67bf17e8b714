//! What holds of a chip that answers anything at all. The property tests in `anything.rs` and the
//! target `inspect` in `fuzz/` check the same.

use cardwright_card::{Transport, TransportError};
use cardwright_perso::inspect;
use zeroize::Zeroizing;

/// A command is fetched in so many transmissions at most: see `cardwright_card::Channel`.
pub(crate) const MOST_TRANSMISSIONS: usize = 2 + 64;

/// A chip that gives its answers over and over, for ever.
pub(crate) struct EndlessChip {
    answers: Vec<Vec<u8>>,
    /// Transmissions so far.
    pub(crate) transmissions: usize,
}

impl EndlessChip {
    pub(crate) fn new(answers: Vec<Vec<u8>>) -> Self {
        Self { answers, transmissions: 0 }
    }

    /// Cuts an input into answers: one byte of length before each.
    pub(crate) fn from_input(input: &[u8]) -> Self {
        let mut rest = input;
        let mut answers = Vec::new();
        while let [length, after @ ..] = rest {
            let (answer, after) = after.split_at(after.len().min(usize::from(*length)));
            answers.push(answer.to_vec());
            rest = after;
        }
        Self::new(answers)
    }
}

impl Transport for EndlessChip {
    fn transmit(&mut self, _command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        self.transmissions += 1;
        match self.answers.is_empty() {
            true => Err(TransportError::Removed),
            false => {
                Ok(Zeroizing::new(self.answers[self.transmissions % self.answers.len()].clone()))
            }
        }
    }
}

/// An inspection comes to an end, and says nothing of a chip but what it can have said.
pub(crate) fn inspection(mut chip: EndlessChip) {
    let found = inspect(&mut chip);
    // Selections, names of the chip, versions, metadata, status of the PIN, objects.
    assert!(chip.transmissions <= 20 * MOST_TRANSMISSIONS, "{} sent", chip.transmissions);
    let Ok(facts) = found else { return };
    assert!(facts.ids.iin.is_none_or(|number| (1..=32).contains(&number.len())));
    assert!(facts.ids.cin.is_none_or(|number| (1..=32).contains(&number.len())));
    if facts.piv.is_none() {
        assert!(facts.ids.guid.is_none() && facts.ids.card_id.is_none());
    }
}
