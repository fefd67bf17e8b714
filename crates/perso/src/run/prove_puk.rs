use super::authenticate::refused;
use super::{AskReset, Ledger, Opened, State, Transition, Verify, Write, plan, reference_data};
use crate::dialect::Knows;
use crate::inspect::Examined;
use crate::standing::{Evidence, Proof, Standing, standing};
use crate::{Cause, Job, Phase};
use cardwright_card::commands;
use cardwright_card::{CardError, Channel};

/// A management key opened the chip; its PUK is to be proved, as far as that can be done before
/// anything is written.
///
/// It is a step of its own, in the phase of the authentication: whoever is told of it beforehand
/// knows whether a PUK may have been presented.
#[derive(Debug)]
pub(super) struct ProvePuk {
    pub(super) found: Examined,
    /// The job allows it, and it was not done yet.
    pub(super) may_erase: bool,
    pub(super) opened: Opened,
    pub(super) evidence: Evidence,
}

impl ProvePuk {
    /// The state that comes next: the chip is asked for its reset before a try of its PUK is
    /// risked that nobody may be able to give back.
    pub(super) fn begin(
        self,
        job: &Job,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
    ) -> Result<Transition, Cause> {
        match self.is_needed(job, ledger) {
            false => self.leave_out(job, ledger, channel),
            true if self.may_erase && self.may_lack_reset() && !ledger.knows_puk_tries() => {
                ledger.erase_first();
                Ok(Transition::To(State::AskReset(Box::new(AskReset(self)))))
            }
            true => Ok(Transition::Within(State::ProvePuk(Box::new(self)))),
        }
    }

    fn may_lack_reset(&self) -> bool {
        self.opened.dialect.reset.as_ref().is_some_and(|reset| reset.has == Knows::Ask)
    }

    /// Whether the PUK is presented now, to itself: where nothing else speaks for it. Then our card
    /// id in the CCC says that the chip has the wanted PUK or that one, and a chip that is torn
    /// while its PUK is changed has lost no try. Also where the chip could be erased instead, or
    /// may not know how to change it.
    pub(super) fn is_needed(&self, job: &Job, ledger: &Ledger) -> bool {
        let Self { opened, may_erase, .. } = self;
        let is_in_doubt = !opened.is_ours && opened.is_puk_makers != Some(true);
        let is_asked = opened.dialect.changes_puk == Knows::Ask && !opened.is_keyed;
        !opened.puks(job).is_empty()
            && ledger.may_try_puk()
            && (*may_erase || is_in_doubt || is_asked)
    }

    pub(super) fn step(
        mut self,
        job: &Job,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
    ) -> Result<Transition, Cause> {
        let proved = reference_data::prove_puk(job, &mut self.opened, ledger, channel);
        self.evidence.puk = match proved {
            Ok(()) => Proof::Right,
            Err(Cause::Foreign { .. }) => Proof::Wrong,
            Err(Cause::Blocked { .. }) => Proof::Blocked,
            Err(cause) => return Err(cause),
        };
        self.decide(job, ledger, channel)
    }

    /// Goes on without a proof: nothing speaks against the PUK, or none can be presented.
    pub(super) fn leave_out(
        mut self,
        job: &Job,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
    ) -> Result<Transition, Cause> {
        self.evidence.puk = match (self.opened.puks(job).is_empty(), ledger.may_try_puk()) {
            (true, _) => Proof::Wrong,
            (false, false) => Proof::Blocked,
            (false, true) => Proof::Right,
        };
        self.decide(job, ledger, channel)
    }

    /// What the chip is, and what is to be done with it.
    fn decide(
        self,
        job: &Job,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
    ) -> Result<Transition, Cause> {
        let Self { found, may_erase, opened, mut evidence } = self;
        let found_out = standing(&evidence);
        if found_out.can_be_erased() {
            return refused(found_out, found, may_erase, Some(opened.key), ledger);
        }
        let plan = plan::plan(job, &found, &opened, channel)?;
        evidence.is_complete = plan.phases.is_empty();
        if plan.phases.contains(&Phase::ManagementKey)
            && keeps_management_key(&opened, ledger, channel)?
        {
            evidence.lacks = Some("the chip keeps its management key");
        }
        let standing = standing(&evidence);
        ledger.plan(&plan.phases);
        let verify = Verify {
            ids: found.facts.ids.clone(),
            dialect: opened.dialect,
            management_key: opened.key.clone(),
            keys: plan.known_keys,
            has_discovery: plan.has_discovery,
            says_metadata: found.pin.is_some(),
            has_set_tries: plan.phases.contains(&Phase::Retries),
            has_set_puk: plan.phases.contains(&Phase::Puk),
        };
        Ok(match standing {
            Standing::Whole => Transition::AfterReset(State::Verify(verify)),
            Standing::Unopened | Standing::Virgin | Standing::PartlyWritten => {
                let phases = plan.phases.into();
                Transition::To(State::Write(Write {
                    phases,
                    objects: plan.objects,
                    opened,
                    verify,
                }))
            }
            Standing::Foreign(_) | Standing::Blocked(_) | Standing::NotSupported(_) => {
                return refused(standing, found, may_erase, Some(opened.key), ledger);
            }
        })
    }
}

/// A chip that may not be able to change its management key is asked to set the one that it has:
/// that changes nothing, unless the chip is torn in it.
fn keeps_management_key(
    opened: &Opened,
    ledger: &mut Ledger,
    channel: &mut Channel<'_>,
) -> Result<bool, Cause> {
    if opened.dialect.sets_management_key != Knows::Ask {
        return Ok(opened.dialect.sets_management_key == Knows::No);
    }
    match commands::set_management_key(channel, &opened.key) {
        Ok(is_set) => Ok(!is_set),
        Err(CardError::Refused { status }) if !status.is_internal_error() => Ok(true),
        Err(error) => {
            ledger.may_have_failed_inside(&error);
            Err(error.into())
        }
    }
}
