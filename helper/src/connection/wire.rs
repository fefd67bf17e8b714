use super::Over;
use crate::door;
use crate::frame::Ending;
use cardwright_protocol::helper::{HelperError, RequestFrame};
use futures_util::{SinkExt as _, StreamExt as _};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Error, Utf8Bytes};

/// A page's connection behind its upgrade.
pub(crate) type Socket = WebSocketStream<TcpStream>;

/// How long a client may take to read one frame before it is dropped.
const SEND_TIME: Duration = Duration::from_secs(10);

/// Why no request could be read.
pub(super) enum NotRead {
    /// The frame is not of the protocol.
    Malformed(Malformed),
    /// The client went away.
    Gone,
}

/// A frame that is not of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// Its id, where it has one.
    pub id: Option<u64>,
}

impl From<NotRead> for Over {
    fn from(not_read: NotRead) -> Self {
        match not_read {
            NotRead::Malformed(Malformed { id }) => {
                Self::refused(id, HelperError::Malformed, Ending::Malformed)
            }
            NotRead::Gone => Self::Gone,
        }
    }
}

/// Says why, and closes.
pub(crate) async fn close(mut socket: Socket, ending: Ending) {
    tracing::debug!(?ending, "closing a connection");
    let closing = socket.close(Some(ending.close_frame()));
    if let Ok(Ok(())) = tokio::time::timeout(SEND_TIME, closing).await {
        door::drain(socket.get_mut()).await;
    }
}

/// Reads one request. Safe to be given up: no byte is lost.
pub(super) async fn read(socket: &mut Socket) -> Result<RequestFrame, NotRead> {
    const NO_TEXT: NotRead = NotRead::Malformed(Malformed { id: None });
    loop {
        return match socket.next().await {
            Some(Ok(tungstenite::Message::Text(text))) => {
                read_request(&text).map_err(NotRead::Malformed)
            }
            // Answered by the WebSocket crate.
            Some(Ok(tungstenite::Message::Ping(_) | tungstenite::Message::Pong(_))) => continue,
            Some(Ok(tungstenite::Message::Binary(_) | tungstenite::Message::Frame(_))) => {
                Err(NO_TEXT)
            }
            Some(Err(Error::Capacity(_) | Error::Protocol(_) | Error::Utf8(_))) => Err(NO_TEXT),
            Some(Ok(tungstenite::Message::Close(_))) => {
                answer_close(socket).await;
                Err(NotRead::Gone)
            }
            Some(Err(_)) | None => Err(NotRead::Gone),
        };
    }
}

/// Reads the text of a frame.
///
/// # Errors
/// [`Malformed`] where it is no request of this protocol.
pub fn read_request(text: &str) -> Result<RequestFrame, Malformed> {
    serde_json::from_str(text).map_err(|error| {
        tracing::warn!(
            line = error.line(),
            column = error.column(),
            "a frame that is not of the protocol"
        );
        let frame: Option<serde_json::Value> = serde_json::from_str(text).ok();
        Malformed { id: frame.and_then(|frame| frame.get("id")?.as_u64()) }
    })
}

/// A close frame is answered by one (RFC 6455, 5.5.1), which the WebSocket crate has made: it only
/// waits to be sent.
async fn answer_close(socket: &mut Socket) {
    // Whoever does not read it is gone all the same.
    let _ = tokio::time::timeout(SEND_TIME, socket.flush()).await;
}

/// Sends one frame, or fails when the client does not read it in time.
pub(super) async fn send(socket: &mut Socket, text: Utf8Bytes) -> Result<(), Over> {
    match tokio::time::timeout(SEND_TIME, socket.send(tungstenite::Message::Text(text))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Over::Gone),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_protocol::helper::MAX_FRAME_LENGTH;
    use proptest::prelude::*;

    const INSPECT: &str = r#"{"id":7,"request":{"type":"inspect","reader":"r1","insertion":"i1","registry_nonce":"000102030405060708090A0B0C0D0E0F"}}"#;

    fn id_of_malformed(text: &str) -> Option<u64> {
        match read_request(text) {
            Err(Malformed { id }) => id,
            Ok(_) => panic!("{text} is malformed"),
        }
    }

    #[test]
    fn a_malformed_request_is_answered_by_its_id_where_it_has_one() {
        assert!(read_request(INSPECT).is_ok());
        assert_eq!(id_of_malformed(&INSPECT.replace("insertion", "other")), Some(7));
        assert_eq!(id_of_malformed(&INSPECT.replace("\"id\":7", "\"id\":-7")), None);
        assert_eq!(
            id_of_malformed(&INSPECT.replace("\"id\":7", "\"id\":18446744073709551616")),
            None
        );
        assert_eq!(id_of_malformed("[7]"), None);
    }

    #[test]
    fn requests_that_are_nested_without_end_are_refused() {
        for opening in ["[", "{\"id\":", "{\"id\":7,\"request\":"] {
            assert_eq!(id_of_malformed(&opening.repeat(MAX_FRAME_LENGTH / opening.len())), None);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_request_or_malformed(start in 0..INSPECT.len(), lost in 0_usize..8, come in ".{0,8}") {
            let end = (start + lost).min(INSPECT.len());
            let text = [&INSPECT[..start], &come, &INSPECT[end..]].concat();
            let _ = read_request(&text);
        }
    }
}
