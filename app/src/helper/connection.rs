//! Opens the connection to the helper, and opens it again for ever.

use super::link::Link;
use crate::trouble::Trouble;
use cardwright_protocol::helper::{HelperError, Message, PROTOCOL_VERSION, Request, RequestFrame};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::{InsertionId, JobId, ReaderId};
use cardwright_protocol::job::SealedJob;
use cardwright_protocol::outcome::{Acknowledgement, ChipReport};
use cardwright_protocol::signed::Signed;
use futures_channel::{mpsc, oneshot};
use futures_util::future::{AbortHandle, Abortable, Either, poll_fn, select};
use futures_util::{SinkExt, StreamExt};
use gloo_net::websocket::{Message as Frame, State, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use std::collections::HashMap;
use wasm_bindgen_futures::spawn_local;

/// Shortest and longest time between two tries to reach the helper, in milliseconds.
const PAUSE: (u32, u32) = (500, 5_000);

/// How long a helper may take to answer the first request, in milliseconds: whatever listens on
/// the port and is no helper must not keep the page from the next port.
const PATIENCE: u32 = 5_000;

/// The helper, for the whole app: pages come and go, the connection stays.
#[derive(Clone, Copy)]
pub(crate) struct Helper {
    /// What is known of it.
    pub(crate) link: RwSignal<Link>,
    line: StoredValue<Option<Line>>,
}

struct Line {
    calls: mpsc::UnboundedSender<Call>,
    end: AbortHandle,
}

struct Call {
    request: Request,
    answer: oneshot::Sender<Result<Message, HelperError>>,
}

impl Helper {
    /// A helper that is not connected.
    pub(crate) fn new() -> Self {
        Self { link: RwSignal::new(Link::Searching), line: StoredValue::new(None) }
    }

    /// Connects to whichever of these ports has a helper, and stays connected.
    pub(crate) fn connect(self, ports: Vec<u16>) {
        self.disconnect();
        let (calls, queue) = mpsc::unbounded();
        let (end, registration) = AbortHandle::new_pair();
        self.line.set_value(Some(Line { calls, end }));
        spawn_local(async move {
            // An abort is how it ends: there is no other result.
            let _ = Abortable::new(stay_connected(self.link, ports, queue), registration).await;
        });
    }

    /// Ends the connection, since nobody is logged in.
    pub(crate) fn disconnect(self) {
        self.line.update_value(|line| {
            if let Some(line) = line.take() {
                line.end.abort();
            }
        });
        self.link.set(Link::Searching);
    }

    /// Inspects a chip.
    pub(crate) async fn inspect(
        self,
        reader: ReaderId,
        insertion: InsertionId,
        registry_nonce: HexBytes,
    ) -> Result<Signed<ChipReport>, Trouble> {
        match self.ask(Request::Inspect { reader, insertion, registry_nonce }).await? {
            Message::Report { report, .. } => Ok(report),
            _ => Err(Trouble::Helper(HelperError::Malformed)),
        }
    }

    /// Hands over a job; returns when the helper has begun it.
    pub(crate) async fn execute(self, job: SealedJob) -> Result<(), Trouble> {
        self.ask(Request::Execute { job }).await.map(drop)
    }

    /// Asks to stop a job before its next step.
    pub(crate) async fn cancel(self, job: JobId) -> Result<(), Trouble> {
        self.ask(Request::Cancel { job }).await.map(drop)
    }

    /// Hands over the registry's acknowledgement of an outcome.
    pub(crate) async fn acknowledge(
        self,
        acknowledgement: Signed<Acknowledgement>,
    ) -> Result<(), Trouble> {
        self.ask(Request::Acknowledge { acknowledgement }).await.map(drop)
    }

    /// Asks which outcomes wait for an acknowledgement; the link then has them.
    pub(crate) async fn ask_for_outcomes(self) -> Result<(), Trouble> {
        self.ask(Request::Outcomes {}).await.map(drop)
    }

    async fn ask(self, request: Request) -> Result<Message, Trouble> {
        let (answer, answered) = oneshot::channel();
        // An app that was closed has no signals any more.
        let connected = self.link.try_with_untracked(|link| link.desk().is_some());
        let send = |line: &Option<Line>| {
            let line = line.as_ref().filter(|_| connected == Some(true));
            line.is_some_and(|line| line.calls.unbounded_send(Call { request, answer }).is_ok())
        };
        let sent = self.line.try_with_value(send).unwrap_or(false);
        if !sent {
            return Err(Trouble::HelperGone);
        }
        match answered.await {
            Ok(answer) => answer.map_err(Trouble::Helper),
            Err(oneshot::Canceled) => Err(Trouble::HelperGone),
        }
    }
}

async fn stay_connected(
    link: RwSignal<Link>,
    ports: Vec<u16>,
    mut calls: mpsc::UnboundedReceiver<Call>,
) {
    let mut pause = PAUSE.0;
    let mut connection = 0;
    loop {
        let mut refused = false;
        for port in &ports {
            connection += 1;
            let answered = converse(link, *port, connection, &mut calls).await;
            if link.with_untracked(|link| link.desk().is_some()) {
                link.set(Link::Absent);
                pause = PAUSE.0;
            }
            refused |= answered && link.with_untracked(|link| matches!(link, Link::Refused(_)));
        }
        if !refused && link.with_untracked(|link| *link != Link::Absent) {
            link.set(Link::Absent);
        }
        TimeoutFuture::new(pause).await;
        pause = (pause * 2).min(PAUSE.1);
    }
}

/// Speaks with whatever listens on a port, until the connection ends. Answers whether a helper
/// was there.
async fn converse(
    link: RwSignal<Link>,
    port: u16,
    connection: u32,
    calls: &mut mpsc::UnboundedReceiver<Call>,
) -> bool {
    let Ok(mut socket) = WebSocket::open(&format!("ws://127.0.0.1:{port}")) else {
        return false;
    };
    let opened = poll_fn(|context| socket.poll_ready_unpin(context)).await;
    if opened.is_err() || !matches!(socket.state(), State::Open) {
        return false;
    }
    let hello = RequestFrame { id: 0, request: Request::Hello { protocol: PROTOCOL_VERSION } };
    if socket.send(frame(&hello)).await.is_err() {
        return false;
    }
    match select(socket.next(), TimeoutFuture::new(PATIENCE)).await {
        Either::Left((Some(Ok(Frame::Text(text))), _)) => match serde_json::from_str(&text) {
            Ok(message) => link.update(|link| link.apply(connection, message)),
            Err(_) => link.set(Link::Refused(HelperError::Malformed)),
        },
        _ => return false,
    }
    // Calls that came while nobody was there would speak of readers of long ago.
    while calls.try_recv().is_ok() {}
    let mut waiting = HashMap::<u64, oneshot::Sender<_>>::new();
    let mut last_id = 0;
    while link.with_untracked(|link| link.desk().is_some()) {
        match select(socket.next(), calls.next()).await {
            Either::Left((Some(Ok(Frame::Text(text))), _)) => {
                let Ok(message) = serde_json::from_str::<Message>(&text) else {
                    link.set(Link::Refused(HelperError::Malformed));
                    return true;
                };
                if let Some(answer) = answered_id(&message).and_then(|id| waiting.remove(&id)) {
                    // Whoever asked may have gone: then nobody needs the answer.
                    let _ = answer.send(match &message {
                        Message::Refused { error, .. } => Err(error.clone()),
                        message => Ok(message.clone()),
                    });
                }
                link.update(|link| link.apply(connection, message));
            }
            Either::Left(_) => return true,
            Either::Right((Some(Call { request, answer }), _)) => {
                last_id += 1;
                waiting.insert(last_id, answer);
                if socket.send(frame(&RequestFrame { id: last_id, request })).await.is_err() {
                    return true;
                }
            }
            Either::Right((None, _)) => return true,
        }
    }
    true
}

fn frame(request: &RequestFrame) -> Frame {
    // The type has string keys and no maps with others, so that it always is JSON.
    Frame::Text(serde_json::to_string(request).unwrap_or_default())
}

fn answered_id(message: &Message) -> Option<u64> {
    match message {
        Message::Hello { id, .. }
        | Message::Renewed { id }
        | Message::Ready { id, .. }
        | Message::Report { id, .. }
        | Message::Accepted { id, .. }
        | Message::Canceling { id, .. }
        | Message::Outcomes { id, .. }
        | Message::Acknowledged { id, .. } => Some(*id),
        Message::Refused { id, .. } => *id,
        Message::Challenge { .. }
        | Message::Readers { .. }
        | Message::ReaderChanged { .. }
        | Message::ReaderGone { .. }
        | Message::Progress { .. }
        | Message::Ended { .. } => None,
    }
}
