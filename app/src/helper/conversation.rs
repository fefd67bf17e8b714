//! Speaks with the helper that was found, until the connection ends.

use super::authority::{Authority, Over, Task};
use super::away::Away;
use super::link::Link;
use super::probe::{Reached, frame, is_refusal, ticket};
use super::remembered;
use crate::registry::Registry;
use crate::trouble::RegistryError;
use cardwright_protocol::helper::{HelperError, Message, Request};
use cardwright_protocol::registry::workstations::IssuedTicket;
use cardwright_protocol::ticket::is_challenge_at;
use futures_channel::{mpsc, oneshot};
use futures_util::future::{Either, select};
use futures_util::{SinkExt, StreamExt};
use gloo_net::websocket::{Message as Frame, WebSocketError, futures::WebSocket};
use gloo_timers::future::TimeoutFuture;
use leptos::prelude::*;
use std::collections::HashMap;
use wasm_bindgen_futures::spawn_local;

/// The code with which the helper closes when the right to ask it has ended.
const NO_TICKET: u16 = 4403;

/// Time before the registry is asked for a ticket again, in milliseconds.
const PAUSE: u32 = 2_000;

/// Something that the page asks of the helper.
pub(super) struct Call {
    pub(super) request: Request,
    pub(super) answer: oneshot::Sender<Result<Message, HelperError>>,
}

/// Why a conversation ended.
pub(super) enum End {
    /// The connection is gone.
    Gone,
    /// The right to ask the helper has ended.
    NoTicket,
    /// The helper or the registry does not want it.
    Refused(Away),
}

/// Work for the registry that was done beside the conversation.
enum Done {
    Ticket(Box<Result<IssuedTicket, RegistryError>>),
    Waited,
}

struct Conversation {
    link: RwSignal<Link>,
    connection: u32,
    registry: Registry,
    helper: Reached,
    authority: Authority,
    /// The number of the last request.
    last_id: u64,
    /// The number of the last `authenticate`.
    shown: u64,
    waiting: HashMap<u64, oneshot::Sender<Result<Message, HelperError>>>,
    done: mpsc::UnboundedSender<Done>,
}

/// Authenticates, then carries requests and messages. The link is connected from the helper's
/// `ready` on.
pub(super) async fn converse(
    link: RwSignal<Link>,
    connection: u32,
    registry: Registry,
    helper: Reached,
    calls: &mut mpsc::UnboundedReceiver<Call>,
) -> End {
    let (done, mut work) = mpsc::unbounded();
    let first = Task::Show(helper.ticket.clone());
    let mut conversation = Conversation {
        link,
        connection,
        registry,
        helper,
        authority: Authority::default(),
        last_id: 0,
        shown: 0,
        waiting: HashMap::new(),
        done,
    };
    let mut end = conversation.carry_out(Some(first)).await;
    // Calls that came while nobody was there would speak of readers of long ago.
    while calls.try_recv().is_ok() {}
    while end.is_ok() {
        let socket: &mut WebSocket = &mut conversation.helper.socket;
        end = match select(socket.next(), select(calls.next(), work.next())).await {
            Either::Left((said, _)) => conversation.heard(said).await,
            Either::Right((Either::Left((Some(call), _)), _)) => conversation.call(call).await,
            Either::Right((Either::Right((Some(done), _)), _)) => conversation.done(done).await,
            Either::Right(_) => Err(End::Gone),
        };
    }
    end.err().unwrap_or(End::Gone)
}

impl Conversation {
    async fn heard(&mut self, said: Option<Result<Frame, WebSocketError>>) -> Result<(), End> {
        let text = match said {
            Some(Ok(Frame::Text(text))) => text,
            Some(Err(WebSocketError::ConnectionClose(close))) => {
                return Err(match close.code {
                    NO_TICKET => End::NoTicket,
                    code if is_refusal(code) => End::Refused(Away::Closed { reason: close.reason }),
                    _ => End::Gone,
                });
            }
            _ => return Err(End::Gone),
        };
        let message = serde_json::from_str::<Message>(&text);
        let message = message.map_err(|_| refused(HelperError::Malformed))?;
        if let Some(answer) = answered_id(&message).and_then(|id| self.waiting.remove(&id)) {
            // Whoever asked may have gone: then nobody needs the answer.
            let _ = answer.send(match &message {
                Message::Refused { error, .. } => Err(error.clone()),
                message => Ok(message.clone()),
            });
        }
        match message {
            Message::Challenge { challenge } => {
                if !is_challenge_at(&challenge, self.helper.port) {
                    return Err(End::Refused(Away::Relayed(self.helper.port)));
                }
                let task = self.authority.challenged(challenge);
                self.carry_out(task).await?;
            }
            Message::Ready { running, outcomes, .. } => {
                remembered::write(&self.helper.who.id);
                let (name, version) = (self.helper.who.name.clone(), self.helper.version.clone());
                let desk = Link::ready(self.connection, name, version, running, outcomes);
                self.link.set(desk);
            }
            // A ticket that a newer challenge overtook is refused, and nothing is lost by it.
            Message::Refused { id: Some(id), error } if id == self.shown => {
                if !self.authority.owes() {
                    return Err(refused(error));
                }
            }
            message => self.link.update(|link| link.apply(message)),
        }
        Ok(())
    }

    async fn call(&mut self, call: Call) -> Result<(), End> {
        let id = self.send(call.request).await?;
        self.waiting.insert(id, call.answer);
        Ok(())
    }

    async fn done(&mut self, done: Done) -> Result<(), End> {
        let task = match done {
            Done::Ticket(answer) => match self.authority.answered(*answer) {
                Ok(task) => task,
                Err(Over::LoggedOut) => return Err(End::NoTicket),
                Err(Over::Refused(away)) => return Err(End::Refused(away)),
            },
            Done::Waited => self.authority.waited(),
        };
        self.carry_out(task).await
    }

    async fn carry_out(&mut self, task: Option<Task>) -> Result<(), End> {
        let done = self.done.clone();
        match task {
            None => {}
            Some(Task::Show(ticket)) => {
                self.shown = self.send(Request::Authenticate { ticket }).await?;
            }
            Some(Task::Ask(challenge)) => {
                let (registry, id) = (self.registry, self.helper.who.id.clone());
                spawn_local(async move {
                    let answer = ticket(registry, &id, challenge).await;
                    // A conversation that has ended needs no ticket.
                    let _ = done.unbounded_send(Done::Ticket(Box::new(answer)));
                });
            }
            Some(Task::Wait) => spawn_local(async move {
                TimeoutFuture::new(PAUSE).await;
                let _ = done.unbounded_send(Done::Waited);
            }),
        }
        Ok(())
    }

    async fn send(&mut self, request: Request) -> Result<u64, End> {
        self.last_id += 1;
        let sent = self.helper.socket.send(frame(self.last_id, request)).await;
        sent.map(|()| self.last_id).map_err(|_| End::Gone)
    }
}

fn refused(error: HelperError) -> End {
    End::Refused(Away::Refused(error))
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
