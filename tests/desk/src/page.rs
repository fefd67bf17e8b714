use crate::registry::ticket;
use crate::{ORIGIN, PATIENCE, Registry, WORKSTATION};
use cardwright_protocol::helper::{
    HelperError, MAX_FRAME_LENGTH, Message, PROTOCOL_VERSION, Reader, Request, RequestFrame, Slot,
};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::InsertionId;
use cardwright_protocol::outcome::{ChipReport, Outcome};
use cardwright_protocol::signed::Signed;
use cardwright_seal::SigningKey;
use futures_util::{SinkExt as _, StreamExt as _};
use std::{collections::VecDeque, net::SocketAddr};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, protocol::CloseFrame};
use tokio_tungstenite::{WebSocketStream, client_async};

/// A page's connection.
pub struct Page {
    socket: WebSocketStream<TcpStream>,
    next_id: u64,
    /// Messages that came while another one was waited for.
    passed: VecDeque<Message>,
    /// What `ready` said of outcomes.
    pub outcomes: Vec<Outcome>,
    /// The readers as the page knows them.
    pub readers: Vec<Reader>,
    revision: u64,
    /// Signs the tickets that answer later challenges by themselves.
    renews: Option<SigningKey>,
}

impl Page {
    /// Connects, says `hello`, answers the challenge, and takes the first readers. Later challenges
    /// are answered, too, whenever something is received.
    pub async fn open(helper: SocketAddr, registry: &Registry) -> Self {
        let mut page = Self::before_hello(helper).await;
        let answer = page.authenticate(registry).await;
        let Message::Ready { outcomes, .. } = answer else { panic!("{answer:?}") };
        page.outcomes = outcomes;
        page.renews = Some(registry.signing.clone());
        page.event(|message| matches!(message, Message::Readers { .. }).then_some(())).await;
        page
    }

    /// Connects, and says nothing yet.
    pub async fn before_hello(helper: SocketAddr) -> Self {
        let stream = TcpStream::connect(helper).await.unwrap();
        let mut request = format!("ws://{helper}/").into_client_request().unwrap();
        request.headers_mut().insert("Origin", ORIGIN.parse().unwrap());
        let (socket, _) = client_async(request, stream).await.unwrap();
        Self {
            socket,
            next_id: 1,
            passed: VecDeque::new(),
            outcomes: Vec::new(),
            readers: Vec::new(),
            revision: 0,
            renews: None,
        }
    }

    /// Says `hello`, and gives the challenge.
    pub async fn hello(&mut self) -> HexBytes {
        let answer = self.ask(Request::Hello { protocol: PROTOCOL_VERSION }).await;
        let Message::Hello { protocol, workstation, challenge, .. } = answer else {
            panic!("{answer:?}")
        };
        assert_eq!((protocol, workstation), (PROTOCOL_VERSION, WORKSTATION.into()));
        challenge
    }

    /// Says `hello`, answers the challenge, and gives the answer to that.
    pub async fn authenticate(&mut self, registry: &Registry) -> Message {
        let challenge = self.hello().await;
        let ticket = registry.ticket(&challenge, ORIGIN);
        self.ask(Request::Authenticate { ticket }).await
    }

    /// Sends a request and waits for its answer.
    pub async fn ask(&mut self, request: Request) -> Message {
        let id = self.send(request).await;
        loop {
            let message = self.receive().await;
            if answers(&message) == Some(id) {
                return message;
            }
            self.passed.push_back(message);
        }
    }

