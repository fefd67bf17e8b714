//! An office: a private PC/SC service with virtual readers, and cards to put in.
//!
//! The service and the cards run in user, mount, network and process namespaces of their own: no
//! privilege is needed, no port opens on the machine, a PC/SC service of the machine is left
//! alone, and any number of offices run side by side. PC/SC clients find one by the environment
//! variable `PCSCLITE_CSOCK_NAME`, set to [`Office::csock_name`].

mod conversation;
mod error;
pub mod inside;
mod programs;
mod readers;
mod service;
mod slots;

use crate::{
    card::Tries,
    gate::Gate,
    options::{CardOptions, Fault},
};
use conversation::{Conversation, Reply, Request};
pub use error::OfficeError;
pub use readers::reader_name;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// What an office is like.
#[derive(Debug, Clone)]
pub struct OfficeOptions {
    /// How many readers, at most 16. They come in pairs: an odd number leaves one more that stays
    /// empty.
    pub readers: usize,
    /// Folder that keeps the cards, `card-0` and so on, from one run to the next (made when
    /// absent). One office at a time uses it. Its path is short: the service's socket is in it,
    /// and paths of sockets have at most 107 bytes.
    pub dir: PathBuf,
    /// The program `cardwright-virtual-card`; without it, the one beside the running program.
    pub program: Option<PathBuf>,
}

/// A running office. Dropped, or when its process ends in any way, the service and the cards end.
#[derive(Debug)]
pub struct Office {
    conversation: Conversation,
    csock_name: PathBuf,
}

impl Office {
    /// Starts the PC/SC service and waits until it answers. The readers are empty.
    ///
    /// # Errors
    /// [`OfficeError`]: something is not installed, or the system forbids namespaces.
    pub fn start(options: &OfficeOptions) -> Result<Self, OfficeError> {
        readers::check_count(options.readers)?;
        let failed = |cause| OfficeError::Folder { path: options.dir.clone(), cause };
        fs::create_dir_all(&options.dir).map_err(failed)?;
        let dir = options.dir.canonicalize().map_err(failed)?;
        let csock_name = service::socket(&dir);
        if csock_name.as_os_str().len() > 107 {
            return Err(OfficeError::PathTooLong { path: csock_name });
        }
        let program = match &options.program {
            Some(program) => program.clone(),
            None => programs::own()?,
        };
        let conversation = Conversation::start(&program, options.readers, &dir)?;
        Ok(Self { conversation, csock_name })
    }

    /// The path for `PCSCLITE_CSOCK_NAME`.
    #[must_use]
    pub fn csock_name(&self) -> &Path {
        &self.csock_name
    }

    /// Puts a card into a reader (from 0) and waits until the service has noticed it; its clients
    /// are told a moment later, so they wait for the status change. Without
    /// [`CardOptions::state`] the card is kept in the office's folder by its index.
    ///
    /// Where a card was in this reader before, two polls of the driver pass first: put in earlier,
    /// it might not be noticed at all.
    ///
    /// # Errors
    /// [`OfficeError::Refused`]: no such reader, a card is in it, or the card is in another one.
    pub fn insert(&self, reader: usize, card: CardOptions) -> Result<(), OfficeError> {
        self.ask(Request::Insert { reader, card: Box::new(card) })
    }

    /// Takes the card out, whatever it is doing. The service notices at its next poll, within
    /// 400 ms.
    ///
    /// # Errors
    /// [`OfficeError::Refused`]: no such reader, or no card in it: a card torn out by its fault has
    /// left already.
    pub fn remove(&self, reader: usize) -> Result<(), OfficeError> {
        self.ask(Request::Remove { reader })
    }

    /// Takes the card out and puts another one in, and waits until the service has noticed both.
    ///
    /// # Errors
    /// Those of [`remove`](Self::remove) and [`insert`](Self::insert).
    pub fn swap(&self, reader: usize, card: CardOptions) -> Result<(), OfficeError> {
        self.remove(reader)?;
        self.insert(reader, card)
    }

