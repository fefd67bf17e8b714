//! One page's connection: `hello` and a challenge, a ticket, then requests and answers, every event,
//! and fresh challenges.

mod wire;

pub use wire::read_request;
pub(crate) use wire::{Socket, close};

use crate::authority::{Admitted, Challenged, Random};
use crate::desk::Desk;
use crate::door::Caller;
use crate::frame::{self, Ending};
use crate::places::Place;
use crate::platform::Moment;
use crate::requests;
use cardwright_protocol::helper::{HelperError, Message, PROTOCOL_VERSION, Request, RequestFrame};
use cardwright_protocol::ticket::CHALLENGE_PORT_LENGTH;
use futures_util::FutureExt as _;
use std::future::Future;
use std::time::Duration;
use std::{convert::Infallible, sync::Arc};
use tokio::sync::watch;
use tokio::task::JoinSet;
use wire::{read, send};

/// How long the first request may take.
const HELLO_TIME: Duration = Duration::from_secs(5);

/// How long the first ticket may take behind it: the page gets it from the registry.
const TICKET_TIME: Duration = Duration::from_secs(10);

/// How many requests of one connection may wait for a reader.
const MAX_WAITING: usize = 8;

/// Why a connection is over.
enum Over {
    /// This helper ends it, and says why.
    Ended(Ending),
    /// The same, after a message that says so.
    Refused(Box<Message>, Ending),
    /// Its place is needed: there is no time to say more than fits into the next packet.
    Crowded,
    /// The client went away, or does not read.
    Gone,
}

impl Over {
    fn refused(id: Option<u64>, error: HelperError, ending: Ending) -> Self {
        Self::Refused(Box::new(Message::Refused { id, error }), ending)
    }
}

/// A page that showed its ticket.
struct Shown {
    /// Of the request with the ticket.
    id: u64,
    /// By which it called.
    port: u16,
}

/// What else than its client can end a connection.
struct Around {
    place: Place,
    ending: watch::Receiver<bool>,
}

impl Around {
    /// Waits for what the client does, within a time.
    async fn within<T>(
        &mut self,
        time: Duration,
        client: impl Future<Output = T>,
    ) -> Result<T, Over> {
        tokio::select! {
            done = tokio::time::timeout(time, client) => {
                done.map_err(|_| Over::Ended(Ending::Late))
            }
            () = ended(&mut self.ending) => Err(Over::Ended(Ending::GoingAway)),
            () = self.place.lost() => Err(Over::Crowded),
        }
    }
}

/// Serves a page until either side ends it.
pub(crate) async fn serve(
    mut socket: Socket,
    caller: Caller,
    place: Place,
    desk: Arc<Desk>,
    ending: watch::Receiver<bool>,
) {
    let mut around = Around { place, ending };
    let Err(over) = converse(&mut socket, caller, &mut around, &desk).await;
    let (last, ending) = match over {
        Over::Ended(ending) => (None, ending),
        Over::Refused(message, ending) => (Some(message), ending),
        Over::Crowded => {
            // It waits for nobody: others are waiting for the place.
            let _ = close(socket, Ending::TooMany).now_or_never();
            return;
        }
        Over::Gone => return,
    };
    // A client may be slow to read, or never do: its place is not its own meanwhile.
    let farewell = async {
        if let Some(message) = last
            && send(&mut socket, frame::text_of(&message)).await.is_err()
        {
            return;
        }
        close(socket, ending).await;
    };
    tokio::select! {
        () = farewell => {}
        () = around.place.lost() => {}
    }
}

async fn converse(
    socket: &mut Socket,
    Caller { origin, port }: Caller,
    around: &mut Around,
    desk: &Arc<Desk>,
) -> Result<Infallible, Over> {
    let hello = greet(socket, around).await?;
    let challenged = Challenged::new(origin, random(port), Moment::now());
    let greeting = desk.greeting(hello, challenged.challenge().clone());
    around.within(TICKET_TIME, send(socket, frame::text_of(&greeting))).await??;
    let (id, admitted) = authenticate(socket, around, desk, challenged).await?;
    attend(socket, around, desk, Shown { id, port }, admitted).await
}

/// Waits for `hello`, and gives its id.
async fn greet(socket: &mut Socket, around: &mut Around) -> Result<u64, Over> {
    let hello = around.within(HELLO_TIME, read(socket)).await?;
    match hello {
        Ok(RequestFrame { id, request: Request::Hello { protocol: PROTOCOL_VERSION } }) => Ok(id),
        Ok(RequestFrame { id, request: Request::Hello { .. } }) => {
            let error = HelperError::Version { helper: PROTOCOL_VERSION };
            Err(Over::refused(Some(id), error, Ending::Version))
        }
        Ok(RequestFrame { id, .. }) => Err(out_of_order(id)),
        Err(not_read) => Err(not_read.into()),
    }
}

