use super::{Authenticate, Ledger, State, Transition};
use crate::{Cause, ChipIds, Job, inspect::examine};
use cardwright_card::Channel;

/// Nothing is known of the chip yet.
#[derive(Debug)]
pub(super) struct Identify;

impl Identify {
    pub(super) fn step(
        self,
        job: &Job,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
    ) -> Result<Transition, Cause> {
        let found = examine(channel)?;
        if !is_expected(&found.facts.ids, job) {
            return Err(Cause::OtherChip);
        }
        let Some(piv) = found.facts.piv.clone() else {
            return Err(Cause::NotSupported { what: "the chip has no PIV application" });
        };
        ledger.know_tries(&piv);
        Ok(Transition::To(State::Authenticate(Authenticate { found, piv })))
    }
}

/// Immutable ids must be the expected ones. What we write ourselves may also be the wanted one
/// already, from a run that was torn.
fn is_expected(found: &ChipIds, job: &Job) -> bool {
    fn agrees<T: PartialEq>(expected: Option<T>, wanted: T, found: Option<T>) -> bool {
        match (expected, found) {
            (Some(expected), Some(found)) => found == expected || found == wanted,
            (None, _) | (_, None) => true,
        }
    }
    let Job { expected, wanted, .. } = job;
    !found.contradicts(expected)
        && agrees(expected.card_id, wanted.card_id, found.card_id)
        && agrees(expected.guid, wanted.guid, found.guid)
}
