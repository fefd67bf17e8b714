//! PC/SC, and the only module that knows it.
//!
//! [`watch_readers`] tells the desk what is in the readers; a [`Link`] speaks to one chip. The
//! calls of the service block, and some never return (a chip that hangs, a driver that waits), so
//! they are made on threads that can be given up: each reader has one, which its links use one
//! after the other, and gets a new one when something went wrong.

mod link;
mod list;
mod service_thread;
mod watch;

pub(crate) use link::{Leaving, Link, LostLink, Patience};
pub use list::{ListedReader, list_readers};
pub(crate) use service_thread::{ServiceThread, Sharing, ThreadLimit};
pub(crate) use watch::watch_readers;

use cardwright_card::TransportError;

/// What an error of the service means for whoever waits for an answer.
fn transport_error(error: pcsc::Error) -> TransportError {
    match error {
        // After a card is torn out, its driver fails in one way or another before the service
        // notices: NotTransacted is what the virtual reader gives.
        pcsc::Error::RemovedCard
        | pcsc::Error::NoSmartcard
        | pcsc::Error::UnpoweredCard
        | pcsc::Error::UnresponsiveCard
        | pcsc::Error::ReaderUnavailable
        | pcsc::Error::UnknownReader
        | pcsc::Error::NotTransacted => TransportError::Removed,
        pcsc::Error::ResetCard => TransportError::Reset,
        pcsc::Error::SharingViolation => TransportError::Busy,
        // The client library gives the first two when its socket breaks, InvalidHandle when the
        // service was started anew and does not know it.
        pcsc::Error::CommError
        | pcsc::Error::CommDataLost
        | pcsc::Error::NoService
        | pcsc::Error::ServiceStopped
        | pcsc::Error::SecurityViolation
        | pcsc::Error::InvalidHandle => TransportError::ServiceStopped,
        pcsc::Error::Timeout => TransportError::Hung,
        _ => TransportError::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_card::TransportError as T;
    use pcsc::Error as E;

    #[test]
    fn every_way_to_lose_a_link_leads_to_what_a_person_does_next() {
        let cases = [
            (T::Removed, vec![E::NotTransacted, E::RemovedCard, E::NoSmartcard, E::UnpoweredCard]),
            (T::Removed, vec![E::UnresponsiveCard, E::ReaderUnavailable, E::UnknownReader]),
            (T::Reset, vec![E::ResetCard]),
            (T::Busy, vec![E::SharingViolation]),
            (T::ServiceStopped, vec![E::NoService, E::ServiceStopped, E::CommError]),
            (T::ServiceStopped, vec![E::InvalidHandle, E::SecurityViolation, E::CommDataLost]),
            (T::Hung, vec![E::Timeout]),
            (T::Other, vec![E::InternalError, E::NoMemory, E::ProtoMismatch]),
        ];
        for (means, errors) in cases {
            for error in errors {
                assert_eq!(transport_error(error), means, "{error:?}");
            }
        }
    }
}