    /// Sends a request and gives its id.
    pub async fn send(&mut self, request: Request) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        let text = serde_json::to_string(&RequestFrame { id, request }).unwrap();
        self.send_text(&text).await;
        id
    }

    /// Sends any text.
    pub async fn send_text(&mut self, text: &str) {
        self.socket.send(tungstenite::Message::text(text)).await.unwrap();
    }

    /// Sends any frame, or as much of it as the helper takes: it closes before the end of one that
    /// it refuses.
    pub async fn send_raw(&mut self, frame: tungstenite::Message) {
        let _ = self.socket.send(frame).await;
    }

    /// Sends a request that is refused, and gives the reason.
    pub async fn refused(&mut self, request: Request) -> HelperError {
        match self.ask(request).await {
            Message::Refused { error, .. } => error,
            answer => panic!("not refused: {answer:?}"),
        }
    }

    /// Waits for a message that `pick` takes, those included that came before.
    pub async fn event<T>(&mut self, pick: impl Fn(&Message) -> Option<T>) -> T {
        while let Some(message) = self.passed.pop_front() {
            if let Some(picked) = pick(&message) {
                return picked;
            }
        }
        loop {
            let message = self.receive().await;
            if let Some(picked) = pick(&message) {
                return picked;
            }
        }
    }

    /// The next message, but for challenges and what belongs to them where the page answers those by
    /// itself.
    pub async fn receive(&mut self) -> Message {
        loop {
            let message = self.receive_any().await;
            let Some(signing) = &self.renews else { return message };
            match &message {
                Message::Challenge { challenge } => {
                    let ticket = ticket(signing, challenge, ORIGIN);
                    self.send(Request::Authenticate { ticket }).await;
                }
                Message::Renewed { .. } => {}
                _ => return message,
            }
        }
    }

    async fn receive_any(&mut self) -> Message {
        let frame = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("in time");
        match frame.expect("the connection is open").expect("the frame is whole") {
            tungstenite::Message::Text(text) => {
                assert!(text.len() <= MAX_FRAME_LENGTH);
                let message: Message = serde_json::from_str(&text).unwrap();
                self.follow(&message);
                message
            }
            other => panic!("unexpected frame: {other:?}"),
        }
    }

    /// Waits for the end of the connection, and gives the close code.
    pub async fn closed(&mut self) -> Option<u16> {
        loop {
            match tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("in time") {
                Some(Ok(tungstenite::Message::Close(frame))) => {
                    return frame.map(|CloseFrame { code, .. }| code.into());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// Keeps the readers as a page does: whatever is not newer is ignored.
    fn follow(&mut self, message: &Message) {
        match message {
            Message::Readers { revision, readers, .. } => {
                self.revision = *revision;
                self.readers.clone_from(readers);
            }
            Message::ReaderChanged { revision, reader } => {
                assert!(*revision > self.revision);
                self.revision = *revision;
                match self.readers.iter_mut().find(|known| known.id == reader.id) {
                    Some(known) => known.clone_from(reader),
                    None => self.readers.push(reader.clone()),
                }
            }
            Message::ReaderGone { revision, reader } => {
                self.revision = *revision;
                self.readers.retain(|known| known.id != *reader);
            }
            _ => {}
        }
    }

    /// Waits until there are readers: on a busy machine a helper that starts lets pages in before it
    /// has looked at them.
    pub async fn until_readers_are_known(&mut self) {
        while self.readers.is_empty() {
            match self.receive().await {
                Message::Readers { .. } => {}
                message => self.passed.push_back(message),
            }
        }
    }

    /// Waits until the readers are as `test` wants.
    pub async fn readers_until(&mut self, test: impl Fn(&[Reader]) -> bool) {
        while !test(&self.readers) {
            let message = self.receive().await;
            self.passed.push_back(message);
        }
    }

    /// Waits until the reader of this name has a chip, in another stay than `before`, that no other
    /// program has for itself: the service forgets one that was killed a moment later.
    pub async fn chip_in(
        &mut self,
        name: &str,
        before: Option<&InsertionId>,
    ) -> (Reader, InsertionId) {
        let found = |readers: &[Reader]| {
            let reader = readers.iter().find(|reader| reader.name == name)?;
            match &reader.slot {
                Slot::Chip { insertion, in_use: false } if Some(insertion) != before => {
                    Some((reader.clone(), insertion.clone()))
                }
                _ => None,
            }
        };
        self.readers_until(|readers| found(readers).is_some()).await;
        found(&self.readers).unwrap()
    }

    /// Inspects the chip in a reader.
    pub async fn inspect(
        &mut self,
        reader: &Reader,
        insertion: &InsertionId,
    ) -> Result<Signed<ChipReport>, HelperError> {
        let request = Request::Inspect {
            reader: reader.id.clone(),
            insertion: insertion.clone(),
            registry_nonce: vec![7; 16].into(),
        };
        match self.ask(request).await {
            Message::Report { report, .. } => Ok(report),
            Message::Refused { error, .. } => Err(error),
            answer => panic!("{answer:?}"),
        }
    }

    /// Waits for the end of a job.
    pub async fn outcome(&mut self, job: &str) -> Outcome {
        self.event(|message| match message {
            Message::Ended { job: ended, outcome } if ended.0 == job => Some(outcome.clone()),
            _ => None,
        })
        .await
    }
}

/// The request that a message answers.
fn answers(message: &Message) -> Option<u64> {
    match message {
        Message::Hello { id, .. }
        | Message::Ready { id, .. }
        | Message::Renewed { id, .. }
        | Message::Report { id, .. }
        | Message::Accepted { id, .. }
        | Message::Canceling { id, .. }
        | Message::Outcomes { id, .. }
        | Message::Acknowledged { id, .. } => Some(*id),
        Message::Refused { id, .. } => *id,
        _ => None,
    }
}

impl Page {
    /// Says `hello` and shows a ticket, and tells whether that was answered by `ready`.
    pub async fn is_admitted(&mut self, registry: &Registry) -> bool {
        let challenge = self.hello().await;
        let ticket = registry.ticket(&challenge, ORIGIN);
        self.send(Request::Authenticate { ticket }).await;
        let frame = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("in time");
        matches!(frame, Some(Ok(tungstenite::Message::Text(_))))
    }

    /// Whether the helper still answers, if only to refuse.
    pub async fn answers(&mut self) -> bool {
        self.send(Request::Outcomes {}).await;
        let frame = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("in time");
        matches!(frame, Some(Ok(tungstenite::Message::Text(_))))
    }
}
