//! The readers' slots, and the cards in them.

use super::{error::OfficeError, readers};
use crate::{
    card::{Tries, VirtualCard},
    gate::Hand,
    options::{CardOptions, Fault},
    pause::pause,
    vpcd::Connection,
};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Two polls of the service, 400 ms each, and what a busy machine adds: as many short waits, each of
/// which that machine makes longer, as it makes the service's.
const SHORT: Duration = Duration::from_millis(50);
const TWO_POLLS: u32 = 20;

/// However long ago the last card left: the whole machine may have stood still meanwhile.
const LEAST: u32 = 4;

/// How long the service may take to notice a card: it polls, and the machine may be busy.
const NOTICE: Duration = Duration::from_secs(15);

/// How often a card is put in that the service does not notice: it may have been before the service
/// saw the last one leave.
const TRIES: u32 = 4;

/// All slots of an office.
pub(super) struct Slots {
    dir: PathBuf,
    slots: Vec<Slot>,
}

#[derive(Default)]
struct Slot {
    inserted: Option<Inserted>,
    /// When a card last left.
    left: Option<Instant>,
}

/// A card in its slot; without a connection while the service is stopped.
struct Inserted {
    index: u16,
    card: Arc<Mutex<VirtualCard>>,
    /// What holds the card while it is busy.
    hand: Hand,
    connection: Option<Connection>,
}

impl Slots {
    pub(super) fn new(dir: PathBuf, readers: usize) -> Self {
        Self { dir, slots: (0..readers).map(|_| Slot::default()).collect() }
    }

    /// Puts a card in, connected when the service runs.
    pub(super) fn insert(
        &mut self,
        reader: usize,
        card: CardOptions,
        service_runs: bool,
    ) -> Result<(), OfficeError> {
        if let Some(left) = self.slot(reader)?.left {
            let waited = left.elapsed().div_duration_f32(SHORT) as u32;
            let_polls_pass(TWO_POLLS.saturating_sub(waited).max(LEAST));
        }
        let inserted = self.put_in(reader, card)?;
        match service_runs {
            true => inserted.connect(reader),
            false => Ok(()),
        }
        .inspect_err(|_| self.slots[reader].inserted = None)
    }

    /// Puts a card in at once; nobody waits until the service notices, which it may not.
    pub(super) fn insert_unnoticed(
        &mut self,
        reader: usize,
        card: CardOptions,
        service_runs: bool,
    ) -> Result<(), OfficeError> {
        let inserted = self.put_in(reader, card)?;
        if service_runs {
            inserted.connection = Some(inserted.open(reader)?);
        }
        Ok(())
    }

    /// Puts another card in the place of one without the driver seeing it.
    pub(super) fn swap_unnoticed(
        &mut self,
        reader: usize,
        card: CardOptions,
    ) -> Result<(), OfficeError> {
        let connection = match self.slot(reader)?.inserted.take() {
            Some(inserted) => inserted.connection,
            None => return refuse(format!("no card is in reader {reader}")),
        };
        let inserted = self.put_in(reader, card)?;
        inserted.connection = connection.map(|mut connection| {
            connection.exchange(Arc::clone(&inserted.card));
            connection
        });
        Ok(())
    }

    fn put_in(
        &mut self,
        reader: usize,
        mut card: CardOptions,
    ) -> Result<&mut Inserted, OfficeError> {
        if self.slot(reader)?.inserted.is_some() {
            return refuse(format!("reader {reader} holds a card already"));
        }
        let index = card.index;
        if self.slots.iter().flat_map(|slot| &slot.inserted).any(|other| other.index == index) {
            return refuse(format!("card {index} is in another reader"));
        }
        let state = self.dir.join(format!("card-{index}"));
        card.state.get_or_insert(state);
        let card =
            VirtualCard::new(&card).map_err(|error| OfficeError::Refused(with_cause(&error)))?;
        let hand = card.hand();
        let card = Arc::new(Mutex::new(card));
        let inserted = Inserted { index, card, hand, connection: None };
        Ok(self.slots[reader].inserted.insert(inserted))
    }

