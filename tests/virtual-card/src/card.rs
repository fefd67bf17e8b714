use crate::{
    gate::{GateSide, Hand},
    options::{CardOptions, Fault, FaultKind, Interface},
    trace::{Recorder, TraceEntry},
    worker::Worker,
};
use cardwright_card::{Transport, TransportError};
use serde::{Deserialize, Serialize};
use std::{io, path::PathBuf, time::Duration};
use zeroize::Zeroizing;

/// A PIV card in process, in its reader and powered.
///
/// Torn out by a [`Fault`] or by [`remove`](Self::remove), it answers every command with
/// [`TransportError::Removed`] until [`insert_again`](Self::insert_again): its flash, and nothing
/// else, is as it was.
pub struct VirtualCard {
    /// Runs the firmware.
    worker: Worker,
    recorder: Recorder,
    delay: Duration,
    /// The fault still to come.
    fault: Option<Fault>,
    /// Commands since the fault was set or the card was put in.
    counted_for_fault: u64,
    /// Commands since the card was put in.
    commands: u64,
    inserted: bool,
    interface: Interface,
    /// Ends a delay early, and holds the card at a gate.
    hand: Hand,
}

/// Tries left, from the chip's own state; reading them costs none. 0 is blocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tries {
    /// Of the PIN.
    pub pin: u8,
    /// Of the PUK.
    pub puk: u8,
}

/// Why a virtual card cannot start.
#[derive(Debug, thiserror::Error)]
pub enum VirtualCardError {
    /// The state folder cannot be used.
    #[error("the state of the card cannot be kept in {path}")]
    State {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        cause: io::Error,
    },
    /// The trace cannot be written.
    #[error("the trace cannot be written to {path}")]
    Trace {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        cause: io::Error,
    },
    /// No thread can be started for the firmware, or the firmware did not start.
    #[error("the firmware of the card does not start")]
    Firmware,
}

impl VirtualCard {
    /// Makes a card, or wakes the one whose state `options` names, and puts it in.
    ///
    /// # Errors
    /// [`VirtualCardError`] when a file cannot be used or the firmware does not start.
    pub fn new(options: &CardOptions) -> Result<Self, VirtualCardError> {
        Ok(Self {
            worker: Worker::start(options)?,
            recorder: Recorder::new(&options.trace)?,
            delay: options.delay,
            fault: options.fault,
            counted_for_fault: 0,
            commands: 0,
            inserted: true,
            interface: options.interface,
            hand: Hand::default(),
        })
    }

    /// Sets what goes wrong next, in place of a fault set before; commands count from now.
    pub fn fail(&mut self, fault: Fault) {
        self.fault = Some(fault);
        self.counted_for_fault = 0;
    }

    /// Tears the card out: all but its flash is lost.
    pub fn remove(&mut self) {
        self.inserted = false;
        self.recorder.event("removed");
    }

    /// Puts the card in again, after a fault or [`remove`](Self::remove), with no fault to come
    /// and the count of commands at 0.
    pub fn insert_again(&mut self) {
        self.fault = None;
        self.counted_for_fault = 0;
        self.commands = 0;
        self.inserted = true;
        self.hand.reset();
        self.recorder.event("inserted");
        self.worker.power_cycle();
    }

    /// What another thread can hold the card with at a command, and tear it out with.
    #[must_use]
    pub fn hand(&self) -> Hand {
        self.hand.clone()
    }

    /// Whether the card is in its reader.
    #[must_use]
    pub fn is_inserted(&self) -> bool {
        self.inserted
    }

    /// What PC/SC's reset does: no application is selected, no PIN verified, no key authenticated.
    /// The count of commands and the fault stay.
    pub fn reset(&mut self) {
        if self.hand.is_at_reset() {
            // Torn out meanwhile, it shows at the next command.
            let _ = self.hand.hold();
        }
        self.recorder.event("reset");
        self.worker.power_cycle();
    }

    /// Takes the power away and gives it back; what [`reset`](Self::reset) says.
    pub fn power_cycle(&mut self) {
        self.recorder.event("power off and on");
        self.worker.power_cycle();
    }

    /// How the reader reaches the chip.
    pub(crate) fn interface(&self) -> Interface {
        self.interface
    }

    /// How many commands were sent since the card was put in, the one at a fault included.
    #[must_use]
    pub fn commands(&self) -> u64 {
        self.commands
    }

    /// Every command and answer so far, for a card with
    /// [`Trace::Memory`](crate::Trace::Memory); otherwise empty.
    #[must_use]
    pub fn trace(&self) -> &[TraceEntry] {
        &self.recorder.entries
    }

    /// Tries left of PIN and PUK, without a command. `None` before the first PIV command of a
    /// fresh card, which is when the firmware makes them.
    #[must_use]
    pub fn tries(&self) -> Option<Tries> {
        self.worker.tries()
    }
}

impl Transport for VirtualCard {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        if !self.inserted {
            return Err(TransportError::Removed);
        }
        self.commands += 1;
        self.counted_for_fault += 1;
        let strikes = self.fault.take_if(|fault| fault.strikes(self.counted_for_fault, command));
        let side = self.hand.side_of(command);
        let answer = match strikes.map(|fault| fault.kind) {
            _ if self.hand.is_unplugged_within(self.delay) => None,
            _ if side == Some(GateSide::Before) && self.hand.hold() => None,
            Some(FaultKind::NotExecuted) => None,
            Some(FaultKind::Unanswered) => {
                self.worker.execute(command);
                None
            }
            None => self.worker.execute(command),
        };
        let answer = answer.filter(|_| side != Some(GateSide::Inside) || !self.hand.hold());
        self.recorder.exchange(command, answer.as_ref().map(|answer| answer.as_slice()));
        answer.ok_or_else(|| {
            self.inserted = false;
            TransportError::Removed
        })
    }
}

impl std::fmt::Debug for VirtualCard {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("VirtualCard")
            .field("commands", &self.commands)
            .field("fault", &self.fault)
            .field("inserted", &self.inserted)
            .finish_non_exhaustive()
    }
}
