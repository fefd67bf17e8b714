use super::{ActionError, invalid};
use crate::text::one_line;

/// Longest reason, in characters.
const MAX_LENGTH: usize = 500;

/// The reason that a person gives, for the audit events: 1 to 500 characters that can be seen.
pub(super) fn check_reason(reason: &str) -> Result<String, ActionError> {
    let line = one_line(reason);
    let line = line.trim();
    match (1..=MAX_LENGTH).contains(&line.chars().count()) && !reason.contains('\0') {
        true => Ok(line.to_owned()),
        false => Err(invalid("reason", "Give a reason of 1 to 500 characters.")),
    }
}
