use super::{Ledger, Transition, plan, prove};
use crate::dialect::Dialect;
use crate::inspect::{Asked, immutable_ids, pin_tries};
use crate::{Cause, ChipIds, Job, KeyReceipt, Receipt, Tries};
use cardwright_card::commands::{
    self, Authentication, CARD_CAPABILITY, CARD_HOLDER, MANAGEMENT_KEY, PIN, PUK,
};
use cardwright_card::objects::{CardCapability, Guid, discovery_object};
use cardwright_card::{Channel, ManagementKey};
use cardwright_profile::KeyReference;
use rand::CryptoRng;

/// Everything is written; after a reset of the chip it is read back and proved.
#[derive(Debug)]
pub(super) struct Verify {
    /// The chip as it was found when the run began.
    pub(super) ids: ChipIds,
    pub(super) dialect: &'static Dialect,
    /// The management key that the chip has now.
    pub(super) management_key: ManagementKey,
    /// The keys that the chip has now.
    pub(super) keys: Vec<KeyReceipt>,
    /// The chip has the discovery object as wanted.
    pub(super) has_discovery: bool,
    /// The chip knows GET METADATA.
    pub(super) says_metadata: bool,
    /// The numbers of tries are set in this run.
    pub(super) has_set_tries: bool,
    /// The PUK is set in this run.
    pub(super) has_set_puk: bool,
}

impl Verify {
    /// What spends no try comes first: a chip that was swapped in the reset is found out before a
    /// PIN is presented to it.
    pub(super) fn step<R: CryptoRng + ?Sized>(
        self,
        job: &Job,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
        random: &mut R,
    ) -> Result<Transition, Cause> {
        let ids = immutable_ids(channel, &Asked::those_of(&self.ids))?;
        if !ids.has_name_of(&self.ids) || !commands::select_piv(channel)? {
            return Err(Cause::OtherChip);
        }
        let card_capability = read_back(channel, CARD_CAPABILITY, "CCC")?;
        let card_id = CardCapability::parse(&card_capability).ok().map(|ccc| ccc.card_id);
        if card_id.is_some_and(|found| found != job.wanted.card_id) {
            return Err(Cause::OtherChip);
        }
        compare(&card_capability, &plan::card_capability(job), "CCC")?;
        let card_holder = read_back(channel, CARD_HOLDER, "CHUID")?;
        compare(&card_holder, &plan::card_holder(job)?, "CHUID")?;
        if self.has_discovery && commands::discovery(channel)? != Some(discovery_object()) {
            return Err(Cause::ReadBackDiffers { what: "discovery object" });
        }
        self.prove_management_key(channel, random)?;
        prove_pin(job, ledger, channel)?;
        self.prove_keys(job, ledger, channel, random)?;
        let are_tries_told = self.says_metadata && check_metadata(job, channel)?;
        if !are_tries_told {
            self.check_pin_tries(job, channel)?;
        }
        self.prove_puk(job, ledger, channel)?;
        let guid = Guid::find(&card_holder);
        Ok(Transition::Done(Receipt {
            chip: ChipIds { card_id, guid, ..self.ids },
            card_capability_container: card_capability,
            card_holder_unique_identifier: card_holder,
            management_key: self.management_key.algorithm(),
            keys: self.keys,
            // The ledger completes these.
            written: Vec::new(),
            commands: 0,
            tries_spent: Tries::default(),
        }))
    }

    fn prove_management_key<R: CryptoRng + ?Sized>(
        &self,
        channel: &mut Channel<'_>,
        random: &mut R,
    ) -> Result<(), Cause> {
        let mut challenge = [0; 16];
        random.fill_bytes(&mut challenge);
        let refusals = &self.dialect.key_refusals;
        match commands::authenticate_as(channel, &self.management_key, &challenge, refusals)? {
            Authentication::Accepted => Ok(()),
            Authentication::OtherAlgorithm | Authentication::OtherKey { .. } => {
                Err(Cause::ReadBackDiffers { what: "management key" })
            }
        }
    }

