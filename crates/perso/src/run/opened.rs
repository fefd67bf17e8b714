//! What a chip may have, once a management key has opened it.

use crate::dialect::{Dialect, Knows};
use crate::inspect::Examined;
use crate::{Job, PukFirst};
use cardwright_card::commands::Metadata;
use cardwright_card::{ManagementKey, Pin, Puk};

/// A chip that is open.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) dialect: &'static Dialect,
    /// What opened it.
    pub(super) key: ManagementKey,
    /// The wanted management key opened it: everything that is written before is written.
    pub(super) is_keyed: bool,
    /// The CCC had our card id when the run began: the wanted PIN and PUK may be written.
    pub(super) is_ours: bool,
    /// The PUK that belongs to the management key that opened the chip.
    pub(super) puk_before: Option<Puk>,
    /// The PIN that belongs to it.
    pub(super) pin_before: Option<Pin>,
    /// The chip says whether its PIN is the maker's.
    pub(super) is_pin_makers: Option<bool>,
    /// The chip says whether its PUK is the maker's.
    pub(super) is_puk_makers: Option<bool>,
    /// The PUK that was proved in this run.
    pub(super) known_puk: Option<Puk>,
    /// A PUK that turned out wrong in this run.
    pub(super) wrong_puk: Option<Puk>,
    /// The PIN that the run set, on the way to another.
    pub(super) known_pin: Option<Pin>,
}

impl Opened {
    /// What the chip says of its PIN and PUK, without spending a try. A PIN that RESET RETRY
    /// COUNTER has set may go on to be called the maker's: then that says nothing.
    pub(super) fn hear(&mut self, found: &Examined) {
        let is_makers =
            |metadata: &Option<Metadata>| metadata.as_ref().and_then(|said| said.is_default);
        self.is_puk_makers = is_makers(&found.puk);
        self.is_pin_makers = is_makers(&found.pin);
        if self.dialect.default_flag_outlives_reset && self.is_pin_makers == Some(true) {
            self.is_pin_makers = None;
        }
    }

    /// PIN and PUK are the maker's: the numbers of their tries were set.
    pub(super) fn has_makers_secrets(&mut self) {
        self.known_puk = Some(Dialect::makers_puk());
        self.known_pin = Some(Dialect::makers_pin());
    }

    /// The PUKs that the chip may have, at most two, in the order in which they are presented.
    ///
    /// A chip opened by the wanted management key has the wanted PUK. One without our card id
    /// has the one that belongs to its management key: the card id is written before the PUK. In
    /// between it has either.
    pub(super) fn puks(&self, job: &Job) -> Vec<Puk> {
        let makers = Dialect::makers_puk();
        if let Some(puk) = &self.known_puk {
            return vec![puk.clone()];
        }
        if self.is_puk_makers == Some(true) {
            return vec![makers];
        }
        let wanted = Some(job.wanted.puk.clone());
        // Setting the numbers of tries comes before the card id, and sets the PUK back. A chip
        // that says whether its PUK is the maker's says so now, and may have kept its numbers.
        let before = match self.may_have_set_tries(job) && self.is_puk_makers.is_none() {
            true => Some(makers.clone()),
            false => self.puk_before.clone(),
        };
        let puks = match (self.is_keyed, self.is_ours, job.puk_first) {
            (true, ..) => [wanted, None],
            (false, false, _) => [self.puk_before.clone(), before],
            (false, true, PukFirst::Wanted) => [wanted, before],
            (false, true, PukFirst::Before) => [before, wanted],
        };
        let is_possible = |puk: &Puk| {
            self.wrong_puk.as_ref() != Some(puk)
                && (self.is_puk_makers != Some(false) || *puk != makers)
        };
        different(puks.into_iter().flatten().filter(is_possible))
    }

    /// The PIN, where there is no doubt about it and a try of it may be risked. Otherwise the PUK
    /// sets it.
    pub(super) fn certain_pin(&self, job: &Job) -> Option<Pin> {
        let is_in_doubt = self.is_keyed || self.is_ours || job.pin_by_puk;
        match &self.known_pin {
            Some(pin) => Some(pin.clone()),
            None if is_in_doubt => None,
            None => self.pins_before(job).into_iter().next(),
        }
    }

    /// The PINs that the chip may have before the numbers of tries are set, the likeliest first.
    pub(super) fn pins(&self, job: &Job) -> Vec<Pin> {
        match (self.is_keyed, self.is_ours) {
            _ if job.pin_by_puk => Vec::new(),
            (true, _) if self.is_pin_makers == Some(true) => vec![Dialect::makers_pin()],
            (true, _) => vec![job.wanted.pin.clone()],
            (false, true) => Vec::new(),
            (false, false) => self.pins_before(job),
        }
    }

    /// The PIN of the management key that opened a chip that is not ours; a run that was torn
    /// when it set the numbers of tries left the maker's.
    fn pins_before(&self, job: &Job) -> Vec<Pin> {
        let makers = Dialect::makers_pin();
        if self.is_pin_makers == Some(true) {
            return vec![makers];
        }
        let after_tries = self.may_have_set_tries(job).then(|| makers.clone());
        let pins = [self.pin_before.clone(), after_tries].into_iter().flatten();
        different(pins.filter(|pin| self.is_pin_makers != Some(false) || *pin != makers))
    }

    fn may_have_set_tries(&self, job: &Job) -> bool {
        job.profile.retries.is_some() && self.dialect.sets_tries != Knows::No
    }
}

fn different<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut seen = Vec::new();
    for value in values {
        if !seen.contains(&value) {
            seen.push(value);
        }
    }
    seen
}
