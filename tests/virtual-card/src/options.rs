use serde::{Deserialize, Serialize};
use std::{num::NonZeroU64, path::PathBuf, time::Duration};

/// Which card, and how it behaves. The default is card 0, fresh, in memory, without a fault.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CardOptions {
    /// Which chip it is: see [`cplc`](crate::cplc) and [`serial`](crate::serial).
    pub index: u16,
    /// Start value of the chip's random generator, for a run that can be repeated byte for byte;
    /// without it the operating system gives one.
    pub seed: Option<u64>,
    /// Folder that keeps the chip's flash from one process to the next (made when absent); without
    /// it the flash is in memory and lives as long as the [`VirtualCard`](crate::VirtualCard).
    pub state: Option<PathBuf>,
    /// What goes wrong, once.
    pub fault: Option<Fault>,
    /// How long every command waits before it is carried out; a card torn out meanwhile has not
    /// carried it out. Very long, it is a card that hangs.
    pub delay: Duration,
    /// Where every command and answer is written.
    pub trace: Trace,
    /// How the card speaks.
    pub dialect: Dialect,
    /// How the reader reaches the chip.
    pub interface: Interface,
}

impl CardOptions {
    /// Card `index`, fresh, in memory, without a fault.
    #[must_use]
    pub fn new(index: u16) -> Self {
        Self { index, ..Self::default() }
    }
}

/// How the card speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Dialect {
    /// Like most cards in the field: SELECT takes the RID alone (ISO 7816-4, 12.2.4: partial DF
    /// name), a command without Le is answered with its data, and `F8` gives each card its own
    /// serial number.
    #[default]
    Softened,
    /// The firmware's own: SELECT wants 9 bytes of the AID or more, a command without Le whose
    /// answer has data gets `61xx`, and every card has one serial number.
    Strict,
}

/// How the reader reaches the chip. It shows in the answer to reset, and in nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Interface {
    /// By its contacts.
    #[default]
    Contact,
    /// Over the air: the reader makes an answer to reset up (PC/SC part 3, 3.1.3.2.3.1).
    Contactless,
}

/// Where every command and answer is written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Trace {
    /// Nowhere.
    #[default]
    Off,
    /// Into [`VirtualCard::trace`](crate::VirtualCard::trace).
    Memory,
    /// At the end of a file, a line for each command and each answer, in hexadecimal.
    File(PathBuf),
}

/// A card torn out of its reader. It happens once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// At which command.
    pub at: FaultAt,
    /// Whether the chip still carries it out.
    pub kind: FaultKind,
}

/// The command at which a card is torn out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultAt {
    /// The Nth (from 1) since the card was put in, or since the fault was set if that was later.
    Command(NonZeroU64),
    /// The first with this instruction byte (INS).
    Instruction(u8),
}

/// Whether the chip still carries out the command at which it is torn out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum FaultKind {
    /// The command never reaches the chip.
    NotExecuted,
    /// The chip carries the command out, and the answer is lost.
    Unanswered,
}

impl Fault {
    /// Torn out before the `nth` command (from 1; 0 counts as 1): it is not carried out.
    #[must_use]
    pub fn before(nth: u64) -> Self {
        Self { at: command(nth), kind: FaultKind::NotExecuted }
    }

    /// Torn out inside the `nth` command (from 1; 0 counts as 1): it is carried out, and the
    /// answer is lost.
    #[must_use]
    pub fn inside(nth: u64) -> Self {
        Self { at: command(nth), kind: FaultKind::Unanswered }
    }

    /// Torn out before the first command with this instruction byte (INS).
    #[must_use]
    pub fn before_instruction(instruction: u8) -> Self {
        Self { at: FaultAt::Instruction(instruction), kind: FaultKind::NotExecuted }
    }

    /// Torn out inside the first command with this instruction byte (INS).
    #[must_use]
    pub fn inside_instruction(instruction: u8) -> Self {
        Self { at: FaultAt::Instruction(instruction), kind: FaultKind::Unanswered }
    }

    /// Whether it strikes at this command, the `nth` that counts.
    pub(crate) fn strikes(&self, nth: u64, command: &[u8]) -> bool {
        match self.at {
            FaultAt::Command(at) => nth >= at.get(),
            FaultAt::Instruction(instruction) => command.get(1) == Some(&instruction),
        }
    }
}

fn command(nth: u64) -> FaultAt {
    FaultAt::Command(NonZeroU64::new(nth).unwrap_or(NonZeroU64::MIN))
}
