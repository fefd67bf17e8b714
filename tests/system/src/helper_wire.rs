//! The helper as a page speaks to it: JSON frames over a WebSocket, with the page's origin.

use crate::{Error, Site};
use cardwright_protocol::helper::{
    Message, PROTOCOL_VERSION, Reader, Request, RequestFrame, RunningJob, Service,
};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::{JobId, WorkstationId};
use cardwright_protocol::outcome::{JobFailure, Outcome, Receipt};
use futures_util::{SinkExt as _, StreamExt as _};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, http::HeaderValue};
use tokio_tungstenite::{WebSocketStream, client_async};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// One connection to the helper, and what it said so far.
#[derive(Debug)]
pub struct HelperWire {
    socket: WebSocketStream<TcpStream>,
    /// Gives the tickets.
    site: Site,
    workstation: WorkstationId,
    last_id: u64,
    /// The PC/SC service, once the helper said so.
    pub service: Option<Service>,
    /// The readers as the helper last said.
    pub readers: Vec<Reader>,
    /// Jobs that run.
    pub running: Vec<RunningJob>,
    /// Outcomes that no registry acknowledged.
    pub outcomes: Vec<Outcome>,
    revision: u64,
}

impl HelperWire {
    /// Connects, says `hello`, authenticates with a ticket of the registry, and takes the first
    /// readers.
    ///
    /// # Errors
    /// [`Error::HelperGone`] when no helper answers, those of [`Site::ticket`].
    pub async fn open(address: &str, site: &Site) -> Result<Self, Error> {
        let stream = TcpStream::connect(address).await.map_err(gone)?;
        stream.set_nodelay(true).map_err(gone)?;
        let mut request = format!("ws://{address}/").into_client_request().map_err(gone)?;
        let origin = HeaderValue::from_str(site.origin()).map_err(gone)?;
        request.headers_mut().insert("Origin", origin);
        let (socket, _) = client_async(request, stream).await.map_err(gone)?;
        let mut wire = Self {
            socket,
            site: site.clone(),
            workstation: WorkstationId(String::new()),
            last_id: 0,
            service: None,
            readers: Vec::new(),
            running: Vec::new(),
            outcomes: Vec::new(),
            revision: 0,
        };
        let hello = wire.ask(Request::Hello { protocol: PROTOCOL_VERSION }).await?;
        let Message::Hello { workstation, challenge, .. } = hello else {
            return Err(Error::NotUnderstood(format!("{hello:?}")));
        };
        let ticket = site.ticket(&workstation, challenge).await?;
        wire.workstation = workstation;
        wire.ask(Request::Authenticate { ticket }).await?;
        wire.until("the first readers", |wire| wire.service.map(|_| ())).await?;
        Ok(wire)
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::HelperGone`].
    pub async fn ask(&mut self, request: Request) -> Result<Message, Error> {
        let id = self.send(request).await?;
        loop {
            match self.receive("an answer").await? {
                Message::Refused { id: refused, error } if refused == Some(id) => {
                    return Err(Error::Refused(error));
                }
                message if answers(&message) == Some(id) => return Ok(message),
                _ => {}
            }
        }
    }

    async fn send(&mut self, request: Request) -> Result<u64, Error> {
        self.last_id += 1;
        let id = self.last_id;
        let frame = serde_json::to_string(&RequestFrame { id, request })
            .map_err(|error| Error::NotUnderstood(error.to_string()))?;
        self.socket.send(tungstenite::Message::text(frame)).await.map_err(gone)?;
        Ok(id)
    }

    /// Answers a challenge. A registry that gives no ticket now may give one for the next.
    async fn renew(&mut self, challenge: HexBytes) -> Result<(), Error> {
        match self.site.ticket(&self.workstation, challenge).await {
            Ok(ticket) => self.send(Request::Authenticate { ticket }).await.map(drop),
            Err(_) => Ok(()),
        }
    }

    /// Waits until `pick` finds something in what the helper said so far.
    ///
    /// # Errors
    /// [`Error::Late`], [`Error::HelperGone`].
    pub async fn until<T>(
        &mut self,
        what: &'static str,
        pick: impl Fn(&Self) -> Option<T>,
    ) -> Result<T, Error> {
        loop {
            if let Some(picked) = pick(self) {
                return Ok(picked);
            }
            self.receive(what).await?;
        }
    }

    async fn receive(&mut self, what: &'static str) -> Result<Message, Error> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            let frame = next
                .map_err(|_| Error::Late(what, format!("{:?} {:?}", self.readers, self.running)))?;
            match frame {
                Some(Ok(tungstenite::Message::Text(text))) => {
                    let message: Message = serde_json::from_str(&text)
                        .map_err(|error| Error::NotUnderstood(format!("{error}: {text}")))?;
                    if let Message::Challenge { challenge } = message {
                        self.renew(challenge).await?;
                        continue;
                    }
                    self.follow(&message);
                    return Ok(message);
                }
                Some(Ok(tungstenite::Message::Close(frame))) => {
                    return Err(Error::HelperGone(format!("closed: {frame:?}")));
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(gone(error)),
                None => return Err(Error::HelperGone("the connection ended".to_owned())),
            }
        }
    }

    /// Keeps what the app keeps: whatever is not newer is ignored.
    fn follow(&mut self, message: &Message) {
        match message {
            Message::Ready { running, outcomes, .. } => {
                self.running.clone_from(running);
                self.outcomes.clone_from(outcomes);
            }
            Message::Readers { revision, service, readers } => {
                (self.revision, self.service) = (*revision, Some(*service));
                self.readers.clone_from(readers);
            }
            Message::ReaderChanged { revision, reader } if *revision > self.revision => {
                self.revision = *revision;
                match self.readers.iter_mut().find(|known| known.id == reader.id) {
                    Some(known) => known.clone_from(reader),
                    None => self.readers.push(reader.clone()),
                }
            }
            Message::ReaderGone { revision, reader } if *revision > self.revision => {
                self.revision = *revision;
                self.readers.retain(|known| known.id != *reader);
            }
            Message::Progress { job } => {
                self.running.retain(|running| running.job != job.job);
                self.running.push(job.clone());
            }
            Message::Ended { job, outcome } => {
                self.running.retain(|running| running.job != *job);
                self.outcomes.retain(|known| job_of(known).as_ref() != Some(job));
                self.outcomes.push(outcome.clone());
            }
            Message::Outcomes { outcomes, .. } => self.outcomes.clone_from(outcomes),
            Message::Acknowledged { job, .. } => {
                self.outcomes.retain(|known| job_of(known).as_ref() != Some(job));
            }
            _ => {}
        }
    }
}

/// The job that an outcome is of.
pub(crate) fn job_of(outcome: &Outcome) -> Option<JobId> {
    match outcome {
        Outcome::Finished(signed) => {
            serde_json::from_str::<Receipt>(&signed.statement).ok().map(|receipt| receipt.job)
        }
        Outcome::Failed(signed) => {
            serde_json::from_str::<JobFailure>(&signed.statement).ok().map(|failure| failure.job)
        }
    }
}

fn gone(error: impl std::fmt::Display) -> Error {
    Error::HelperGone(error.to_string())
}

/// The request that a message answers.
fn answers(message: &Message) -> Option<u64> {
    match message {
        Message::Hello { id, .. }
        | Message::Ready { id, .. }
        | Message::Renewed { id }
        | Message::Report { id, .. }
        | Message::Accepted { id, .. }
        | Message::Canceling { id, .. }
        | Message::Outcomes { id, .. }
        | Message::Acknowledged { id, .. } => Some(*id),
        _ => None,
    }
}
