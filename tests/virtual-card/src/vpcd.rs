//! A card behind the PC/SC service: the protocol of the virtual reader driver `vpcd`, over TCP.
//!
//! Every message is its length in 2 bytes, big-endian, and that many bytes. One byte from the
//! driver is a control code, more are a command APDU; only ATR and response APDUs go back.

use crate::card::VirtualCard;
use crate::gate::Hand;
use crate::options::Interface;
use cardwright_card::Transport;
use rustix::net::sockopt::set_tcp_quickack;
use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Where the driver listens for the card of its first reader; the second is one above.
pub const DEFAULT_PORT: u16 = 35963;

/// What a reader makes up for the same chip over the air: the historical bytes are kept.
const CONTACTLESS_ATR: [u8; 20] = [
    0x3B, 0x8F, 0x80, 0x01, 0x80, 0x5D, 0x4E, 0x69, 0x74, 0x72, 0x6F, 0x6B, 0x65, 0x79, 0x00, 0x00,
    0x00, 0x00, 0x00, 0xEA,
];

/// Answer to reset of a Nitrokey 3.
const ATR: [u8; 19] = [
    0x3B, 0x8F, 0x01, 0x80, 0x5D, 0x4E, 0x69, 0x74, 0x72, 0x6F, 0x6B, 0x65, 0x79, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x6A,
];

const POWER_OFF: u8 = 0;
const POWER_ON: u8 = 1;
const RESET: u8 = 2;
const SEND_ATR: u8 = 4;

/// The card behind a connection: another one can take its place without the driver seeing it.
type Behind = Mutex<Arc<Mutex<VirtualCard>>>;

/// A card in a reader: a thread that answers the driver.
pub struct Connection {
    behind: Arc<Behind>,
    stream: TcpStream,
    thread: JoinHandle<()>,
    /// Frees the thread from a command that takes long.
    hand: Hand,
    /// Set when the card has left, before the driver can see it.
    left: Arc<OnceLock<Instant>>,
    /// Gives a message when the service powers the card: it has noticed it.
    noticed: Receiver<()>,
}

impl Connection {
    /// Puts the card into the reader whose driver listens at `address`.
    ///
    /// # Errors
    /// What the operating system says: connection refused where no PC/SC service runs.
    pub fn open(address: SocketAddr, card: Arc<Mutex<VirtualCard>>) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        let served = stream.try_clone()?;
        let hand = lock(&card).hand();
        let behind = Arc::new(Mutex::new(card));
        let served_card = Arc::clone(&behind);
        let left = Arc::new(OnceLock::new());
        let leaves = Arc::clone(&left);
        let (notices, noticed) = channel();
        let thread = thread::Builder::new().name("card in a reader".into()).spawn(move || {
            // However the connection ends, the card has left.
            let _ = serve(&served, &served_card, &notices);
            leaves.get_or_init(Instant::now);
            let _ = served.shutdown(Shutdown::Both);
        })?;
        Ok(Self { behind, stream, thread, hand, left, noticed })
    }

    /// Waits until the PC/SC service has noticed the card; `false` when it did not in time or the
    /// connection ended. Clients are told a moment later.
    #[must_use]
    pub fn is_noticed_within(&self, time: Duration) -> bool {
        self.noticed.recv_timeout(time).is_ok()
    }

    /// Puts another card in its place without the driver seeing it. It has no power, and answers no
    /// command, until the service resets it or powers it on.
    pub fn exchange(&mut self, card: Arc<Mutex<VirtualCard>>) {
        let hand = lock(&card).hand();
        *lock(&self.behind) = card;
        std::mem::replace(&mut self.hand, hand).unplug();
    }

    /// Whether the card left by itself: torn out by a fault, or the service ended.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.left.get().is_some()
    }

    /// Tears the card out, also in the middle of a command, and gives the moment when it left:
    /// earlier, if it left by itself.
    #[must_use]
    pub fn close(self) -> Instant {
        let _ = self.stream.shutdown(Shutdown::Both);
        self.hand.unplug();
        self.wait()
    }

    /// Waits until the card leaves by itself, and gives the moment.
    #[must_use]
    pub fn wait(self) -> Instant {
        // A firmware that panicked has said so on standard error; the card has left all the same.
        let _ = self.thread.join();
        *self.left.get_or_init(Instant::now)
    }
}

/// Answers the driver until the connection ends or the card is torn out.
fn serve(mut stream: &TcpStream, behind: &Behind, notices: &Sender<()>) -> io::Result<()> {
    let now = || Arc::clone(&*lock(behind));
    let mut powered = now();
    loop {
        let message = receive(stream)?;
        let answer = match message[..] {
            [] => continue,
            [POWER_OFF | RESET] => {
                lock(&powered).reset();
                // Where another card took its place, that one has power from here on.
                powered = now();
                continue;
            }
            // The card lost its security status when the power went off.
            [POWER_ON] => {
                powered = now();
                // Nobody may be waiting for the notice.
                let _ = notices.send(());
                continue;
            }
            [SEND_ATR] => match lock(&now()).interface() {
                Interface::Contact => ATR.to_vec(),
                Interface::Contactless => CONTACTLESS_ATR.to_vec(),
            },
            [_] => continue,
            // A card without power says nothing.
            _ if !Arc::ptr_eq(&powered, &now()) => return Ok(()),
            _ => match lock(&powered).transmit(&message) {
                Ok(answer) => answer.to_vec(),
                Err(_) => return Ok(()),
            },
        };
        let length = u16::try_from(answer.len()).map_err(io::Error::other)?;
        let mut framed = length.to_be_bytes().to_vec();
        framed.extend(answer);
        stream.write_all(&framed)?;
    }
}

/// The driver sends length and message in two writes, so its Nagle algorithm waits for this
/// side's delayed acknowledgement, 44 ms a command, unless quick acknowledgement is asked for
/// again before every read.
fn receive(mut stream: &TcpStream) -> io::Result<Vec<u8>> {
    let mut length = [0; 2];
    set_tcp_quickack(stream, true)?;
    stream.read_exact(&mut length)?;
    let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
    set_tcp_quickack(stream, true)?;
    stream.read_exact(&mut message)?;
    Ok(message)
}

/// A thread that panicked with the card in hand leaves a card that answers as well as it can.
fn lock<T>(card: &Mutex<T>) -> MutexGuard<'_, T> {
    card.lock().unwrap_or_else(PoisonError::into_inner)
}
