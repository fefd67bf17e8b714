//! Whoever does not read what it is sent, and how long the port stays this helper's.

use crate::support::{Desk, Helper, ORIGIN, Page, before, insert};
use cardwright_protocol::helper::{HelperError, Message, Request};
use cardwright_protocol::outcome::Phase;
use cardwright_virtual_card::CardOptions;
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

/// How long the helper waits for a client that does not read.
const SEND_TIME: Duration = Duration::from_secs(10);

/// In the system's table of connections.
const ESTABLISHED: &str = "01";

/// How many bytes the system holds that one end wrote, or got, and the other end has not taken
/// (proc_pid_net(5): `tx_queue` and `rx_queue`). None when that end is closed.
fn queues(from: SocketAddr, to: SocketAddr) -> Option<(u64, u64)> {
    let (from, to) = (in_table(from), in_table(to));
    let table = std::fs::read_to_string("/proc/self/net/tcp").unwrap();
    let mut lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let line = lines.find(|words| words[1..4] == [&*from, &*to, ESTABLISHED])?;
    let (sent, got) = line[4].split_once(':').unwrap();
    Some((u64::from_str_radix(sent, 16).unwrap(), u64::from_str_radix(got, 16).unwrap()))
}

/// As the system's table of connections has it.
fn in_table(address: SocketAddr) -> String {
    let SocketAddr::V4(address) = address else { panic!("the helper has no other") };
    let bits = u32::from_le_bytes(address.ip().octets());
    format!("{bits:08X}:{:04X}", address.port())
}

/// A connection without a ticket that the helper refuses, and that does not read the refusal: all
/// room between the two is full of answers to pings.
struct Unread {
    stream: TcpStream,
    client: SocketAddr,
    helper: SocketAddr,
}

impl Unread {
    /// None where this took longer than the helper waits for `hello`.
    async fn open(helper: SocketAddr) -> Option<Self> {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(2048).unwrap();
        let mut stream = socket.connect(helper).await.unwrap();
        let client = stream.local_addr().unwrap();
        let head = format!(
            "GET / HTTP/1.1\r\nHost: {helper}\r\nOrigin: {ORIGIN}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \
             dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        let mut unread = Self { stream, client, helper };
        unread.fill().await?;
        // An empty object is no request.
        unread.stream.write_all(b"\x81\x82\0\0\0\0{}").await.ok()?;
        unread.until_taken().await?;
        Some(unread)
    }

    async fn fill(&mut self) -> Option<()> {
        // Each ping is answered by 127 bytes (RFC 6455, 5.5.3).
        const PINGS: usize = 500;
        let pings = [&b"\x89\xFD\0\0\0\0"[..], &[b'a'; 125]].concat().repeat(PINGS);
        let mut answered = 0;
        loop {
            self.stream.write_all(&pings).await.ok()?;
            answered += PINGS as u64 * 127;
            self.until_taken().await?;
            let (sent, _) = queues(self.helper, self.client)?;
            let (_, got) = queues(self.client, self.helper)?;
            // What the system has not taken is with the helper, which keeps 256 KiB.
            if sent + got + 30_000 < answered {
                return Some(());
            }
        }
    }

    /// Done when the helper has read all that was sent to it.
    async fn until_taken(&self) -> Option<()> {
        while queues(self.client, self.helper)?.0 > 0 || queues(self.helper, self.client)?.1 > 0 {
            tokio::task::yield_now().await;
        }
        Some(())
    }

    fn is_open(&self) -> bool {
        queues(self.helper, self.client).is_some()
    }
}

#[tokio::test]
async fn whoever_does_not_read_its_refusal_makes_place_for_others_all_the_same() {
    let helper = Helper::without_service();
    let (mut tries, mut unopened) = (0, 0);
    // On a computer that is very busy this is not seen at once; a connection that has its place
    // lasts so long every time.
    loop {
        let Some(unread) = Unread::open(helper.address).await else {
            unopened += 1;
            assert!(unopened < 30, "this computer is too busy to send enough in time");
            continue;
        };
        let began = Instant::now();
        let mut others = Vec::new();
        for _ in 0..64 {
            let mut other = Page::before_hello(helper.address).await;
            other.hello().await;
            others.push(other);
        }
        while unread.is_open() {
            tokio::task::yield_now().await;
        }
        tries += 1;
        match began.elapsed() < SEND_TIME * 3 / 4 {
            true => return,
            false => assert!(tries < 3, "it lasted as long as the helper waits for it to read"),
        }
    }
}

/// A challenge names the port by which a page called. As long as one of this helper can be answered,
/// nobody else may listen there, and pass it on to a page.
#[tokio::test]
async fn a_helper_that_ends_keeps_its_port_as_long_as_it_speaks_with_anybody() {
    let mut desk = Desk::open();
    let mut page = desk.helper.page().await;
    let (reader, insertion) = insert(&desk.office, &mut page, 0, CardOptions::new(0)).await;
    let (other, stay) = insert(&desk.office, &mut page, 2, CardOptions::new(1)).await;
    desk.begin_until(&mut page, &reader, &insertion, "0a", before(Phase::Pin)).await;
    let mut stranger = Page::before_hello(desk.helper.address).await;
    let challenge = stranger.hello().await;
    // The job stops before its next step, and until then the helper is not at its end: it begins
    // nothing, and that can be seen.
    desk.helper.terminate();
    while page.inspect(&other, &stay).await != Err(HelperError::Internal) {}
    assert!(TcpListener::bind(desk.helper.address).is_err(), "another program has its port");
    let ticket = desk.helper.registry.ticket(&challenge, ORIGIN);
    let answer = stranger.ask(Request::Authenticate { ticket }).await;
    assert!(matches!(answer, Message::Ready { .. }), "and it still speaks: {answer:?}");
    desk.office.let_go(0).unwrap();
    assert_eq!(page.closed().await, Some(1001));
    assert!(desk.helper.ended_well());
    TcpListener::bind(desk.helper.address).unwrap();
}
