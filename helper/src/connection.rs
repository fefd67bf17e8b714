//! One page's connection: `hello`, then requests and answers, and every event.

use crate::desk::Desk;
use crate::door;
use crate::frame::{self, Ending};
use crate::requests;
use cardwright_protocol::helper::{HelperError, Message, PROTOCOL_VERSION, Request, RequestFrame};
use futures_util::{SinkExt as _, StreamExt as _};
use std::{sync::Arc, time::Duration};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Error, Utf8Bytes};

type Socket = WebSocketStream<TcpStream>;

/// How long the first request may take.
const HELLO_TIME: Duration = Duration::from_secs(5);

/// How long a client may take to read one frame before it is dropped.
const SEND_TIME: Duration = Duration::from_secs(10);

/// How many requests of one connection may wait for a reader.
const MAX_WAITING: usize = 8;

/// Why a connection is over.
enum Over {
    /// This helper ends it, and says why.
    Ended(Ending),
    /// The client went away, or does not read.
    Gone,
}

/// Serves a connection until either side ends it.
pub(crate) async fn serve(mut socket: Socket, desk: Arc<Desk>, ending: watch::Receiver<bool>) {
    match converse(&mut socket, &desk, ending).await {
        Over::Ended(ending) => close(socket, ending).await,
        Over::Gone => {}
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

async fn converse(
    socket: &mut Socket,
    desk: &Arc<Desk>,
    mut ending: watch::Receiver<bool>,
) -> Over {
    let first = tokio::select! {
        first = tokio::time::timeout(HELLO_TIME, read(socket)) => first,
        () = ended(&mut ending) => return Over::Ended(Ending::GoingAway),
    };
    let hello = match first {
        Ok(Ok(frame)) => frame,
        Ok(Err(over)) => return refuse_frame(socket, over).await,
        Err(_) => return Over::Ended(Ending::HelloTimeout),
    };
    match hello.request {
        Request::Hello { protocol: PROTOCOL_VERSION } => {}
        Request::Hello { .. } => {
            let error = HelperError::Version { helper: PROTOCOL_VERSION };
            return refuse(socket, Some(hello.id), error, Ending::Version).await;
        }
        _ => {
            let error = HelperError::OutOfOrder;
            return refuse(socket, Some(hello.id), error, Ending::OutOfOrder).await;
        }
    }
    let (ready, snapshot, mut events) = desk.welcome(hello.id);
    let mut waiting = JoinSet::new();
    let mut outgoing = vec![frame::text_of(&ready), frame::text_of(&snapshot)];
    loop {
        for text in outgoing.drain(..) {
            if send(socket, text).await.is_err() {
                return Over::Gone;
            }
        }
        tokio::select! {
            frame = read(socket) => match frame {
                Ok(RequestFrame { id, request: Request::Hello { .. } }) => {
                    return refuse(socket, Some(id), HelperError::OutOfOrder, Ending::OutOfOrder)
                        .await;
                }
                Ok(_) if waiting.len() >= MAX_WAITING => return Over::Ended(Ending::TooMany),
                Ok(frame @ RequestFrame { request: Request::Inspect { .. }, .. }) => {
                    let desk = Arc::clone(desk);
                    waiting.spawn(async move { requests::answer(&desk, frame).await });
                }
                // These wait for nobody but the disk: their answer is sent before any event behind it.
                Ok(frame) => {
                    outgoing.push(frame::text_of(&requests::answer(desk, frame).await));
                }
                Err(over) => return refuse_frame(socket, over).await,
            },
            Some(answered) = waiting.join_next() => match answered {
                Ok(message) => outgoing.push(frame::text_of(&message)),
                Err(error) => tracing::error!(%error, "a request failed"),
            },
            event = events.recv() => match event {
                Ok(text) => outgoing.push(text),
                Err(_) => {
                    tracing::warn!("dropped a connection that does not read");
                    return Over::Gone;
                }
            },
            () = ended(&mut ending) => {
                // Outcomes of jobs that were stopped may still be on their way.
                while let Ok(text) = events.try_recv() {
                    if send(socket, text).await.is_err() {
                        return Over::Gone;
                    }
                }
                return Over::Ended(Ending::GoingAway);
            }
        }
    }
}

/// Done when the helper ends.
pub(crate) async fn ended(ending: &mut watch::Receiver<bool>) {
    // An error says that the server itself is gone, which is the same.
    drop(ending.wait_for(|ending| *ending).await);
}

/// Why no request could be read.
enum NoRequest {
    /// The frame is not of the protocol. Its id, where it has one.
    Malformed(Option<u64>),
    /// The client went away.
    Gone,
}

/// Reads one request. Safe to be given up: no byte is lost.
async fn read(socket: &mut Socket) -> Result<RequestFrame, NoRequest> {
    loop {
        return match socket.next().await {
            Some(Ok(tungstenite::Message::Text(text))) => parse(&text),
            // Answered by the WebSocket crate.
            Some(Ok(tungstenite::Message::Ping(_) | tungstenite::Message::Pong(_))) => continue,
            Some(Ok(tungstenite::Message::Binary(_) | tungstenite::Message::Frame(_))) => {
                Err(NoRequest::Malformed(None))
            }
            Some(Err(Error::Capacity(_) | Error::Protocol(_) | Error::Utf8(_))) => {
                Err(NoRequest::Malformed(None))
            }
            Some(Ok(tungstenite::Message::Close(_)) | Err(_)) | None => Err(NoRequest::Gone),
        };
    }
}

fn parse(text: &str) -> Result<RequestFrame, NoRequest> {
    serde_json::from_str(text).map_err(|error| {
        tracing::warn!(
            line = error.line(),
            column = error.column(),
            "a frame that is not of the protocol"
        );
        let frame: Option<serde_json::Value> = serde_json::from_str(text).ok();
        NoRequest::Malformed(frame.and_then(|frame| frame.get("id")?.as_u64()))
    })
}

async fn refuse_frame(socket: &mut Socket, why: NoRequest) -> Over {
    match why {
        NoRequest::Malformed(id) => {
            refuse(socket, id, HelperError::Malformed, Ending::Malformed).await
        }
        NoRequest::Gone => Over::Gone,
    }
}

async fn refuse(socket: &mut Socket, id: Option<u64>, error: HelperError, ending: Ending) -> Over {
    let message = Message::Refused { id, error };
    match send(socket, frame::text_of(&message)).await {
        Ok(()) => Over::Ended(ending),
        Err(_) => Over::Gone,
    }
}

/// Sends one frame, or fails when the client does not read it in time.
async fn send(socket: &mut Socket, text: Utf8Bytes) -> Result<(), Error> {
    tokio::time::timeout(SEND_TIME, socket.send(tungstenite::Message::Text(text)))
        .await
        .unwrap_or_else(|elapsed| Err(Error::Io(elapsed.into())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_protocol::helper::MAX_FRAME_LENGTH;
    use proptest::prelude::*;

    const INSPECT: &str = r#"{"id":7,"request":{"type":"inspect","reader":"r1","insertion":"i1","registry_nonce":"000102030405060708090A0B0C0D0E0F"}}"#;

    fn id_of_malformed(text: &str) -> Option<u64> {
        match parse(text) {
            Err(NoRequest::Malformed(id)) => id,
            Ok(_) | Err(NoRequest::Gone) => panic!("{text} is malformed"),
        }
    }

    #[test]
    fn a_malformed_request_is_answered_by_its_id_where_it_has_one() {
        assert!(parse(INSPECT).is_ok());
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
            assert!(!matches!(parse(&text), Err(NoRequest::Gone)));
        }
    }
}
