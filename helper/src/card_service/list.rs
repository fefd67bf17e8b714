use super::watch::{Call, list};
use crate::Error;
use crate::readers::Content;
use pcsc::{Context, Scope};
use std::time::Duration;

/// A reader and what is in it, as `cardwright-helper readers` prints it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedReader {
    /// The service's name of the reader.
    pub name: String,
    /// Whether a card is in it, one that does not answer included.
    pub has_card: bool,
}

/// Looks at all readers once.
///
/// # Errors
/// [`Error::ServiceStopped`] and [`Error::ServiceDenied`].
pub fn list_readers() -> Result<Vec<ListedReader>, Error> {
    look().map_err(|cause| match cause {
        pcsc::Error::SecurityViolation => Error::ServiceDenied,
        cause => Error::ServiceStopped(cause.to_string()),
    })
}

fn look() -> Result<Vec<ListedReader>, pcsc::Error> {
    let context = Context::establish(Scope::User)?;
    'look: loop {
        let mut calls = Call::all(&list(&context)?);
        for call in &mut calls {
            if !call.wait(&context, Duration::ZERO)? {
                // A reader went away between the list and the question.
                continue 'look;
            }
        }
        let observed = calls.iter().flat_map(Call::observed);
        return Ok(observed
            .map(|reader| ListedReader {
                name: reader.name.to_string_lossy().into_owned(),
                has_card: reader.content != Content::Empty,
            })
            .collect());
    }
}
