//! A workstation in words.

use crate::helper::Tone;
use cardwright_protocol::registry::workstations::{Workstation, WorkstationState};

/// How far it is.
pub(super) fn state(workstation: &Workstation) -> (Tone, &'static str) {
    match (workstation.state, &workstation.code_until) {
        (WorkstationState::Invited, Some(_)) => (Tone::Warn, "Waits for its helper"),
        (WorkstationState::Invited, None) => (Tone::Warn, "Has no code: make a new one"),
        (WorkstationState::Enrolled, _) => (Tone::Good, "Enrolled"),
        (WorkstationState::Revoked, _) => (Tone::Bad, "Revoked"),
    }
}

/// Whether the end of its code means something.
pub(super) fn is_code_shown(workstation: &Workstation) -> bool {
    workstation.state != WorkstationState::Revoked
}

/// Whether a helper used the code that was given for a workstation as it was then.
pub(super) fn is_used(now: &Workstation, then: &Workstation) -> bool {
    now.id == then.id
        && now.state == WorkstationState::Enrolled
        && now.enrolled_at != then.enrolled_at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workstation(state: WorkstationState, enrolled_at: Option<&str>) -> Workstation {
        Workstation {
            id: "0011223344556677".into(),
            name: "desk-1".into(),
            version: 1,
            state,
            helper_version: None,
            enrolled_at: enrolled_at.map(str::to_owned),
            code_until: None,
            used_at: None,
        }
    }

    #[test]
    fn a_code_is_used_when_its_workstation_was_enrolled_since() {
        let then = workstation(WorkstationState::Invited, None);
        let first = workstation(WorkstationState::Enrolled, Some("2026-11-20T14:02:00Z"));
        let again = workstation(WorkstationState::Enrolled, Some("2026-11-21T09:00:00Z"));
        assert!(!is_used(&then, &then));
        assert!(is_used(&first, &then));
        assert!(!is_used(&first, &first));
        assert!(is_used(&again, &first));
        let other = Workstation { id: "8899aabbccddeeff".into(), ..again };
        assert!(!is_used(&other, &first));
    }

    #[test]
    fn a_workstation_without_a_code_says_so() {
        let mut invited = workstation(WorkstationState::Invited, None);
        assert!(state(&invited).1.contains("no code"));
        invited.code_until = Some("2026-11-20T14:02:00Z".into());
        assert_eq!(state(&invited).1, "Waits for its helper");
    }
}