    /// Swaps so fast that the service may not notice: nobody waits until it does. The next command
    /// that a client sends is lost with the old card.
    ///
    /// # Errors
    /// Those of [`swap`](Self::swap).
    pub fn swap_between_polls(&self, reader: usize, card: CardOptions) -> Result<(), OfficeError> {
        self.ask(Request::SwapBetweenPolls { reader, card: Box::new(card) })
    }

    /// Swaps so fast that not even the driver notices. The new chip has no power, and answers no
    /// command, until the service resets it or powers it on: a client that reconnects with a reset
    /// goes on with another chip, without any event.
    ///
    /// # Errors
    /// [`OfficeError::Refused`]: no such reader, no card in it, or the new card is in another one.
    pub fn swap_unnoticed(&self, reader: usize, card: CardOptions) -> Result<(), OfficeError> {
        self.ask(Request::SwapUnnoticed { reader, card: Box::new(card) })
    }

    /// Sets what goes wrong next with the card in a reader; commands count from now.
    ///
    /// # Errors
    /// [`OfficeError::Refused`]: no such reader, or no card in it.
    pub fn fail(&self, reader: usize, fault: Fault) -> Result<(), OfficeError> {
        self.ask(Request::Fail { reader, fault })
    }

    /// Sets where the card in a reader holds next; commands count from now. A card that holds goes
    /// on.
    ///
    /// # Errors
    /// [`OfficeError::Refused`]: no such reader, or no card in it.
    pub fn hold_at(&self, reader: usize, gate: Gate) -> Result<(), OfficeError> {
        self.ask(Request::Hold { reader, gate })
    }

    /// Waits until the card in a reader holds; other requests go on meanwhile. `false` when it does
    /// not in this time, or when its gate is gone: lifted, or the card left its reader.
    ///
    /// While a card holds, its tries cannot be read and no fault be set; it can be removed, and the
    /// service can be stopped.
    ///
    /// # Errors
    /// [`OfficeError::Refused`]: no such reader, or no card in it.
    pub fn holds_within(&self, reader: usize, within: Duration) -> Result<bool, OfficeError> {
        match self.conversation.exchange(Request::AwaitHold { reader, within })? {
            Reply::Holds(holds) => Ok(holds),
            _ => Err(OfficeError::Ended),
        }
    }

    /// Lets the card in a reader go on, and takes a gate away that it has not come to.
    ///
    /// # Errors
    /// [`OfficeError::Refused`]: no such reader, or no card in it.
    pub fn let_go(&self, reader: usize) -> Result<(), OfficeError> {
        self.ask(Request::LetGo { reader })
    }

    /// Tries left on the card in a reader: see [`VirtualCard::tries`](crate::VirtualCard::tries).
    ///
    /// # Errors
    /// [`OfficeError::Refused`]: no such reader, or no card in it.
    pub fn tries(&self, reader: usize) -> Result<Option<Tries>, OfficeError> {
        match self.conversation.exchange(Request::Tries { reader })? {
            Reply::Tries(tries) => Ok(tries),
            _ => Err(OfficeError::Ended),
        }
    }

    /// Kills the PC/SC service; the cards stay in their readers without power.
    ///
    /// # Errors
    /// [`OfficeError`] when it does not run.
    pub fn stop_service(&self) -> Result<(), OfficeError> {
        self.ask(Request::StopService)
    }

    /// Starts the PC/SC service again, at the same path, and waits until it has noticed the cards.
    /// Faults that were still to come are forgotten.
    ///
    /// # Errors
    /// [`OfficeError`] when it runs already or does not start.
    pub fn start_service(&self) -> Result<(), OfficeError> {
        self.ask(Request::StartService)
    }

    fn ask(&self, request: Request) -> Result<(), OfficeError> {
        self.conversation.exchange(request).map(|_| ())
    }
}