    pub(super) fn remove(&mut self, reader: usize) -> Result<(), OfficeError> {
        let slot = self.slot(reader)?;
        match slot.inserted.take() {
            Some(inserted) => {
                slot.left = Some(inserted.connection.map_or_else(Instant::now, Connection::close));
                Ok(())
            }
            None => refuse(format!("no card is in reader {reader}")),
        }
    }

    pub(super) fn fail(&mut self, reader: usize, fault: Fault) -> Result<(), OfficeError> {
        self.card(reader)?.fail(fault);
        Ok(())
    }

    /// What holds the card in a reader while it is busy.
    pub(super) fn hand(&mut self, reader: usize) -> Result<Hand, OfficeError> {
        match &self.slot(reader)?.inserted {
            Some(inserted) => Ok(inserted.hand.clone()),
            None => refuse(format!("no card is in reader {reader}")),
        }
    }

    pub(super) fn tries(&mut self, reader: usize) -> Result<Option<Tries>, OfficeError> {
        Ok(self.card(reader)?.tries())
    }

    /// Forgets the cards that a fault tore out: before each request, and so before the service
    /// stops, since its end looks the same to a card.
    pub(super) fn forget_what_left(&mut self) {
        for slot in &mut self.slots {
            slot.forget_what_left();
        }
    }

    /// What happens to the cards when the service has stopped.
    pub(super) fn disconnect(&mut self) {
        for slot in &mut self.slots {
            let connection = slot.inserted.as_mut().and_then(|card| card.connection.take());
            if let Some(connection) = connection {
                let _ = connection.close();
            }
            // A new service has seen no card leave.
            slot.left = None;
        }
    }

    /// What happens to the cards when the service starts.
    pub(super) fn connect(&mut self) -> Result<(), OfficeError> {
        for (reader, slot) in self.slots.iter_mut().enumerate() {
            if let Some(inserted) = &mut slot.inserted {
                inserted.card().insert_again();
                inserted.connect(reader)?;
            }
        }
        Ok(())
    }

    fn card(&mut self, reader: usize) -> Result<MutexGuard<'_, VirtualCard>, OfficeError> {
        match &self.slot(reader)?.inserted {
            Some(inserted) => Ok(inserted.card()),
            None => refuse(format!("no card is in reader {reader}")),
        }
    }

    fn slot(&mut self, reader: usize) -> Result<&mut Slot, OfficeError> {
        let readers = self.slots.len();
        self.slots.get_mut(reader).ok_or_else(|| {
            OfficeError::Refused(format!("there is no reader {reader} of {readers}"))
        })
    }
}

impl Slot {
    /// A card torn out by its fault has left its reader for good.
    fn forget_what_left(&mut self) {
        let torn = self
            .inserted
            .take_if(|inserted| inserted.connection.as_ref().is_some_and(Connection::has_left));
        if let Some(connection) = torn.and_then(|inserted| inserted.connection) {
            self.left = Some(connection.close());
        }
    }
}

impl Inserted {
    fn connect(&mut self, reader: usize) -> Result<(), OfficeError> {
        for _ in 0..TRIES {
            let connection = self.open(reader)?;
            if connection.is_noticed_within(NOTICE) {
                self.connection = Some(connection);
                return Ok(());
            }
            let _ = connection.close();
            let_polls_pass(TWO_POLLS);
            self.card().insert_again();
        }
        refuse(format!("the PC/SC service does not notice the card in reader {reader}"))
    }

    fn open(&self, reader: usize) -> Result<Connection, OfficeError> {
        Connection::open(readers::address(reader), Arc::clone(&self.card)).map_err(|error| {
            OfficeError::Refused(format!("reader {reader} takes no card: {error}"))
        })
    }

    /// A thread that panicked with the card in hand leaves a card that answers as well as it can.
    fn card(&self) -> MutexGuard<'_, VirtualCard> {
        self.card.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn let_polls_pass(shorts: u32) {
    (0..shorts).for_each(|_| pause(SHORT));
}

fn refuse<T>(why: String) -> Result<T, OfficeError> {
    Err(OfficeError::Refused(why))
}

/// An error crosses the pipe as text: its own and its causes'.
pub(super) fn with_cause(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", with_cause(cause)),
        None => error.to_string(),
    }
}
