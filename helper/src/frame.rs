//! Frames and close codes.
//!
//! | Code | Means | What the page does |
//! |---|---|---|
//! | 1001 | the helper ends | connects again, for ever |
//! | 4400 | a frame was not of the protocol: not JSON, an unknown field, binary, too large | is mended by whoever wrote it |
//! | 4401 | `hello` was not the first request, or came twice, or something came before a ticket | is mended by whoever wrote it |
//! | 4403 | the ticket was refused, or no fresh one came in time | connects again, with a fresh ticket |
//! | 4404 | another path than `/`, a subprotocol, or frames before the answer | is mended by whoever wrote it |
//! | 4408 | `hello` or the first ticket did not come in time | connects again |
//! | 4426 | the versions of the two sides do not fit | says which side is older |
//! | 4429 | too many connections, or too many requests at once on one | connects again later |
//!
//! Before 4400, 4401, 4426, and 4403 for a refused ticket, a `refused` message says the same. A
//! client that does not read what it is sent is dropped without a code: it would not read that
//! either. The same table is in `docs/protocol.md`.

use cardwright_protocol::helper::{HelperError, MAX_FRAME_LENGTH, Message};
use tokio_tungstenite::tungstenite::Utf8Bytes;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;

/// Why the helper ends a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The helper ends.
    GoingAway,
    /// A frame is not of the protocol.
    Malformed,
    /// `hello` was not first, or came twice, or no ticket came after it.
    OutOfOrder,
    /// A ticket is refused, or the authority of the last one is over.
    NotAdmitted,
    /// The request for the upgrade asks for what is not here.
    Mistaken,
    /// No `hello`, or no ticket, in time.
    Late,
    /// The versions do not fit.
    Version,
    /// Too many at once.
    TooMany,
}

impl Ending {
    /// The close frame that says so.
    pub(crate) fn close_frame(self) -> CloseFrame {
        let (code, reason) = match self {
            Self::GoingAway => (1001, "the helper ends"),
            Self::Malformed => (4400, "the frame is not of this protocol"),
            Self::OutOfOrder => (4401, "hello comes first, and once, then a ticket"),
            Self::NotAdmitted => (4403, "a ticket of the registry is needed"),
            Self::Mistaken => (4404, "there is nothing but / here, without a subprotocol"),
            Self::Late => (4408, "hello or a ticket did not come in time"),
            Self::Version => (4426, "the versions do not fit"),
            Self::TooMany => (4429, "too many at once"),
        };
        CloseFrame { code: code.into(), reason: reason.into() }
    }
}

/// A message as the text of its frame.
pub(crate) fn text_of(message: &Message) -> Utf8Bytes {
    // Messages are plain data with text keys: writing them as JSON cannot fail.
    let text = serde_json::to_string(message).expect("a message is plain data");
    if text.len() > MAX_FRAME_LENGTH {
        tracing::error!(length = text.len(), "a message is longer than a page accepts");
    }
    text.into()
}

/// The refusal of a request.
pub(crate) fn refused(id: u64, error: HelperError) -> Message {
    Message::Refused { id: Some(id), error }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_has_the_same_table() {
        let rows = include_str!("frame.rs").lines().filter_map(|line| line.strip_prefix("//! "));
        let rows: Vec<_> = rows.filter(|line| line.starts_with('|')).collect();
        assert!(rows.len() > 2, "the table is at the top");
        let protocol = include_str!("../../docs/protocol.md");
        assert!(protocol.contains(&rows.join("\n")), "{rows:#?}");
    }

    #[test]
    fn every_ending_is_in_the_table() {
        let table = include_str!("frame.rs");
        for ending in [
            Ending::GoingAway,
            Ending::Malformed,
            Ending::OutOfOrder,
            Ending::NotAdmitted,
            Ending::Mistaken,
            Ending::Late,
            Ending::Version,
            Ending::TooMany,
        ] {
            let frame = ending.close_frame();
            assert!(table.contains(&format!("//! | {} |", u16::from(frame.code))), "{ending:?}");
            assert!(frame.reason.len() <= 123, "RFC 6455, 5.5.1");
        }
    }
}
