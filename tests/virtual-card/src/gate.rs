//! Holding a card at a command, so that a test does its deed at exactly that moment.

use serde::{Deserialize, Serialize};
use std::{
    num::NonZeroU64,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// Where a card holds, once: it says so, and goes on when it is told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    /// At which command.
    pub at: GateAt,
    /// On which side of it.
    pub side: GateSide,
}

/// The command at which a card holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GateAt {
    /// The Nth (from 1) since the gate was set.
    Command(NonZeroU64),
    /// The Nth (from 1) since the gate was set that has this instruction byte (INS).
    Instruction(u8, NonZeroU64),
    /// The next time that PC/SC resets the chip or takes its power away.
    Reset,
}

/// On which side of its command a card holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum GateSide {
    /// The command has not reached the chip.
    Before,
    /// The chip has carried the command out, and has not answered.
    Inside,
}

impl Gate {
    /// Before the `nth` command (from 1; 0 counts as 1) from now.
    #[must_use]
    pub fn before(nth: u64) -> Self {
        Self { at: GateAt::Command(number(nth)), side: GateSide::Before }
    }

    /// Inside the `nth` command (from 1; 0 counts as 1) from now.
    #[must_use]
    pub fn inside(nth: u64) -> Self {
        Self { at: GateAt::Command(number(nth)), side: GateSide::Inside }
    }

    /// Before the `nth` command (from 1; 0 counts as 1) from now with this instruction byte (INS).
    #[must_use]
    pub fn before_instruction(instruction: u8, nth: u64) -> Self {
        Self { at: GateAt::Instruction(instruction, number(nth)), side: GateSide::Before }
    }

    /// Inside the `nth` command (from 1; 0 counts as 1) from now with this instruction byte (INS).
    #[must_use]
    pub fn inside_instruction(instruction: u8, nth: u64) -> Self {
        Self { at: GateAt::Instruction(instruction, number(nth)), side: GateSide::Inside }
    }

    /// Before the next reset of the chip.
    #[must_use]
    pub fn before_reset() -> Self {
        Self { at: GateAt::Reset, side: GateSide::Before }
    }
}

fn number(nth: u64) -> NonZeroU64 {
    NonZeroU64::new(nth).unwrap_or(NonZeroU64::MIN)
}

/// Has a card in hand while it is busy: holds it at a [`Gate`], lets it go on, tears it out.
#[derive(Debug, Clone, Default)]
pub struct Hand(Arc<(Mutex<State>, Condvar)>);

#[derive(Debug, Default)]
struct State {
    gate: Option<Gate>,
    /// Commands that count for the gate so far.
    counted: u64,
    /// The card holds now.
    holds: bool,
    unplugged: bool,
}

impl Hand {
    /// Sets the gate, in place of one set before; commands count from now. A card that holds goes
    /// on.
    pub fn hold_at(&self, gate: Gate) {
        let mut state = self.state();
        (state.gate, state.counted, state.holds) = (Some(gate), 0, false);
        self.0.1.notify_all();
    }

    /// Waits until the card holds. `false` when it does not in this time, or when the gate is gone:
    /// lifted, or the card left its reader.
    #[must_use]
    pub fn holds_within(&self, time: Duration) -> bool {
        let waits = |state: &mut State| !state.holds && state.gate.is_some();
        let (state, _) = self
            .0
            .1
            .wait_timeout_while(self.state(), time, waits)
            .unwrap_or_else(PoisonError::into_inner);
        state.holds
    }

    /// Lets the card go on, and takes a gate away that it has not come to.
    pub fn let_go(&self) {
        let mut state = self.state();
        (state.gate, state.holds) = (None, false);
        self.0.1.notify_all();
    }

    /// Tears the card out: where it holds, in the delay of a command (which is then not carried
    /// out), or before the next command.
    pub fn unplug(&self) {
        let mut state = self.state();
        (state.gate, state.holds, state.unplugged) = (None, false, true);
        self.0.1.notify_all();
    }

    /// Waits so long, or until the card is torn out: then `true`.
    pub(crate) fn is_unplugged_within(&self, delay: Duration) -> bool {
        let waits = |state: &mut State| !state.unplugged;
        let (state, _) = self
            .0
            .1
            .wait_timeout_while(self.state(), delay, waits)
            .unwrap_or_else(PoisonError::into_inner);
        state.unplugged
    }

    /// The side of this command on which the card is to hold.
    pub(crate) fn side_of(&self, command: &[u8]) -> Option<GateSide> {
        let mut state = self.state();
        let nth = match state.gate?.at {
            GateAt::Command(nth) => nth,
            GateAt::Instruction(instruction, nth) if command.get(1) == Some(&instruction) => nth,
            GateAt::Instruction(..) | GateAt::Reset => return None,
        };
        state.counted += 1;
        state.gate.filter(|_| state.counted == nth.get()).map(|gate| gate.side)
    }

    /// Whether the card is to hold before a reset.
    pub(crate) fn is_at_reset(&self) -> bool {
        self.state().gate.is_some_and(|gate| gate.at == GateAt::Reset)
    }

    /// Holds until the card is let go or torn out: then `true`.
    pub(crate) fn hold(&self) -> bool {
        let mut state = self.state();
        // Torn out or let go since it was asked.
        if !state.unplugged && state.gate.is_some() {
            state.holds = true;
            self.0.1.notify_all();
        }
        let waits = |state: &mut State| state.holds;
        let state = self.0.1.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner);
        state.unplugged
    }

    /// The card is in its reader, with no gate.
    pub(crate) fn reset(&self) {
        *self.state() = State::default();
        self.0.1.notify_all();
    }

    /// Whoever panicked with the state in hand left it whole.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
