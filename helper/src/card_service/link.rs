use super::service_thread::{Answer, Opening, Order, ServiceThread, Sharing, ThreadLimit};
use crate::config::Limits;
use cardwright_card::{Transport, TransportError};
use std::ffi::CStr;
use std::sync::Weak;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use zeroize::Zeroizing;

/// GENERATE ASYMMETRIC KEY PAIR (SP 800-73-5 part 2, section 3.3.2), the one slow command.
const GENERATE: u8 = 0x47;

/// How long the chip may be silent.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Patience {
    /// For everything together.
    Until(Instant),
    /// For each command.
    PerCommand(Limits),
}

/// A connection to one chip with a transaction around everything that is sent.
///
/// Dropped without [`Link::leave`], it still leaves the chip with a reset.
#[derive(Debug)]
pub(crate) struct Link {
    orders: Sender<Order>,
    answers: Receiver<Answer>,
    /// Waits for the service.
    thread: ServiceThread,
    patience: Patience,
    answer_to_reset: Vec<u8>,
    /// Set when the thread was given up: nothing can be sent any more.
    given_up: Option<TransportError>,
}

/// A chip that is being left.
#[derive(Debug)]
pub(crate) struct Leaving {
    answers: Receiver<Answer>,
    thread: ServiceThread,
    patience: Patience,
    given_up: Option<TransportError>,
}

/// A link that was given up because a call did not return.
#[derive(Debug)]
pub(crate) struct LostLink {
    alive: Weak<()>,
    error: TransportError,
}

impl LostLink {
    /// Whether the call still has not returned.
    pub(crate) fn lasts(&self) -> bool {
        self.alive.strong_count() > 0
    }

    /// Why it was given up.
    pub(crate) fn error(&self) -> TransportError {
        self.error
    }
}

impl Link {
    /// Connects to the chip in a reader and begins the transaction, on the thread that an earlier
    /// link of this reader left or on a new one.
    ///
    /// The error comes with the link when a call did not return.
    pub(crate) fn open(
        kept: Option<ServiceThread>,
        reader: &CStr,
        sharing: Sharing,
        patience: Patience,
        limit: &ThreadLimit,
    ) -> Result<Self, (TransportError, Option<LostLink>)> {
        if let Some(thread) = kept {
            match Self::open_on(thread, reader, sharing, patience) {
                // The service may have been started anew since: only a new context tells.
                Err((_, None)) => {}
                opened => return opened,
            }
        }
        let thread = ServiceThread::start(limit).map_err(|error| (error, None))?;
        Self::open_on(thread, reader, sharing, patience)
    }

    fn open_on(
        thread: ServiceThread,
        reader: &CStr,
        sharing: Sharing,
        patience: Patience,
    ) -> Result<Self, (TransportError, Option<LostLink>)> {
        let (orders, incoming) = channel();
        let (outgoing, answers) = channel();
        let reader = reader.to_owned();
        thread.open(Opening { reader, sharing, orders: incoming, answers: outgoing });
        let answer_to_reset = Vec::new();
        let mut link = Self { orders, answers, thread, patience, answer_to_reset, given_up: None };
        let limit = link.limit(&[]);
        let opened = link.wait(limit).and_then(|_| {
            let limit = link.limit(&[]);
            link.wait(limit)
        });
        // Who waits here waits for the transaction of another program, not for the chip.
        let opened = opened.map_err(|error| match error {
            TransportError::Hung => TransportError::Busy,
            error => error,
        });
        match opened {
            Ok(answer_to_reset) => {
                link.answer_to_reset = answer_to_reset.to_vec();
                Ok(link)
            }
            Err(error) if link.given_up.is_some() => {
                Err((error, Some(LostLink { alive: link.thread.alive(), error })))
            }
            Err(error) => Err((error, None)),
        }
    }

    /// The chip's answer to reset (ISO 7816-3, 8.2); empty where the chip is not shared.
    pub(crate) fn answer_to_reset(&self) -> &[u8] {
        &self.answer_to_reset
    }

    /// Resets the chip. What answers then may be another chip.
    pub(crate) fn reset(&mut self) -> Result<(), TransportError> {
        self.order(Order::Reset, self.limit(&[])).map(drop)
    }

    /// Begins to leave the chip with a reset.
    pub(crate) fn leave(self) -> Leaving {
        let Self { orders, answers, thread, patience, given_up, .. } = self;
        // The thread leaves when nobody orders any more.
        drop(orders);
        Leaving { answers, thread, patience, given_up }
    }

    fn order(
        &mut self,
        order: Order,
        limit: Duration,
    ) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        if let Some(error) = self.given_up {
            return Err(error);
        }
        // The thread ends before its orders do only by a panic.
        self.orders.send(order).map_err(|_| TransportError::Other)?;
        self.wait(limit)
    }

    fn wait(&mut self, limit: Duration) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        match self.answers.recv_timeout(limit) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Timeout) => {
                self.given_up = Some(TransportError::Hung);
                Err(TransportError::Hung)
            }
            Err(RecvTimeoutError::Disconnected) => Err(TransportError::Other),
        }
    }

    fn limit(&self, command: &[u8]) -> Duration {
        match self.patience {
            Patience::Until(until) => until.saturating_duration_since(Instant::now()),
            Patience::PerCommand(limits) => match command.get(1) {
                Some(&GENERATE) => limits.generation,
                _ => limits.command,
            },
        }
    }
}

impl Leaving {
    /// Waits until the chip was left. Gives the thread back for the next link where nothing went
    /// wrong.
    pub(crate) fn wait(self) -> Result<Option<ServiceThread>, LostLink> {
        let Self { answers, thread, patience, given_up } = self;
        let error = match given_up {
            Some(error) => error,
            None => {
                let limit = match patience {
                    Patience::Until(until) => until.saturating_duration_since(Instant::now()),
                    Patience::PerCommand(limits) => limits.command,
                };
                match answers.recv_timeout(limit.max(Duration::from_secs(1))) {
                    Ok(Ok(_)) => return Ok(Some(thread)),
                    Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => return Ok(None),
                    Err(RecvTimeoutError::Timeout) => TransportError::Hung,
                }
            }
        };
        Err(LostLink { alive: thread.alive(), error })
    }
}

impl Transport for Link {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        let limit = self.limit(command);
        self.order(Order::Transmit(Zeroizing::new(command.to_vec())), limit)
    }
}
