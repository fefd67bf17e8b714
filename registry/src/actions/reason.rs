use super::{ActionError, invalid};

/// Longest reason, in characters.
const MAX_LENGTH: usize = 500;

/// The reason that a person gives, for the audit events: 1 to 500 characters.
pub(super) fn check_reason(reason: &str) -> Result<String, ActionError> {
    let reason = reason.trim();
    match (1..=MAX_LENGTH).contains(&reason.chars().count()) && !reason.contains('\0') {
        true => Ok(reason.to_owned()),
        false => Err(invalid("reason", "Give a reason of 1 to 500 characters.")),
    }
}