    /// A PUK that this run did not set, and that is not the wanted one, was set by somebody else:
    /// whoever tried again would only spend another try.
    fn prove_puk(
        &self,
        job: &Job,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
    ) -> Result<(), Cause> {
        if !ledger.may_try_puk() {
            return Err(Cause::Blocked { what: "PUK" });
        }
        let outcome = commands::change_puk(channel, &job.wanted.puk, &job.wanted.puk);
        if outcome.is_err() {
            ledger.may_have_written(&outcome);
        }
        match (ledger.presented_puk(outcome)?, self.has_set_puk) {
            (true, _) => Ok(()),
            (false, true) => Err(Cause::ReadBackDiffers { what: "PUK" }),
            (false, false) => Err(Cause::Foreign { what: "PUK" }),
        }
    }

    /// The chip does not tell the numbers of tries; but one whose PIN was just proved has all tries
    /// of it left, and one command sets the numbers of PIN and PUK. Where nobody knows, they are as
    /// wanted only if this run has set them.
    fn check_pin_tries(&self, job: &Job, channel: &mut Channel<'_>) -> Result<(), Cause> {
        let Some(wanted) = job.profile.retries else { return Ok(()) };
        let is_as_wanted = match pin_tries(channel)? {
            Some(tries) => tries == wanted.pin,
            None => self.has_set_tries,
        };
        match is_as_wanted {
            true => Ok(()),
            false => Err(Cause::ReadBackDiffers { what: NUMBERS_OF_TRIES }),
        }
    }

    /// Each key signs something random. The PIN is verified; for the signature key it has to be
    /// verified right before each use (SP 800-73-5 part 1, table 4: PIN always).
    fn prove_keys<R: CryptoRng + ?Sized>(
        &self,
        job: &Job,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
        random: &mut R,
    ) -> Result<(), Cause> {
        for key in &self.keys {
            if key.reference == KeyReference::Signature {
                prove_pin(job, ledger, channel)?;
            }
            prove::key(key, channel, random)?;
        }
        Ok(())
    }
}

fn read_back(channel: &mut Channel<'_>, tag: u32, what: &'static str) -> Result<Vec<u8>, Cause> {
    match commands::object(channel, tag)? {
        Some(value) => Ok(value.to_vec()),
        None => Err(Cause::ReadBackDiffers { what }),
    }
}

fn compare(found: &[u8], wanted: &[u8], what: &'static str) -> Result<(), Cause> {
    if found == wanted { Ok(()) } else { Err(Cause::ReadBackDiffers { what }) }
}

fn prove_pin(job: &Job, ledger: &mut Ledger, channel: &mut Channel<'_>) -> Result<(), Cause> {
    if !ledger.may_try_pin() {
        return Err(Cause::Blocked { what: "PIN" });
    }
    match ledger.presented_pin(commands::verify_pin(channel, &job.wanted.pin))? {
        true => Ok(()),
        false => Err(Cause::ReadBackDiffers { what: "PIN" }),
    }
}

const NUMBERS_OF_TRIES: &str = "numbers of tries";

/// The chip says itself that nothing is the maker's any more, and how many tries there are. Gives
/// whether it said the latter.
fn check_metadata(job: &Job, channel: &mut Channel<'_>) -> Result<bool, Cause> {
    let retries = job.profile.retries;
    let values = [
        (MANAGEMENT_KEY, "the chip says that its management key is the factory's", None),
        (PIN, "the chip says that its PIN is the factory's", retries.map(|tries| tries.pin)),
        (PUK, "the chip says that its PUK is the factory's", retries.map(|tries| tries.puk)),
    ];
    let mut told = 0;
    for (reference, what, tries) in values {
        let Some(metadata) = commands::metadata(channel, reference)? else { continue };
        if metadata.is_default == Some(true) {
            return Err(Cause::ReadBackDiffers { what });
        }
        if tries.is_some() && metadata.tries.is_some() && metadata.tries != tries {
            return Err(Cause::ReadBackDiffers { what: NUMBERS_OF_TRIES });
        }
        told += usize::from(metadata.tries.is_some());
    }
    // Of the PIN, and of the PUK.
    Ok(told == 2)
}
