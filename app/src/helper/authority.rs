//! How the page keeps its right to ask the helper: a ticket for each challenge.
//!
//! The helper sends a challenge by message, long before the right ends; timers of a hidden page are
//! throttled, its messages are not. Each new challenge takes the place of the one before.

use super::away::Away;
use crate::trouble::{RegistryError, Trouble};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::registry::problem::ProblemCode;
use cardwright_protocol::registry::workstations::IssuedTicket;
use cardwright_protocol::signed::Signed;
use cardwright_protocol::ticket::Ticket;

/// Which challenge is to be answered, and which one the registry was asked about.
#[derive(Debug, Clone, Default)]
pub(super) struct Authority {
    owed: Option<HexBytes>,
    asked: Option<HexBytes>,
    waiting: bool,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Task {
    /// Ask the registry for a ticket over this challenge; then [`Authority::answered`].
    Ask(HexBytes),
    /// Show the ticket to the helper.
    Show(Signed<Ticket>),
    /// Wait a moment; then [`Authority::waited`].
    Wait,
}

/// Why the right cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Over {
    /// Nobody is logged in any more.
    LoggedOut,
    /// The registry gives no ticket for this helper any more.
    Refused(Away),
}

impl Authority {
    /// The helper sent a challenge.
    pub(super) fn challenged(&mut self, challenge: HexBytes) -> Option<Task> {
        self.owed = Some(challenge);
        self.ask()
    }

    /// The registry answered, or could not be asked.
    pub(super) fn answered(
        &mut self,
        answer: Result<IssuedTicket, RegistryError>,
    ) -> Result<Option<Task>, Over> {
        let asked = self.asked.take();
        if asked != self.owed {
            // It is over a challenge that counts no more.
            return Ok(self.ask());
        }
        match answer {
            Ok(issued) => {
                self.owed = None;
                Ok(Some(Task::Show(issued.ticket)))
            }
            Err(error) if may_pass(&error) => {
                let task = (!self.waiting).then_some(Task::Wait);
                self.waiting = true;
                Ok(task)
            }
            Err(error) if error.is(ProblemCode::NotLoggedIn) => Err(Over::LoggedOut),
            Err(error) if error.is(ProblemCode::NotPermitted) => {
                Err(Over::Refused(Away::NotPermitted))
            }
            Err(error) => Err(Over::Refused(Away::NoTicket(error))),
        }
    }

    /// Whether a challenge waits for its answer.
    pub(super) fn owes(&self) -> bool {
        self.owed.is_some()
    }

    /// The moment is over.
    pub(super) fn waited(&mut self) -> Option<Task> {
        self.waiting = false;
        self.ask()
    }

    /// Asks for the challenge that is owed, unless an answer is on its way.
    fn ask(&mut self) -> Option<Task> {
        if self.asked.is_some() {
            return None;
        }
        self.asked = self.owed.clone();
        self.asked.clone().map(Task::Ask)
    }
}

/// A registry that cannot answer now is asked again until the helper closes.
fn may_pass(error: &RegistryError) -> bool {
    error.is(ProblemCode::TooManyTries)
        || *error == RegistryError::NotUnderstood
        || Trouble::Registry(error.clone()).may_pass()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_protocol::registry::problem::Problem;

    fn challenge(byte: u8) -> HexBytes {
        HexBytes(vec![byte; 32])
    }

    fn issued(of: u8) -> Result<IssuedTicket, RegistryError> {
        let ticket = Signed::from_parts(of.to_string(), HexBytes(vec![]));
        Ok(IssuedTicket { ticket, name: "desk-1".into() })
    }

    fn show(of: u8) -> Result<Option<Task>, Over> {
        Ok(Some(Task::Show(issued(of).unwrap().ticket)))
    }

    fn problem(code: ProblemCode) -> Result<IssuedTicket, RegistryError> {
        let problem = Problem { code, message: "No.".into(), field: None };
        Err(RegistryError::Problem(problem))
    }

    #[test]
    fn every_challenge_is_answered_by_a_ticket_over_it() {
        let mut authority = Authority::default();
        for of in 1..4 {
            assert_eq!(authority.challenged(challenge(of)), Some(Task::Ask(challenge(of))));
            assert_eq!(authority.answered(issued(of)), show(of));
        }
    }

    #[test]
    fn a_ticket_over_a_challenge_that_was_replaced_is_dropped() {
        let mut authority = Authority::default();
        authority.challenged(challenge(1));
        assert_eq!(authority.challenged(challenge(2)), None);
        assert_eq!(authority.answered(issued(1)), Ok(Some(Task::Ask(challenge(2)))));
        assert_eq!(authority.answered(issued(2)), show(2));
    }

    #[test]
    fn a_registry_that_is_down_is_asked_again_by_time_and_by_message() {
        let mut authority = Authority::default();
        authority.challenged(challenge(1));
        let down = || Err(RegistryError::Unreachable);
        assert_eq!(authority.answered(down()), Ok(Some(Task::Wait)));
        assert_eq!(authority.waited(), Some(Task::Ask(challenge(1))));
        assert_eq!(authority.answered(problem(ProblemCode::Internal)), Ok(Some(Task::Wait)));
        assert_eq!(authority.challenged(challenge(2)), Some(Task::Ask(challenge(2))));
        // One moment is waited for at a time.
        assert_eq!(authority.answered(down()), Ok(None));
        assert_eq!(authority.waited(), Some(Task::Ask(challenge(2))));
        assert_eq!(authority.answered(issued(2)), show(2));
        assert_eq!(authority.waited(), None);
    }

    #[test]
    fn what_the_registry_refuses_ends_it() {
        for (code, over) in [
            (ProblemCode::NotLoggedIn, Over::LoggedOut),
            (ProblemCode::NotPermitted, Over::Refused(Away::NotPermitted)),
        ] {
            let mut authority = Authority::default();
            authority.challenged(challenge(1));
            assert_eq!(authority.answered(problem(code)), Err(over));
        }
        let mut authority = Authority::default();
        authority.challenged(challenge(1));
        let over = authority.answered(problem(ProblemCode::NotFound));
        assert!(matches!(over, Err(Over::Refused(Away::NoTicket(_)))), "{over:?}");
    }
}
