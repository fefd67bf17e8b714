//! What an account can be called: the app says it before a name is sent, the registry whenever one
//! comes.

use std::error::Error;
use std::fmt;

/// Longest name of an account, in characters.
pub const MAX_ACCOUNT_NAME_LENGTH: usize = 64;

/// Whom the audit events call by these names is no account.
const RESERVED: [&str; 2] = ["registry", "nobody"];

/// Why a name cannot be that of an account. Displayed, it says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadAccountName {
    /// It is too long, or has characters that no name has, or none.
    Malformed,
    /// The registry goes by it.
    Reserved,
}

impl fmt::Display for BadAccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => {
                "A name has 1 to 64 lower case letters, digits and . - _ @, a letter or digit \
                 first."
            }
            Self::Reserved => "The registry itself goes by this name; choose another.",
        })
    }
}

impl Error for BadAccountName {}

/// Whether a new account can have this name. Capital letters are left out so that no two names
/// differ by them alone; `.` and `..` are no step of a path, and `-h` is no option.
///
/// # Errors
/// Why it cannot.
pub fn check_account_name(name: &str) -> Result<(), BadAccountName> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-_@".contains(c);
    let begins_well = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    if name.len() > MAX_ACCOUNT_NAME_LENGTH || !begins_well || !name.chars().all(plain) {
        return Err(BadAccountName::Malformed);
    }
    match RESERVED.contains(&name) {
        true => Err(BadAccountName::Reserved),
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_plain_and_begins_with_a_letter_or_digit() {
        let longest = "a".repeat(MAX_ACCOUNT_NAME_LENGTH);
        for name in ["a", "7", "ada.l-1_x@site", "registry-2", &longest] {
            assert_eq!(check_account_name(name), Ok(()), "{name}");
        }
        let too_long = format!("{longest}a");
        for name in ["", "Ada", "ada l", "é", "-h", ".", "..", "_ada", "@ada", &too_long] {
            assert_eq!(check_account_name(name), Err(BadAccountName::Malformed), "{name}");
        }
        for name in RESERVED {
            assert_eq!(check_account_name(name), Err(BadAccountName::Reserved), "{name}");
        }
    }
}
