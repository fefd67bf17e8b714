//! What a page may ask of this helper, and until when: pure, its clock and its random numbers come
//! in.
//!
//! A page is *challenged* when it has said `hello`, and *admitted* by a ticket that its registry
//! signed over the challenge, the page's origin and this workstation. Each challenge is good once,
//! and for as long as the ticket that answers it: both end [`Terms::ticket`] after the challenge
//! was made. In the middle of that time the page is challenged again. No wall clock is asked: only
//! this helper's own, which nobody else can set.

use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::WorkstationId;
use cardwright_protocol::signed::Signed;
use cardwright_protocol::ticket::{CHALLENGE_LENGTH, Ticket};
use cardwright_seal::{VerifyingKey, verify};
use std::time::{Duration, Instant};

/// Random bytes for a challenge.
pub(crate) type Random = [u8; CHALLENGE_LENGTH];

/// Whose tickets are good here.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// Verifies what the registry signed.
    pub(crate) registry_key: VerifyingKey,
    /// The name under which the registry knows this helper.
    pub(crate) workstation: WorkstationId,
    /// How long a challenge is good, and the authority of the ticket that answers it lasts.
    pub(crate) ticket: Duration,
}

/// Why a ticket gives no authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAdmitted {
    #[error("no challenge is open: the last one was used")]
    NothingOpen,
    #[error("the challenge is too old")]
    TooOld,
    #[error("the ticket is not signed by this helper's registry")]
    Signature,
    #[error("the ticket answers another challenge")]
    Challenge,
    #[error("the ticket is for a page of another origin")]
    Origin,
    #[error("the ticket is for another workstation")]
    Workstation,
}

#[derive(Debug)]
struct Challenge {
    bytes: HexBytes,
    made: Instant,
}

impl Challenge {
    fn make(random: Random, made: Instant) -> Self {
        Self { bytes: random.to_vec().into(), made }
    }
}

/// A page that was challenged and has no ticket yet.
#[derive(Debug)]
pub(crate) struct Challenged {
    /// What the browser says of the page.
    origin: String,
    challenge: Challenge,
}

/// A page behind which an operator is.
#[derive(Debug)]
pub(crate) struct Admitted {
    origin: String,
    /// Until then it may ask.
    ends: Instant,
    /// Then it is challenged again.
    challenged_next: Instant,
    /// What the next ticket must answer.
    open: Option<Challenge>,
}

impl Challenged {
    /// Challenges a page of this origin.
    pub(crate) fn new(origin: String, random: Random, now: Instant) -> Self {
        Self { origin, challenge: Challenge::make(random, now) }
    }

    /// What its ticket must answer.
    pub(crate) fn challenge(&self) -> &HexBytes {
        &self.challenge.bytes
    }

    /// Admits the page.
    pub(crate) fn authenticate(
        self,
        terms: &Terms,
        ticket: &Signed<Ticket>,
        now: Instant,
    ) -> Result<Admitted, NotAdmitted> {
        let Self { origin, challenge } = self;
        check(terms, &challenge, &origin, ticket, now)?;
        Ok(Admitted {
            origin,
            ends: challenge.made + terms.ticket,
            challenged_next: challenge.made + terms.ticket / 2,
            open: None,
        })
    }
}

impl Admitted {
    /// When something is due: a challenge, or the end.
    pub(crate) fn due_at(&self) -> Instant {
        self.ends.min(self.challenged_next)
    }

    /// Whether the page may ask for nothing any more.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        now >= self.ends
    }

    /// A fresh challenge in the place of the one before, where it is due.
    pub(crate) fn challenge(
        &mut self,
        terms: &Terms,
        random: Random,
        now: Instant,
    ) -> Option<&HexBytes> {
        if now < self.challenged_next {
            return None;
        }
        self.challenged_next = now + terms.ticket / 2;
        Some(&self.open.insert(Challenge::make(random, now)).bytes)
    }

    /// Takes a fresh ticket: the authority lasts longer.
    pub(crate) fn renew(
        mut self,
        terms: &Terms,
        ticket: &Signed<Ticket>,
        now: Instant,
    ) -> Result<Self, NotAdmitted> {
        let challenge = self.open.take().ok_or(NotAdmitted::NothingOpen)?;
        check(terms, &challenge, &self.origin, ticket, now)?;
        self.ends = challenge.made + terms.ticket;
        Ok(self)
    }
}

fn check(
    terms: &Terms,
    challenge: &Challenge,
    origin: &str,
    ticket: &Signed<Ticket>,
    now: Instant,
) -> Result<(), NotAdmitted> {
    if now.saturating_duration_since(challenge.made) >= terms.ticket {
        return Err(NotAdmitted::TooOld);
    }
    let ticket = verify(&terms.registry_key, ticket).map_err(|_| NotAdmitted::Signature)?;
    if ticket.challenge != challenge.bytes {
        return Err(NotAdmitted::Challenge);
    }
    if ticket.origin != origin {
        return Err(NotAdmitted::Origin);
    }
    if ticket.workstation != terms.workstation {
        return Err(NotAdmitted::Workstation);
    }
    tracing::debug!(operator = ticket.operator, origin, "a page has a ticket");
    Ok(())
}
