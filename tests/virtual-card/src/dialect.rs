//! What is softened of the firmware's dialect so that the card behaves as most do.

use crate::{chip::serial, options::Dialect};
use apdu_dispatch::App;
use heapless::VecView;
use iso7816::{Aid, Interface, command::CommandView};

/// The RID of NIST, and the version-independent part of the PIV AID after it (SP 800-73-5,
/// part 1, 2.2).
const PIV: [u8; 11] = [0xA0, 0x00, 0x00, 0x03, 0x08, 0x00, 0x00, 0x10, 0x00, 0x01, 0x00];

/// The PIV application under a dialect.
pub(crate) struct Dialected<A> {
    pub(crate) application: A,
    pub(crate) dialect: Dialect,
    pub(crate) index: u16,
}

impl<A: App> iso7816::App for Dialected<A> {
    fn aid(&self) -> Aid {
        match self.dialect {
            Dialect::Softened => Aid::new_truncatable(&PIV, 5),
            Dialect::Strict => self.application.aid(),
        }
    }
}

impl<A: App> App for Dialected<A> {
    fn select(
        &mut self,
        interface: Interface,
        command: CommandView<'_>,
        reply: &mut VecView<u8>,
    ) -> iso7816::Result {
        self.application.select(interface, command, reply)
    }

    fn deselect(&mut self) {
        self.application.deselect();
    }

    fn call(
        &mut self,
        interface: Interface,
        command: CommandView<'_>,
        reply: &mut VecView<u8>,
    ) -> iso7816::Result {
        let asks_serial = u8::from(command.instruction()) == 0xF8;
        if asks_serial && self.dialect == Dialect::Softened {
            // An answer has room for far more than 4 bytes.
            let _ = reply.extend_from_slice(&serial(self.index));
            return Ok(());
        }
        self.application.call(interface, command, reply)
    }
}

/// The command as the firmware gets it: with an Le where the softened dialect answers without.
pub(crate) fn with_expected_length(dialect: Dialect, command: &[u8]) -> Vec<u8> {
    let mut command = command.to_vec();
    if dialect == Dialect::Strict || is_chained(&command) {
        return command;
    }
    // The cases without Le of ISO 7816-4, 5.1: 1, 3 extended, 3 short.
    match command[..] {
        [_, _, _, _] => command.push(0),
        [_, _, _, _, 0, high, low, ..]
            if command.len() == 7 + usize::from(u16::from_be_bytes([high, low])) =>
        {
            command.extend([0, 0]);
        }
        [_, _, _, _, length, ..] if length != 0 && command.len() == 5 + usize::from(length) => {
            command.push(0);
        }
        _ => {}
    }
    command
}

/// Whether more of the command follows (ISO 7816-4, 5.1.1.1: bit 5 of CLA).
fn is_chained(command: &[u8]) -> bool {
    command.first().is_some_and(|class| class & 0x10 != 0)
}
