use super::ActionError;
use super::take_outcome::{Taking, check_fields};
use crate::objects;
use crate::store::{EventKind, GenerationRecord, GenerationState, JobRecord};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::outcome::Receipt;

impl Taking<'_> {
    /// A receipt is a fact: it always updates what is known of the chip. Whether the card goes on
    /// is decided by what later jobs may have done, and by the state graph.
    pub(super) async fn receipt(&mut self, receipt: Receipt) -> Result<(), ActionError> {
        let generation = self.transaction.generation(self.job.generation).await?;
        let chip = self.transaction.chip(generation.chip).await?;
        check_receipt(&receipt, &self.job, &generation, &chip.guid)?;
        // A profile that a newer version of this program no longer has is not held against it.
        if let Some(profile) = self.registry.profiles.with_hash(&self.job.profile_hash) {
            check_fields(&[
                ("keys", profile.has_exactly(&receipt.keys)),
                ("management_key", profile.may_have(receipt.management_key)),
            ])?;
        }
        check_fields(&[("chip.cplc", chip.first.agrees_immutably(&receipt.chip).is_ok())])?;
        match (self.job.doubted, generation.state) {
            (true, _) => self.doubt_generation(&generation).await?,
            (false, GenerationState::Pending) => {
                self.transaction.prove_generation(&generation).await?;
                self.transaction.record_keys(&self.job, &receipt.keys).await?;
            }
            (false, GenerationState::Whole | GenerationState::Past) => {
                self.transaction.record_keys(&self.job, &receipt.keys).await?;
            }
        }
        let what = format!(
            "Encoded at {} with {} commands; everything was read back and proved{}",
            self.workstation().await?,
            receipt.commands,
            self.doubt_in_words()
        );
        self.record(EventKind::ReceiptTaken, what).await?;
        if self.job.doubted {
            return self.doubt(chip.id, None).await;
        }
        let newest = self.transaction.generations(chip.id).await?.into_iter().next();
        if newest.is_none_or(|newest| newest.id != generation.id) {
            // The chip was keyed anew since: what was true of it then says nothing of it now.
            return Ok(());
        }
        self.card.guid = Some(chip.guid);
        self.transaction.change_card(&mut self.card, None).await?;
        self.go_on(chip.id).await?;
        Ok(())
    }
}

/// The chip has what this job issued: nothing else makes a generation whole.
fn check_receipt(
    receipt: &Receipt,
    job: &JobRecord,
    generation: &GenerationRecord,
    guid: &[u8],
) -> Result<(), ActionError> {
    let chuid = |tag| objects::value(&receipt.card_holder_unique_identifier.0, tag);
    let ccc = &receipt.card_capability_container.0;
    let named = |id: &Option<HexBytes>, issued: &[u8]| id.as_ref().is_some_and(|id| id.0 == issued);
    check_fields(&[
        ("profile_hash", receipt.profile_hash.0 == job.profile_hash),
        ("chip.card_id", named(&receipt.chip.card_id, &generation.card_id)),
        ("chip.guid", named(&receipt.chip.guid, guid)),
        ("card_capability_container", objects::card_id(ccc) == Some(&generation.card_id[..])),
        (
            "card_holder_unique_identifier",
            chuid(0x30) == Some(&job.fasc_n[..])
                && chuid(0x34) == Some(guid)
                && chuid(0x35) == Some(job.expires_on.as_bytes()),
        ),
    ])
}