/// Waits for the ticket that answers the first challenge, and gives the id of its request.
async fn authenticate(
    socket: &mut Socket,
    around: &mut Around,
    desk: &Desk,
    challenged: Challenged,
) -> Result<(u64, Admitted), Over> {
    let (id, ticket) = match around.within(TICKET_TIME, read(socket)).await? {
        Ok(RequestFrame { id, request: Request::Authenticate { ticket } }) => (id, ticket),
        Ok(RequestFrame { id, .. }) => return Err(out_of_order(id)),
        Err(not_read) => return Err(not_read.into()),
    };
    match challenged.authenticate(&desk.terms, &ticket, Moment::now()) {
        Ok(admitted) => {
            around.place.become_guest().map_err(|_| Over::Ended(Ending::TooMany))?;
            Ok((id, admitted))
        }
        Err(why) => Err(not_admitted(id, why)),
    }
}

/// Serves a page with a ticket, as long as that or a later one is good.
async fn attend(
    socket: &mut Socket,
    around: &mut Around,
    desk: &Arc<Desk>,
    Shown { id, port }: Shown,
    mut admitted: Admitted,
) -> Result<Infallible, Over> {
    let (ready, snapshot, mut events) = desk.welcome(id);
    let mut waiting = JoinSet::new();
    let mut outgoing = vec![frame::text_of(&ready), frame::text_of(&snapshot)];
    loop {
        // Whatever there is: who has no authority any more is told nothing.
        for text in outgoing.drain(..) {
            still(&admitted)?;
            send(socket, text).await?;
        }
        // Timers stand still while the computer sleeps: behind it they come too late.
        let due = admitted.due_at().since(Moment::now());
        tokio::select! {
            biased;
            () = tokio::time::sleep(due) => {
                still(&admitted)?;
                let now = Moment::now();
                if let Some(challenge) = admitted.challenge(&desk.terms, random(port), now) {
                    let challenge = challenge.clone();
                    outgoing.push(frame::text_of(&Message::Challenge { challenge }));
                }
            }
            () = ended(&mut around.ending) => {
                // Outcomes of jobs that were stopped may still be on their way.
                while let Ok(text) = events.try_recv() {
                    still(&admitted)?;
                    send(socket, text).await?;
                }
                return Err(Over::Ended(Ending::GoingAway));
            }
            event = events.recv() => match event {
                Ok(text) => outgoing.push(text),
                Err(_) => {
                    tracing::warn!("dropped a connection that does not read");
                    return Err(Over::Gone);
                }
            },
            Some(answered) = waiting.join_next() => match answered {
                Ok(message) => outgoing.push(frame::text_of(&message)),
                Err(error) => tracing::error!(%error, "a request failed"),
            },
            frame = read(socket) => {
                let RequestFrame { id, request } = match frame {
                    Ok(frame) => frame,
                    Err(not_read) => return Err(not_read.into()),
                };
                still(&admitted)?;
                match request {
                    Request::Hello { .. } => return Err(out_of_order(id)),
                    Request::Authenticate { ticket } => {
                        admitted = match admitted.renew(&desk.terms, &ticket, Moment::now()) {
                            Ok(admitted) => admitted,
                            Err(why) => return Err(not_admitted(id, why)),
                        };
                        outgoing.push(frame::text_of(&Message::Renewed { id }));
                    }
                    _ if waiting.len() >= MAX_WAITING => {
                        return Err(Over::Ended(Ending::TooMany));
                    }
                    request @ Request::Inspect { .. } => {
                        let (desk, frame) = (Arc::clone(desk), RequestFrame { id, request });
                        waiting.spawn(async move { requests::answer(&desk, frame).await });
                    }
                    // These wait for nobody but the disk: their answer is sent before any event
                    // behind it.
                    request => {
                        let frame = RequestFrame { id, request };
                        outgoing.push(frame::text_of(&requests::answer(desk, frame).await));
                    }
                }
            }
        }
    }
}

/// Whether the page still may ask and be told.
fn still(admitted: &Admitted) -> Result<(), Over> {
    if admitted.is_over(Moment::now()) {
        tracing::info!("no fresh ticket came: closing a connection");
        return Err(Over::Ended(Ending::NotAdmitted));
    }
    Ok(())
}

/// Done when the helper ends.
pub(crate) async fn ended(ending: &mut watch::Receiver<bool>) {
    // An error says that the server itself is gone, which is the same.
    drop(ending.wait_for(|ending| *ending).await);
}

fn out_of_order(id: u64) -> Over {
    Over::refused(Some(id), HelperError::OutOfOrder, Ending::OutOfOrder)
}

fn not_admitted(id: u64, why: impl std::fmt::Display) -> Over {
    tracing::warn!(%why, "refused a ticket");
    Over::refused(Some(id), HelperError::TicketRefused, Ending::NotAdmitted)
}

/// What a challenge is made of: the port by which the page called, so that it answers no challenge
/// which somebody on another port had from here, and random bytes.
fn random(port: u16) -> Random {
    let mut bytes: Random = rand::random();
    bytes[..CHALLENGE_PORT_LENGTH].copy_from_slice(&port.to_be_bytes());
    bytes
}
