//! A PC/SC client of one office, in a process of its own: the PC/SC library finds its service by
//! an environment variable, and that belongs to the whole process.

use pcsc::{Card, Context, Protocols, ReaderState, Scope, ShareMode, State};
use std::{
    ffi::CString,
    io::{self, BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::Duration,
};

/// Set where this test program is to be a client and not to test.
const IS_CLIENT: &str = "CARDWRIGHT_TEST_IS_PCSC_CLIENT";

/// Far longer than any event takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The client, seen from a test.
pub(crate) struct Client {
    child: Child,
    requests: Option<ChildStdin>,
    replies: BufReader<ChildStdout>,
}

impl Client {
    pub(crate) fn start(csock_name: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "pcsc_client::client"])
            .env("PCSCLITE_CSOCK_NAME", csock_name)
            .env(IS_CLIENT, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let requests = child.stdin.take();
        let replies = BufReader::new(child.stdout.take().unwrap());
        Self { child, requests, replies }
    }

    /// Asks one of: `readers`, `present READER`, `empty READER`, `connect READER`, `send HEX`,
    /// `reconnect`, `disconnect`.
    pub(crate) fn ask(&mut self, request: &str) -> String {
        self.tell(request);
        self.reply()
    }

    /// Asks without waiting for the reply.
    pub(crate) fn tell(&mut self, request: &str) {
        writeln!(self.requests.as_mut().unwrap(), "{request}").unwrap();
    }

    /// Waits for the reply to what it was told.
    pub(crate) fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.replies.read_line(&mut line).unwrap(), 0, "the client ended");
            // What the test runner itself prints comes in between.
            if let Some((_, reply)) = line.split_once("@ ") {
                return reply.trim_end().to_owned();
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.requests = None;
        let _ = self.child.wait();
    }
}

/// Nothing when run as a test; the client when [`Client::start`] runs it.
#[test]
fn client() {
    if std::env::var_os(IS_CLIENT).is_none() {
        return;
    }
    let mut session = Session { context: None, card: None };
    for line in io::stdin().lock().lines() {
        let line = line.unwrap();
        let (request, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let reply = session.answer(request, argument).unwrap_or_else(|error| format!("{error:?}"));
        writeln!(io::stdout(), "\n@ {reply}").unwrap();
    }
}

struct Session {
    context: Option<Context>,
    card: Option<Card>,
}

impl Session {
    fn answer(&mut self, request: &str, argument: &str) -> Result<String, pcsc::Error> {
        match request {
            "readers" => {
                // A context does not outlive its service: each listing has a new one.
                let context = self.context.insert(Context::establish(Scope::User)?);
                let names = context.list_readers_owned()?;
                Ok(names.iter().map(|name| name.to_string_lossy()).collect::<Vec<_>>().join(", "))
            }
            "present" => self.wait(argument, State::PRESENT),
            "empty" => self.wait(argument, State::EMPTY),
            "connect" => {
                let reader = CString::new(argument).unwrap();
                let card =
                    self.context()?.connect(&reader, ShareMode::Exclusive, Protocols::ANY)?;
                self.card = Some(card);
                Ok("connected".into())
            }
            "send" => {
                let mut buffer = [0; 4096];
                let command = hex::decode(argument).unwrap();
                let card = self.card.as_ref().ok_or(pcsc::Error::NoSmartcard)?;
                Ok(hex::encode_upper(card.transmit(&command, &mut buffer)?))
            }
            "reconnect" => {
                let card = self.card.as_mut().ok_or(pcsc::Error::NoSmartcard)?;
                let reset = pcsc::Disposition::ResetCard;
                card.reconnect(ShareMode::Exclusive, Protocols::ANY, reset)?;
                Ok("connected".into())
            }
            "disconnect" => {
                self.card = None;
                Ok("disconnected".into())
            }
            _ => panic!("unknown request"),
        }
    }

    fn wait(&mut self, reader: &str, wanted: State) -> Result<String, pcsc::Error> {
        let context = self.context()?;
        let mut states = [ReaderState::new(CString::new(reader).unwrap(), State::UNAWARE)];
        loop {
            context.get_status_change(PATIENCE, &mut states)?;
            if states[0].event_state().contains(wanted) {
                return Ok("yes".into());
            }
            states[0].sync_current_state();
        }
    }

    fn context(&mut self) -> Result<&Context, pcsc::Error> {
        if self.context.is_none() {
            self.context = Some(Context::establish(Scope::User)?);
        }
        self.context.as_ref().ok_or(pcsc::Error::NoService)
    }
}
