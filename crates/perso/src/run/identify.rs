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
        let mut found = examine(channel, ids, Depth::Run)?;
        let serial = &mut found.facts.ids.serial;
        if !is_serial_expected(*serial, &job.expected) {
            return Err(Cause::OtherChip);
        }
        // A hint: it need not be asked for again.
        *serial = serial.or(job.expected.serial);
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
    let has_name = expected.has_name();
    agrees(expected.card_id, wanted.card_id, found.card_id, has_name)
        && agrees(expected.guid, wanted.guid, found.guid, has_name)
}

/// A virgin chip without a name may hold nothing at all: then its serial number tells it from
/// another, which was put in its place since the inspection. An equal one says nothing: a maker may
/// give one to all.
fn is_serial_expected(found: Option<[u8; 4]>, expected: &ChipIds) -> bool {
    let both = found.zip(expected.serial);
    expected.has_name() || both.is_none_or(|(found, expected)| found == expected)
}

fn agrees<T: PartialEq>(expected: Option<T>, wanted: T, found: Option<T>, has_name: bool) -> bool {
    found.as_ref() == Some(&wanted)
        || found == expected
        || has_name && (found.is_none() || expected.is_none())
}
