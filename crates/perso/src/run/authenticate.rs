use super::{Ledger, State, Transition, Verify, Write, plan};
use crate::{Candidates, Cause, Job, PivFacts, inspect::Examined};
use cardwright_card::commands::{Authentication, authenticate};
use cardwright_card::{CardError, Channel, ManagementKey, StatusWord};
use rand::CryptoRng;

/// The chip is the right one; whose values it has is not known yet.
#[derive(Debug)]
pub(super) struct Authenticate {
    pub(super) found: Examined,
    pub(super) piv: PivFacts,
}

/// The values to which the management key that opened the chip belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// The wanted ones: everything that is written before the management key is written.
    Wanted,
    /// Those of [`Job::candidates`] with this index.
    Candidate(usize),
}

/// What opened the chip.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) values: Values,
    pub(super) key: ManagementKey,
    /// The CCC had our card id when the run began: the wanted PIN and PUK may be written.
    pub(super) is_ours: bool,
}

impl Authenticate {
    pub(super) fn step<R: CryptoRng + ?Sized>(
        self,
        job: &Job,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
        random: &mut R,
    ) -> Result<Transition, Cause> {
        let is_ours = self.found.facts.ids.card_id == Some(job.wanted.card_id);
        let (values, key) = self.open(job, is_ours, channel, random)?;
        let opened = Opened { values, key, is_ours };
        let (phases, known_keys) = plan::plan(job, &self.found, &self.piv, &opened, channel)?;
        ledger.plan(&phases);
        let verify = Verify {
            ids: self.found.facts.ids,
            management_key: opened.key.clone(),
            keys: known_keys,
            says_metadata: self.piv.management_key_algorithm.is_some(),
        };
        Ok(match phases.is_empty() {
            true => Transition::AfterReset(State::Verify(verify)),
            false => Transition::To(State::Write(Write { phases: phases.into(), opened, verify })),
        })
    }

    /// Tries the management keys that the chip may have. A cipher that the chip's key has not is
    /// refused before a key is used, so that no try is spent on finding it out.
    fn open<R: CryptoRng + ?Sized>(
        &self,
        job: &Job,
        is_ours: bool,
        channel: &mut Channel<'_>,
        random: &mut R,
    ) -> Result<(Values, ManagementKey), Cause> {
        let mut other_algorithms = Vec::new();
        let mut other_keys: Vec<&ManagementKey> = Vec::new();
        for (values, key) in self.keys(job, is_ours) {
            let is_said = |said| said == key.algorithm();
            if !self.piv.management_key_algorithm.is_none_or(is_said)
                || other_algorithms.contains(&key.algorithm())
                || other_keys.contains(&key)
            {
                continue;
            }
            let mut challenge = [0; 16];
            random.fill_bytes(&mut challenge);
            match authenticate(channel, key, &challenge) {
                Ok(Authentication::Accepted) => return Ok((values, key.clone())),
                Ok(Authentication::OtherAlgorithm) => other_algorithms.push(key.algorithm()),
                Ok(Authentication::OtherKey) => other_keys.push(key),
                Err(CardError::Refused { status: StatusWord::BLOCKED }) => {
                    return Err(Cause::Blocked { what: "management key" });
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(Cause::Foreign { what: "management key" })
    }

    /// All management keys, the likeliest first. Our card id in the CCC means that the run before
    /// was torn: the new key may be there. Otherwise the values of the card id that is there come
    /// first.
    fn keys<'j>(&self, job: &'j Job, is_ours: bool) -> Vec<(Values, &'j ManagementKey)> {
        let found = self.found.facts.ids.card_id;
        let is_named = |values: &Candidates| values.card_id.is_some() && values.card_id == found;
        let candidates = |is_first: bool| {
            job.candidates
                .iter()
                .enumerate()
                .filter(move |(_, values)| is_named(values) == is_first)
                .flat_map(|(index, values)| {
                    values.management_keys.iter().map(move |key| (Values::Candidate(index), key))
                })
        };
        let wanted = job.wanted.management_keys.iter().map(|key| (Values::Wanted, key));
        let others = candidates(true).chain(candidates(false));
        match is_ours {
            true => wanted.chain(others).collect(),
            false => others.chain(wanted).collect(),
        }
    }
}
