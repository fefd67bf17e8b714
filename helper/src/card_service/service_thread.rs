//! The thread of a reader's links: every call that may block is made here.

use super::transport_error;
use cardwright_card::TransportError;
use pcsc::{Context, Disposition, Protocols, Scope, ShareMode, Transaction};
use std::ffi::CString;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::thread;
use zeroize::Zeroizing;

/// How many threads may exist, those given up included.
const MAX_THREADS: usize = 64;

/// Counts threads, so that calls that never return cannot use up the system.
#[derive(Debug, Clone, Default)]
pub(crate) struct ThreadLimit(Arc<()>);

/// Who else may use the chip meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// Others stay connected, but wait while our transaction lasts.
    Shared,
    /// Nobody.
    Exclusive,
}

/// A thread, with a context of the service, that serves one link after the other. Dropped, it ends
/// after the link that it serves.
///
/// It ends by itself with the first error of any kind: a context that a call was stuck in, or that
/// is from before a restart of the service, is no good, and asking it whether it is valid does not
/// help. And with a context the service gives up what a torn card left behind in it.
#[derive(Debug)]
pub(crate) struct ServiceThread {
    openings: Sender<Opening>,
    /// Lasts as long as the thread.
    alive: Weak<()>,
}

/// A link that is to be served.
pub(super) struct Opening {
    /// The service's name of the reader.
    pub(super) reader: CString,
    /// Who else may use the chip.
    pub(super) sharing: Sharing,
    /// The link ends when nobody orders any more.
    pub(super) orders: Receiver<Order>,
    /// First two answers to the opening: connected (empty), and in a transaction (the answer to
    /// reset where the chip is shared). Then one to each order. The last one, empty, says that the
    /// chip was left with a reset and nothing went wrong: another link can be served. After an
    /// error that is no answer to an order nothing more comes.
    pub(super) answers: Sender<Answer>,
}

/// What a link orders.
pub(super) enum Order {
    /// Send a command APDU.
    Transmit(Zeroizing<Vec<u8>>),
    /// Reset the chip.
    Reset,
}

/// What comes back: a response APDU; the answer to reset; nothing.
pub(super) type Answer = Result<Zeroizing<Vec<u8>>, TransportError>;

impl ServiceThread {
    /// Starts a thread.
    pub(super) fn start(limit: &ThreadLimit) -> Result<Self, TransportError> {
        if Arc::strong_count(&limit.0) > MAX_THREADS {
            tracing::error!("too many calls of the PC/SC service do not return");
            return Err(TransportError::Hung);
        }
        let counted = ThreadLimit(Arc::clone(&limit.0));
        let token = Arc::new(());
        let alive = Arc::downgrade(&token);
        let (openings, incoming) = channel();
        thread::Builder::new()
            .name("link".to_owned())
            .spawn(move || {
                serve(&incoming);
                // The last thing that happens: what counts this thread sees it until here.
                drop((token, counted));
            })
            .map_err(|error| {
                tracing::error!(%error, "cannot start a thread for a chip");
                TransportError::Other
            })?;
        Ok(Self { openings, alive })
    }

    /// Has a link served. Where the thread ended, its answers end.
    pub(super) fn open(&self, opening: Opening) {
        // What was not taken is dropped, and its end of the answers with it.
        let _ = self.openings.send(opening);
    }

    /// Lasts as long as the thread.
    pub(super) fn alive(&self) -> Weak<()> {
        self.alive.clone()
    }
}

fn serve(openings: &Receiver<Opening>) {
    let mut context = None;
    let mut went_well = true;
    while went_well && let Ok(opening) = openings.recv() {
        let served = serve_link(&mut context, &opening);
        went_well = served.is_ok();
        if !went_well {
            // Before the answer: what a torn card left in the service is gone when another link is
            // opened.
            context = None;
        }
        // Nobody listens any more when the link was given up.
        let _ = opening.answers.send(served.map(|()| Zeroizing::default()));
    }
}

fn serve_link(context: &mut Option<Context>, opening: &Opening) -> Result<(), TransportError> {
    let Opening { reader, sharing, orders, answers } = opening;
    let context = match context {
        Some(context) => context,
        None => context.insert(Context::establish(Scope::User).map_err(transport_error)?),
    };
    let mode = match sharing {
        Sharing::Shared => ShareMode::Shared,
        Sharing::Exclusive => ShareMode::Exclusive,
    };
    let mut card = context.connect(reader, mode, Protocols::ANY).map_err(transport_error)?;
    // From here on the card's destructor leaves the chip with a reset, whatever happens.
    let connected = answers.send(Ok(Zeroizing::default())).is_ok();
    let mut transaction = card.transaction().map_err(transport_error)?;
    // A job asks for nothing of this, and the service takes four messages to tell it.
    let answer_to_reset = match sharing {
        Sharing::Shared => transaction.status2_owned().map_err(transport_error)?.atr().to_vec(),
        Sharing::Exclusive => Vec::new(),
    };
    let mut went = Ok(());
    if connected && answers.send(Ok(Zeroizing::new(answer_to_reset))).is_ok() {
        let mut buffer = Zeroizing::new(vec![0; pcsc::MAX_BUFFER_SIZE_EXTENDED]);
        while let Ok(order) = orders.recv() {
            let answer = match order {
                Order::Transmit(command) => transmit(&transaction, &command, &mut buffer),
                Order::Reset => reset(&mut transaction, mode),
            };
            went = went.and(answer.as_ref().map(drop).map_err(|error| *error));
            if answers.send(answer).is_err() {
                break;
            }
        }
    }
    // Resetting ends the security status in the same breath as the transaction; an error says that
    // the chip is gone, and its status with it.
    let ended = transaction.end(Disposition::ResetCard).map_err(|(_, error)| error);
    let left = card.disconnect(Disposition::LeaveCard).map_err(|(_, error)| error);
    went.and(ended.and(left).map_err(transport_error))
}

fn transmit(transaction: &Transaction<'_>, command: &[u8], buffer: &mut [u8]) -> Answer {
    let answer = transaction.transmit(command, buffer).map_err(transport_error)?;
    // A card torn out inside a command can give an empty answer and no error.
    match answer.len() {
        0 | 1 => Err(TransportError::Removed),
        _ => Ok(Zeroizing::new(answer.to_vec())),
    }
}

fn reset(transaction: &mut Transaction<'_>, mode: ShareMode) -> Answer {
    transaction
        .reconnect(mode, Protocols::ANY, Disposition::ResetCard)
        .map(|()| Zeroizing::default())
        .map_err(transport_error)
}
