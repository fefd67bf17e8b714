use super::{Erase, Ledger, Opened, ProvePuk, State, Transition};
use crate::dialect::Dialect;
use crate::inspect::Examined;
use crate::standing::{self, Evidence, Proof, Standing, standing};
use crate::{Candidates, Cause, Job};
use cardwright_card::commands::{Authentication, authenticate_as};
use cardwright_card::{CardError, Channel, ManagementKey, StatusWord};
use rand::CryptoRng;

/// The chip is the right one; whose values it has is not known yet.
#[derive(Debug)]
pub(super) struct Authenticate {
    pub(super) found: Examined,
    /// What the chip may have, besides the wanted values; the likeliest first.
    pub(super) candidates: Vec<Candidates>,
    /// The job allows it, and it was not done yet.
    pub(super) may_erase: bool,
}

/// What became of the management keys that the chip may have.
enum Opening {
    /// This one opened it; the index is that of the values that it belongs to, none the wanted.
    Yes(Option<usize>, ManagementKey),
    No,
    Blocked,
}

impl Authenticate {
    pub(super) fn know_tries(&self, ledger: &mut Ledger) {
        if let Some(piv) = &self.found.facts.piv {
            ledger.know_tries(piv);
        }
    }

    pub(super) fn step<R: CryptoRng + ?Sized>(
        self,
        job: &Job,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
        random: &mut R,
    ) -> Result<Transition, Cause> {
        let dialect = self.found.dialect.map_err(|what| Cause::NotSupported { what })?;
        let is_ours = self.found.facts.ids.card_id == Some(job.wanted.card_id);
        let opening = self.open(job, dialect, is_ours, channel, random)?;
        let evidence = Evidence {
            lacks: None,
            management_key: match opening {
                Opening::Yes(..) => standing::Opened::Yes,
                Opening::No => standing::Opened::No,
                Opening::Blocked => standing::Opened::Blocked,
            },
            puk: Proof::Right,
            is_ours,
            is_complete: false,
        };
        let Opening::Yes(index, key) = opening else {
            return refused(standing(&evidence), self.found, self.may_erase, None, ledger);
        };
        let before = index.and_then(|index| self.candidates.get(index));
        let mut opened = Opened {
            dialect,
            key,
            is_keyed: index.is_none(),
            is_ours,
            puk_before: before.and_then(|values| values.puks.first().cloned()),
            pin_before: before.and_then(|values| values.pins.first().cloned()),
            is_pin_makers: None,
            is_puk_makers: None,
            known_puk: None,
            wrong_puk: None,
            known_pin: None,
        };
        opened.hear(&self.found);
        let Self { found, may_erase, .. } = self;
        ProvePuk { found, may_erase, opened, evidence }.begin(job, ledger, channel)
    }

    /// Tries the management keys that the chip may have, each once. A cipher that the chip's key
    /// has not is refused before a key is used, so that no try is spent on finding it out. A chip
    /// that counts the tries is not sent the last one; most do not count.
    fn open<R: CryptoRng + ?Sized>(
        &self,
        job: &Job,
        dialect: &Dialect,
        is_ours: bool,
        channel: &mut Channel<'_>,
        random: &mut R,
    ) -> Result<Opening, Cause> {
        let said = self.found.facts.piv.as_ref().and_then(|piv| piv.management_key_algorithm);
        let mut other_algorithms = Vec::new();
        let mut other_keys: Vec<&ManagementKey> = Vec::new();
        for (values, key) in self.keys(job, is_ours) {
            let algorithm = key.algorithm();
            if said.is_some_and(|said| said != algorithm)
                || !dialect.management_key_algorithms.contains(&algorithm)
                || other_algorithms.contains(&algorithm)
                || other_keys.contains(&key)
            {
                continue;
            }
            let mut challenge = [0; 16];
            random.fill_bytes(&mut challenge);
            match authenticate_as(channel, key, &challenge, &dialect.key_refusals) {
                Ok(Authentication::Accepted) => return Ok(Opening::Yes(values, key.clone())),
                Ok(Authentication::OtherAlgorithm) => other_algorithms.push(algorithm),
                Ok(Authentication::OtherKey { tries_left: Some(0..=1) }) => {
                    return Ok(Opening::Blocked);
                }
                Ok(Authentication::OtherKey { .. }) => other_keys.push(key),
                Err(CardError::Refused { status: StatusWord::BLOCKED }) => {
                    return Ok(Opening::Blocked);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Opening::No)
    }

    /// All management keys, the likeliest first. Our card id in the CCC means that the run before
    /// was torn: the new key may be there. Otherwise the values of the card id that is there come
    /// first.
    fn keys<'j>(&'j self, job: &'j Job, is_ours: bool) -> Vec<(Option<usize>, &'j ManagementKey)> {
        let found = self.found.facts.ids.card_id;
        let is_named = |values: &Candidates| values.card_id.is_some() && values.card_id == found;
        let candidates = |is_first: bool| {
            self.candidates
                .iter()
                .enumerate()
                .filter(move |(_, values)| is_named(values) == is_first)
                .flat_map(|(index, values)| {
                    values.management_keys.iter().map(move |key| (Some(index), key))
                })
        };
        let wanted = job.wanted.management_keys.iter().map(|key| (None, key));
        let others = candidates(true).chain(candidates(false));
        match is_ours {
            true => wanted.chain(others).collect(),
            false => others.chain(wanted).collect(),
        }
    }
}

/// A chip with values of somebody else ends the job, or is erased.
pub(super) fn refused(
    standing: Standing,
    found: Examined,
    may_erase: bool,
    key: Option<ManagementKey>,
    ledger: &mut Ledger,
) -> Result<Transition, Cause> {
    match standing.refusal() {
        Some(cause) if !may_erase || !standing.can_be_erased() => Err(cause),
        _ => {
            ledger.erase_first();
            Ok(Transition::To(State::Erase(Erase { found, key })))
        }
    }
}
