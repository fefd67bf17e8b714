//! A chip with values of somebody else is set back to its maker's. Only a job that allows it comes
//! here, and nothing brings back what is lost.

use super::{Authenticate, Ledger, ProvePuk, State, Transition};
use crate::Cause;
use crate::dialect::{Dialect, Reset};
use crate::inspect::{Asked, Depth, Examined, examine, immutable_ids};
use cardwright_card::ManagementKeyAlgorithm::TripleDes;
use cardwright_card::commands::{self, Presented};
use cardwright_card::{CardError, Channel, ManagementKey, Pin, Puk, StatusWord};
use rand::{CryptoRng, Rng, RngExt};

/// The chip is to be erased.
#[derive(Debug)]
pub(super) struct Erase {
    /// The chip as it was found.
    pub(super) found: Examined,
    /// The management key that opened it, where one did.
    pub(super) key: Option<ManagementKey>,
}

/// The management key opened the chip, whose PUK is to be proved; but the chip tells nobody how
/// many tries that has, and may have no reset that would give them back.
#[derive(Debug)]
pub(super) struct AskReset(pub(super) ProvePuk);

impl AskReset {
    /// Asks for the reset, which spends no try. A chip that is blocked is reset by it; any other
    /// goes on, and [`Erase`] asks again once it is known that the chip has to be erased.
    pub(super) fn step(
        self,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
    ) -> Result<Transition, Cause> {
        let Self(proof) = self;
        let dialect = proof.opened.dialect;
        match ledger.reset(commands::reset_application(channel))? {
            StatusWord::OK => {
                let erase = Erase { found: proof.found, key: Some(proof.opened.key) };
                erase.begin_again(dialect, ledger, channel)
            }
            _ => Ok(Transition::To(State::ProvePuk(Box::new(proof)))),
        }
    }
}

/// Wrong values of PIN and of PUK that are presented at most, to block each. A counter that goes
/// further is spent by the same job, again.
const MOST_WRONG_VALUES: usize = 20;

impl Erase {
    /// An early reset tells whether the chip has one: a chip without is left as it is. One that is
    /// blocked already is reset by it.
    pub(super) fn step<R: CryptoRng + ?Sized>(
        self,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
        random: &mut R,
    ) -> Result<Transition, Cause> {
        let no_reset = Cause::NotSupported { what: "the chip has no reset" };
        let dialect = self.found.dialect.map_err(|what| Cause::NotSupported { what })?;
        let Some(reset) = &dialect.reset else { return Err(no_reset) };
        if reset.wants_triple_des {
            self.ensure_triple_des(ledger, channel)?;
        }
        match ledger.reset(commands::reset_application(channel))? {
            StatusWord::OK => {}
            status if reset.refusals.contains(&status) => {
                block(reset, ledger, channel, random)?;
                match ledger.reset(commands::reset_application(channel))? {
                    StatusWord::OK => {}
                    status => return Err(Cause::RefusedByChip { status }),
                }
            }
            _ => return Err(no_reset),
        }
        self.begin_again(dialect, ledger, channel)
    }

    /// The chip is read again, as one that comes from its maker. There is no reset of the link in
    /// between, in which another chip could take its place.
    fn begin_again(
        self,
        dialect: &'static Dialect,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
    ) -> Result<Transition, Cause> {
        let before = self.found.facts.ids;
        let mut ids = immutable_ids(channel, &Asked::those_of(&before))?;
        if !ids.has_name_of(&before) {
            return Err(Cause::OtherChip);
        }
        ids.serial = before.serial;
        let found = examine(channel, ids, Depth::Run)?;
        let candidates = vec![dialect.makers_values()];
        ledger.has_makers_secrets();
        Ok(Transition::To(State::Authenticate(Authenticate {
            found,
            candidates,
            may_erase: false,
        })))
    }

    /// A management key of another cipher would leave the application half wiped: it is set to the
    /// maker's first. Where that cannot be, the chip is left as it is.
    fn ensure_triple_des(
        &self,
        ledger: &mut Ledger,
        channel: &mut Channel<'_>,
    ) -> Result<(), Cause> {
        let piv = self.found.facts.piv.as_ref();
        let said = piv.and_then(|piv| piv.management_key_algorithm);
        let is_triple_des = match said {
            Some(algorithm) => algorithm == TripleDes,
            None => commands::has_management_key_algorithm(channel, TripleDes)?,
        };
        match (is_triple_des, &self.key) {
            (true, _) => Ok(()),
            (false, Some(_)) => {
                let makers = Dialect::makers_key(TripleDes);
                match ledger.wrote(commands::set_management_key(channel, &makers))? {
                    true => Ok(()),
                    false => {
                        Err(Cause::NotSupported { what: "a reset with such a management key" })
                    }
                }
            }
            (false, None) => {
                Err(Cause::NotSupported { what: "a reset with an unknown management key" })
            }
        }
    }
}

/// Spends all tries of the PIN, and of the PUK where the chip wants that: the one step that spends
/// a last try.
fn block<R: CryptoRng + ?Sized>(
    reset: &Reset,
    ledger: &mut Ledger,
    channel: &mut Channel<'_>,
    random: &mut R,
) -> Result<(), Cause> {
    until_blocked(|| {
        let pin = Pin::parse(&digits(random)).map_err(|_| MALFORMED)?;
        let outcome = commands::verify_pin(channel, &pin);
        ledger.spent_pin(outcome)?;
        Ok(outcome)
    })?;
    if reset.wants_puk_blocked {
        until_blocked(|| {
            let puk = Puk::parse(&digits(random)).map_err(|_| MALFORMED)?;
            // To itself: should it be the right one by chance, nothing changes.
            let outcome = commands::change_puk(channel, &puk, &puk);
            ledger.spent_puk(outcome)?;
            Ok(outcome)
        })?;
    }
    Ok(())
}

fn until_blocked(
    mut present: impl FnMut() -> Result<Result<Presented, CardError>, Cause>,
) -> Result<(), Cause> {
    for _ in 0..MOST_WRONG_VALUES {
        if present()? == Ok(Presented::Wrong { tries_left: Some(0) }) {
            return Ok(());
        }
    }
    Err(Cause::NotSupported { what: "so many tries" })
}

const MALFORMED: Cause = Cause::Malformed { what: "8 digits" };

/// 8 digits, others each time: well-formed for a PIN and for a PUK.
fn digits<R: Rng + ?Sized>(random: &mut R) -> String {
    let number = random.random_range(0..100_000_000_u32);
    format!("{number:08}")
}
