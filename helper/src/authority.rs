//! What a page may ask of this helper, and until when: pure, its clock and its random numbers come
//! in.
//!
//! A page is *challenged* when it has said `hello`, and *admitted* by a ticket that its registry
//! signed over the challenge, the page's origin and this workstation. Each challenge is good once,
//! and for as long as the ticket that answers it: both end [`Terms::ticket`] after the challenge
//! was made. In the middle of that time the page is challenged again. No wall clock is asked: only
//! this helper's own, which nobody can set, and which goes on while the computer sleeps.

use crate::platform::Moment;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::WorkstationId;
use cardwright_protocol::signed::Signed;
use cardwright_protocol::ticket::{CHALLENGE_LENGTH, Ticket};
use cardwright_seal::{VerifyingKey, verify};
use std::time::Duration;

/// Bytes of a challenge, of which nobody knows all before.
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
    made: Moment,
}

impl Challenge {
    fn make(random: Random, made: Moment) -> Self {
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
    ends: Moment,
    /// Then it is challenged again.
    challenged_next: Moment,
    /// What the next ticket must answer.
    open: Option<Challenge>,
}

impl Challenged {
    /// Challenges a page of this origin.
    pub(crate) fn new(origin: String, random: Random, now: Moment) -> Self {
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
        now: Moment,
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
    pub(crate) fn due_at(&self) -> Moment {
        self.ends.min(self.challenged_next)
    }

    /// Whether the page may ask for nothing any more.
    pub(crate) fn is_over(&self, now: Moment) -> bool {
        now >= self.ends
    }

    /// A fresh challenge in the place of the one before, where it is due.
    pub(crate) fn challenge(
        &mut self,
        terms: &Terms,
        random: Random,
        now: Moment,
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
        now: Moment,
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
    now: Moment,
) -> Result<(), NotAdmitted> {
    if now.since(challenge.made) >= terms.ticket {
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

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_seal::{SigningKey, sign};

    const ORIGIN: &str = "https://cards.example.org";

    struct Registry {
        signing: SigningKey,
        terms: Terms,
        began: Moment,
    }

    impl Registry {
        fn new() -> Self {
            let signing = SigningKey::generate();
            let terms = Terms {
                registry_key: signing.verifying_key(),
                workstation: "5f1d6c2ab3e94d07".into(),
                ticket: Duration::from_secs(60),
            };
            Self { signing, terms, began: Moment::now() }
        }

        /// So many seconds after the first challenge was made.
        fn at(&self, seconds: u64) -> Moment {
            self.began + Duration::from_secs(seconds)
        }

        fn challenged(&self) -> Challenged {
            Challenged::new(ORIGIN.to_owned(), [0; CHALLENGE_LENGTH], self.began)
        }

        fn admitted(&self) -> Admitted {
            let ticket = self.ticket(0, |_| {});
            self.challenged().authenticate(&self.terms, &ticket, self.at(1)).unwrap()
        }

        /// Answers the challenge that has this byte throughout.
        fn ticket(&self, challenge: u8, change: impl Fn(&mut Ticket)) -> Signed<Ticket> {
            let mut ticket = Ticket {
                challenge: vec![challenge; CHALLENGE_LENGTH].into(),
                origin: ORIGIN.to_owned(),
                operator: "operator".to_owned(),
                workstation: self.terms.workstation.clone(),
            };
            change(&mut ticket);
            sign(&self.signing, &ticket)
        }
    }

    #[test]
    fn only_the_ticket_for_this_challenge_page_and_workstation_admits_and_renews() {
        use NotAdmitted as N;
        let registry = Registry::new();
        let foreign = sign(
            &SigningKey::generate(),
            &Ticket {
                challenge: vec![0; CHALLENGE_LENGTH].into(),
                origin: ORIGIN.to_owned(),
                operator: "operator".to_owned(),
                workstation: registry.terms.workstation.clone(),
            },
        );
        let ticket = |change: fn(&mut Ticket)| registry.ticket(0, change);
        let cases = [
            (ticket(|_| {}), 0, None),
            (ticket(|_| {}), 59, None),
            (ticket(|_| {}), 60, Some(N::TooOld)),
            (ticket(|_| {}), 6000, Some(N::TooOld)),
            (ticket(|ticket| ticket.operator = "admin".to_owned()), 1, None),
            (foreign, 1, Some(N::Signature)),
            (ticket(|ticket| ticket.challenge.0[31] = 1), 1, Some(N::Challenge)),
            (ticket(|ticket| ticket.challenge.0.truncate(31)), 1, Some(N::Challenge)),
            (ticket(|ticket| ticket.challenge.0.clear()), 1, Some(N::Challenge)),
            (ticket(|ticket| ticket.origin.push('/')), 1, Some(N::Origin)),
            (ticket(|ticket| ticket.origin = "null".to_owned()), 1, Some(N::Origin)),
            (ticket(|ticket| ticket.origin.make_ascii_uppercase()), 1, Some(N::Origin)),
            (ticket(|ticket| ticket.workstation = "0".into()), 1, Some(N::Workstation)),
        ];
        for (ticket, seconds, expected) in cases {
            let (terms, now) = (&registry.terms, registry.at(seconds));
            let first = registry.challenged().authenticate(terms, &ticket, now);
            assert_eq!(first.err(), expected, "{ticket:?} after {seconds} s");
            // The same of a later challenge, which is made at 30 s.
            let mut admitted = registry.admitted();
            let again = admitted.challenge(terms, [0; CHALLENGE_LENGTH], registry.at(30));
            assert!(again.is_some());
            let renewed = admitted.renew(terms, &ticket, registry.at(30 + seconds));
            assert_eq!(renewed.err(), expected, "{ticket:?} after {seconds} s");
        }
    }

    #[test]
    fn authority_lasts_from_the_making_of_the_challenge_that_was_answered() {
        let registry = Registry::new();
        let (terms, at) = (&registry.terms, |seconds| registry.at(seconds));
        let mut admitted = registry.admitted();
        assert!(!admitted.is_over(at(59)) && admitted.is_over(at(60)));
        assert_eq!(admitted.due_at(), at(30));
        assert!(admitted.challenge(terms, [1; CHALLENGE_LENGTH], at(29)).is_none(), "not due");
        assert!(admitted.challenge(terms, [1; CHALLENGE_LENGTH], at(31)).is_some());
        assert_eq!(admitted.due_at(), at(60), "it ends before the next challenge");
        assert!(!admitted.is_over(at(59)) && admitted.is_over(at(60)), "a challenge is no ticket");

        let mut admitted = admitted.renew(terms, &registry.ticket(1, |_| {}), at(59)).unwrap();
        assert_eq!(admitted.due_at(), at(61));
        assert!(!admitted.is_over(at(90)) && admitted.is_over(at(91)));
        assert!(admitted.challenge(terms, [2; CHALLENGE_LENGTH], at(61)).is_some());
        // The ticket before, once more; and then the right one, too late: its challenge was used.
        let before = registry.ticket(1, |_| {});
        assert_eq!(admitted.renew(terms, &before, at(62)).err(), Some(NotAdmitted::Challenge));
    }

    #[test]
    fn a_challenge_is_good_once() {
        let registry = Registry::new();
        let (terms, at) = (&registry.terms, |seconds| registry.at(seconds));
        let again = registry.admitted().renew(terms, &registry.ticket(0, |_| {}), at(2));
        assert_eq!(again.err(), Some(NotAdmitted::NothingOpen));
        let mut admitted = registry.admitted();
        admitted.challenge(terms, [1; CHALLENGE_LENGTH], at(30));
        let admitted = admitted.renew(terms, &registry.ticket(1, |_| {}), at(31)).unwrap();
        let again = admitted.renew(terms, &registry.ticket(1, |_| {}), at(32));
        assert_eq!(again.err(), Some(NotAdmitted::NothingOpen));
    }

    #[test]
    fn the_newest_challenge_takes_the_place_of_the_one_before() {
        let registry = Registry::new();
        let (terms, at) = (&registry.terms, |seconds| registry.at(seconds));
        let open = || {
            let ticket = registry.ticket(0, |_| {});
            let long = Terms { ticket: Duration::from_secs(200), ..terms.clone() };
            let admitted = registry.challenged().authenticate(&long, &ticket, at(1)).unwrap();
            let mut admitted = admitted;
            admitted.challenge(&long, [1; CHALLENGE_LENGTH], at(100));
            admitted.challenge(terms, [2; CHALLENGE_LENGTH], at(200));
            admitted
        };
        let before = open().renew(terms, &registry.ticket(1, |_| {}), at(201));
        assert_eq!(before.err(), Some(NotAdmitted::Challenge));
        assert!(open().renew(terms, &registry.ticket(2, |_| {}), at(201)).is_ok());
    }
}
