//! What one look at all ports found, and what follows from it.

use super::away::{Away, Candidate};
use crate::trouble::RegistryError;
use cardwright_protocol::helper::HelperError;
use cardwright_protocol::ids::WorkstationId;
use cardwright_protocol::registry::problem::ProblemCode;

/// What was found on one port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// Nobody, or somebody who says nothing that a helper says.
    Nobody,
    /// A helper that the registry gave a ticket for.
    Ours(Candidate),
    /// A helper that the registry does not know.
    Foreign,
    /// A helper, and the registry gave no ticket for it.
    NoTicket(RegistryError),
    /// A helper that cannot work with this page.
    Refused(HelperError),
    /// A helper that ended the connection and said why.
    Closed { reason: String },
    /// Somebody on this port who has the challenge from a helper elsewhere.
    Relayed(u16),
}

impl Found {
    /// What it means that the registry gave no ticket.
    pub(super) fn without_ticket(error: RegistryError) -> Self {
        match error.is(ProblemCode::NotFound) {
            true => Self::Foreign,
            false => Self::NoTicket(error),
        }
    }

    /// Whether this is the helper that the browser used last: then nobody else is waited for.
    pub(super) fn is(&self, remembered: Option<&WorkstationId>) -> bool {
        matches!(self, Self::Ours(candidate) if Some(&candidate.id) == remembered)
    }
}

/// Which port's helper is taken: the one that this browser used last, or the only one where it
/// used none. Another one than last time may be somebody else's who works at this computer.
pub(super) fn take(found: &[Found], remembered: Option<&WorkstationId>) -> Result<usize, Away> {
    if let Some(known) = found.iter().position(|found| found.is(remembered)) {
        return Ok(known);
    }
    let mut ours: Vec<(usize, &Candidate)> = Vec::new();
    for (at, found) in found.iter().enumerate() {
        if let Found::Ours(candidate) = found
            && ours.iter().all(|(_, other)| other.id != candidate.id)
        {
            ours.push((at, candidate));
        }
    }
    ours.sort_by(|(_, one), (_, other)| (&one.name.0, &one.id).cmp(&(&other.name.0, &other.id)));
    match (&ours[..], remembered) {
        ([], _) => Err(why_none(found)),
        ([(only, _)], None) => Ok(*only),
        _ => Err(Away::Choose(ours.into_iter().map(|(_, it)| it.clone()).collect())),
    }
}

/// The best reason why no helper of this registry was found.
fn why_none(found: &[Found]) -> Away {
    let reasons = found.iter().filter_map(|found| match found {
        Found::Nobody | Found::Ours(_) => None,
        Found::NoTicket(error) if error.is(ProblemCode::NotPermitted) => {
            Some((0, Away::NotPermitted))
        }
        Found::NoTicket(error) => Some((0, Away::NoTicket(error.clone()))),
        Found::Relayed(port) => Some((1, Away::Relayed(*port))),
        Found::Refused(error) => Some((2, Away::Refused(error.clone()))),
        Found::Closed { reason } => Some((3, Away::Closed { reason: reason.clone() })),
        Found::Foreign => Some((4, Away::NotOurs)),
    });
    reasons.min_by_key(|(rank, _)| *rank).map_or(Away::NoAnswer, |(_, away)| away)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_protocol::registry::problem::Problem;

    fn candidate(id: &str) -> Candidate {
        Candidate { id: id.into(), name: format!("desk {id}").as_str().into() }
    }

    fn ours(id: &str) -> Found {
        Found::Ours(candidate(id))
    }

    fn problem(code: ProblemCode) -> RegistryError {
        RegistryError::Problem(Problem { code, message: "No.".into(), field: None })
    }

    #[test]
    fn the_helper_that_was_used_last_is_taken_or_the_only_one() {
        let choose = |ids: &[&str]| Err(Away::Choose(ids.iter().map(|id| candidate(id)).collect()));
        let foreign = || Found::without_ticket(problem(ProblemCode::NotFound));
        for (found, remembered, expected) in [
            (vec![Found::Nobody, ours("a")], None, Ok(1)),
            (vec![foreign(), ours("a")], None, Ok(1)),
            (vec![ours("a"), ours("b")], Some("b"), Ok(1)),
            (vec![ours("a"), ours("b")], None, choose(&["a", "b"])),
            (vec![ours("a"), ours("b")], Some("c"), choose(&["a", "b"])),
            (vec![ours("a")], Some("c"), choose(&["a"])),
            (vec![ours("a"), ours("a")], None, Ok(0)),
            (vec![Found::Relayed(8421), ours("a")], None, Ok(1)),
            (vec![Found::Refused(HelperError::Version { helper: 1 }), ours("a")], None, Ok(1)),
        ] {
            let remembered = remembered.map(WorkstationId::from);
            assert_eq!(take(&found, remembered.as_ref()), expected, "{found:?} {remembered:?}");
        }
    }

    #[test]
    fn where_none_is_ours_the_nearest_reason_is_told() {
        let version = Found::Refused(HelperError::Version { helper: 1 });
        let closed = || Found::Closed { reason: "too many at once".into() };
        let unreachable = Found::without_ticket(RegistryError::Unreachable);
        let refused = Found::without_ticket(problem(ProblemCode::NotPermitted));
        for (found, expected) in [
            (vec![Found::Nobody, Found::Nobody], Away::NoAnswer),
            (vec![Found::Nobody, Found::Foreign], Away::NotOurs),
            (vec![Found::Foreign, closed()], Away::Closed { reason: "too many at once".into() }),
            (vec![closed(), version.clone()], Away::Refused(HelperError::Version { helper: 1 })),
            (vec![version.clone(), Found::Relayed(8422)], Away::Relayed(8422)),
            (vec![version, unreachable], Away::NoTicket(RegistryError::Unreachable)),
            (vec![Found::Foreign, refused], Away::NotPermitted),
        ] {
            assert_eq!(take(&found, None), Err(expected), "{found:?}");
        }
    }
}
