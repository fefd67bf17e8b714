//! Looks at all ports for helpers of this registry.

use super::away::{Away, Candidate};
use super::remembered;
use super::round::{Found, take};
use crate::registry::Registry;
use crate::trouble::RegistryError;
use cardwright_protocol::helper::{HelperError, Message, PROTOCOL_VERSION, Request, RequestFrame};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::WorkstationId;
use cardwright_protocol::registry::workstations::IssuedTicket;
use cardwright_protocol::signed::Signed;
use cardwright_protocol::ticket::{Ticket, is_challenge_at};
use futures_util::future::{Either, poll_fn, select};
use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use gloo_net::websocket::{Message as Frame, State, WebSocketError, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;
use std::pin::pin;

/// How long a helper may take to answer the first request, in milliseconds: whatever listens on
/// a port and is no helper must not keep the page from the others.
const PATIENCE: u32 = 5_000;

/// How long the registry may take for a ticket, in milliseconds: a third of the time between two
/// challenges, so that a request which a cut wire swallowed is not the last one.
const TICKET_PATIENCE: u32 = 10_000;

/// A helper of this registry that answers, with a ticket for it.
pub(super) struct Reached {
    pub(super) socket: WebSocket,
    /// The helper's own version.
    pub(super) version: String,
    /// The port by which it was called.
    pub(super) port: u16,
    /// Which helper it is.
    pub(super) who: Candidate,
    /// Over the challenge that it began with.
    pub(super) ticket: Signed<Ticket>,
}

/// What a helper says first.
struct Hello {
    version: String,
    workstation: WorkstationId,
    challenge: HexBytes,
}

/// Looks at all ports at once, and takes the helper that is to be used. Connections to others are
/// closed.
pub(super) async fn look_for_helper(registry: Registry, ports: &[u16]) -> Result<Reached, Away> {
    let remembered = remembered::read();
    let mut probes: FuturesUnordered<_> = ports.iter().map(|port| probe(registry, *port)).collect();
    let (mut found, mut reached) = (Vec::new(), Vec::new());
    while let Some((what, helper)) = probes.next().await {
        let known = what.is(remembered.as_ref());
        found.push(what);
        reached.push(helper);
        if known {
            break;
        }
    }
    let at = take(&found, remembered.as_ref())?;
    reached.swap_remove(at).ok_or(Away::NoAnswer)
}

/// Asks the registry for a ticket.
pub(super) async fn ticket(
    registry: Registry,
    workstation: &WorkstationId,
    challenge: HexBytes,
) -> Result<IssuedTicket, RegistryError> {
    let asked = registry.ticket(workstation, challenge);
    match select(pin!(asked), TimeoutFuture::new(TICKET_PATIENCE)).await {
        Either::Left((answer, _)) => answer,
        Either::Right(_) => Err(RegistryError::Unreachable),
    }
}

/// A request as a frame.
pub(super) fn frame(id: u64, request: Request) -> Frame {
    // The type has string keys and no maps with others, so that it always is JSON.
    Frame::Text(serde_json::to_string(&RequestFrame { id, request }).unwrap_or_default())
}

async fn probe(registry: Registry, port: u16) -> (Found, Option<Reached>) {
    let Ok(mut socket) = WebSocket::open(&format!("ws://127.0.0.1:{port}")) else {
        return (Found::Nobody, None);
    };
    let hello = match select(pin!(hello(&mut socket)), TimeoutFuture::new(PATIENCE)).await {
        Either::Left((Ok(hello), _)) => hello,
        Either::Left((Err(found), _)) => return (found, None),
        Either::Right(_) => return (Found::Nobody, None),
    };
    // Somebody who listens here has it from a helper elsewhere, and would get its ticket.
    if !is_challenge_at(&hello.challenge, port) {
        return (Found::Relayed(port), None);
    }
    match ticket(registry, &hello.workstation, hello.challenge).await {
        Ok(IssuedTicket { ticket, name }) => {
            let who = Candidate { id: hello.workstation, name };
            let version = hello.version;
            let reached = Reached { socket, version, port, who: who.clone(), ticket };
            (Found::Ours(who), Some(reached))
        }
        Err(error) => (Found::without_ticket(error), None),
    }
}

async fn hello(socket: &mut WebSocket) -> Result<Hello, Found> {
    // A connection that could not be opened says so when it is read.
    let _ = poll_fn(|context| socket.poll_ready_unpin(context)).await;
    if matches!(socket.state(), State::Open) {
        let request = Request::Hello { protocol: PROTOCOL_VERSION };
        socket.send(frame(0, request)).await.map_err(|_| Found::Nobody)?;
    }
    let text = match socket.next().await {
        Some(Ok(Frame::Text(text))) => text,
        Some(Err(WebSocketError::ConnectionClose(close))) if is_refusal(close.code) => {
            return Err(Found::Closed { reason: close.reason });
        }
        _ => return Err(Found::Nobody),
    };
    match serde_json::from_str(&text) {
        Ok(Message::Hello { protocol, version, workstation, challenge, .. }) => match protocol {
            PROTOCOL_VERSION => Ok(Hello { version, workstation, challenge }),
            helper => Err(Found::Refused(HelperError::Version { helper })),
        },
        Ok(Message::Refused { error, .. }) => Err(Found::Refused(error)),
        _ => Err(Found::Nobody),
    }
}

/// Whether a helper closed with a reason of its own: the codes from 4400 to 4499.
pub(super) fn is_refusal(code: u16) -> bool {
    (4400..4500).contains(&code)
}
