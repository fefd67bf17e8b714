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

/// Immutable ids must be the expected ones, and no others. What we write ourselves may also be the
/// wanted one already, from a run that was torn.
///
/// A chip that has a name of its own may have lost what we wrote, by a tear inside a write. One
/// that has none is told by what it holds alone: all of it must be as it was inspected.
fn is_expected(found: &ChipIds, job: &Job) -> bool {
    let Job { expected, wanted, .. } = job;
    let has_name = expected.cplc.is_some() || expected.iin.is_some() || expected.cin.is_some();
    found.has_name_of(expected)
        && agrees(expected.card_id, wanted.card_id, found.card_id, has_name)
        && agrees(expected.guid, wanted.guid, found.guid, has_name)
}

fn agrees<T: PartialEq>(expected: Option<T>, wanted: T, found: Option<T>, has_name: bool) -> bool {
    found.as_ref() == Some(&wanted)
        || found == expected
        || has_name && (found.is_none() || expected.is_none())
}
