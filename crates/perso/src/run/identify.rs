use super::{Authenticate, Ledger, State, Transition, plan};
use crate::inspect::{Asked, Depth, examine, immutable_ids};
use crate::standing::{Evidence, Opened, Proof, standing};
use crate::{Cause, ChipIds, Job};
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
        let ids = immutable_ids(channel, &Asked::to_tell(&job.expected))?;
        if !ids.has_name_of(&job.expected) {
            return Err(Cause::OtherChip);
        }
        // The serial number is a hint: it is not asked for again.
        let ids = ChipIds { serial: job.expected.serial, ..ids };
        let found = examine(channel, ids, Depth::Run)?;
        if !is_expected(&found.facts.ids, job) {
            return Err(Cause::OtherChip);
        }
        let is_ours = found.facts.ids.card_id == Some(job.wanted.card_id);
        let evidence = Evidence {
            lacks: plan::lacks(job, &found).err(),
            management_key: Opened::NotTried,
            puk: Proof::Right,
            is_ours,
            is_complete: false,
        };
        if let Some(refusal) = standing(&evidence).refusal() {
            return Err(refusal);
        }
        let mut candidates = job.candidates.clone();
        // A chip that was torn when it was erased has its maker's values, which need not be those
        // that it came with.
        if let Some(dialect) = found.dialect.ok().filter(|_| job.erase || is_ours) {
            candidates.push(dialect.makers_values());
        }
        let state = Authenticate { found, candidates, may_erase: job.erase };
        state.know_tries(ledger);
        Ok(Transition::To(State::Authenticate(state)))
    }
}

/// What we write ourselves may also be the wanted one already, from a run that was torn.
///
/// A chip that has a name of its own may have lost what we wrote, by a tear inside a write. One
/// that has none is told by what it holds alone: all of it must be as it was inspected.
fn is_expected(found: &ChipIds, job: &Job) -> bool {
    let Job { expected, wanted, .. } = job;
    let has_name = expected.cplc.is_some() || expected.iin.is_some() || expected.cin.is_some();
    agrees(expected.card_id, wanted.card_id, found.card_id, has_name)
        && agrees(expected.guid, wanted.guid, found.guid, has_name)
}

fn agrees<T: PartialEq>(expected: Option<T>, wanted: T, found: Option<T>, has_name: bool) -> bool {
    found.as_ref() == Some(&wanted)
        || found == expected
        || has_name && (found.is_none() || expected.is_none())
}
