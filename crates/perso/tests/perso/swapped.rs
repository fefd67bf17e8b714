//! Another chip in the reader, faster than anybody notices.

use crate::scripted::{ASKED, Kind, NITROKEY, PIV_APPLET, Scripted, YUBIKEY_5_7};
use crate::support::*;
use cardwright_card::{Transport, TransportError};
use cardwright_perso::{Cause, Condition, Failure, Next, Phase, Run, inspect};
use cardwright_virtual_card::{CardOptions, VirtualCard};
use zeroize::Zeroizing;

/// Two chips, of which the second takes the place of the first after some commands.
struct Swapped<'d, D> {
    first: &'d mut D,
    second: &'d mut D,
    /// Commands that still go to the first.
    left: usize,
}

impl<D: Transport> Transport for Swapped<'_, D> {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                self.first.transmit(command)
            }
            None => self.second.transmit(command),
        }
    }
}

/// Carries the job out; the chip is swapped when this many commands were sent after the reset, and
/// nobody is told. `None` when the job was done before.
fn swap_after_reset<D: Desk>(first: D, second: &mut D, commands: usize) -> Option<Failure> {
    let mut first = first;
    let mut random = random();
    let mut run = Run::new(job(inspect(&mut first).unwrap().ids));
    run = loop {
        run = match run.step(&mut first, &mut random) {
            Ok(Next::Step(run)) => run,
            Ok(Next::Reset(run)) => break run,
            Ok(Next::Done(_)) | Err(_) => panic!("the run ends with a reset"),
        };
    };
    first.reset();
    let mut swapped = Swapped { first: &mut first, second, left: commands };
    run.step(&mut swapped, &mut random).err()
}

#[test]
fn another_chip_is_never_written_to_after_the_reset() {
    for commands in 0.. {
        let mut second = Traced::new(VirtualCard::new(&CardOptions::new(48)).unwrap());
        let before = inspect(&mut second.desk).unwrap();
        second.desk.reset();
        let first = Traced::new(VirtualCard::new(&CardOptions::new(47)).unwrap());
        let Some(failure) = swap_after_reset(first, &mut second, commands) else { break };
        // Its name, then its card id; then its management key: no PIN is presented to it.
        let cause = match commands {
            0..2 => Cause::OtherChip,
            2 => Cause::ReadBackDiffers { what: "CCC" },
            _ => failure.cause.clone(),
        };
        assert_eq!((failure.phase, &failure.cause), (Phase::Verify, &cause), "{commands}");
        let presented = second.sent.iter().any(|line| line.contains("VERIFY 00"));
        assert!(!presented || commands >= 6, "{commands}");
        assert_eq!(failure.condition, Condition::PartlyWritten, "{commands}");
        // The proof of the PUK is no write where the PUK is another.
        assert!(!second.sent.iter().any(|line| line.contains("PUT") || line.contains("SET")));
        second.desk.reset();
        let after = inspect(&mut second.desk).unwrap();
        assert_eq!(after.ids, before.ids, "{commands}");
    }
}

#[test]
fn another_chip_without_a_name_is_found_out_by_what_it_holds() {
    for commands in 0.. {
        let mut second = Scripted::new(ASKED);
        let Some(_) = swap_after_reset(Scripted::new(ASKED), &mut second, commands) else { break };
        assert_eq!(second.writes, 0, "{commands}");
    }
}

#[test]
fn a_virgin_chip_without_a_name_is_told_by_its_serial_number() {
    for kind in [ASKED, NITROKEY, PIV_APPLET, YUBIKEY_5_7] {
        let expected = inspect(&mut Scripted::new(kind)).unwrap().ids;
        let mut other = Scripted::new(kind);
        other.serial = [0, 1, 2, 4];
        let failure = carry_out(job(expected.clone()), &mut other).unwrap_err();
        assert_eq!((failure.phase, failure.cause), (Phase::Identify, Cause::OtherChip), "{kind:?}");
        assert_eq!((other.writes, other.puk.left), (0, 3));
        // One that was not told, or is not any more, says nothing.
        let mut silent = job(expected);
        silent.expected.serial = None;
        carry_out(silent, &mut other).unwrap();
    }
    let expected = inspect(&mut Scripted::new(ASKED)).unwrap().ids;
    let mut silent = Scripted::new(Kind { has_serial: false, ..ASKED });
    let receipt = carry_out(job(expected), &mut silent).unwrap();
    assert_eq!(receipt.chip.serial, Some([0, 1, 2, 3]));
}

#[test]
fn a_run_ends_with_the_link() {
    // Between any two commands: the service says that the chip was reset, once.
    for commands in 0.. {
        let mut first = VirtualCard::new(&CardOptions::new(49)).unwrap();
        let job = job(inspect(&mut first).unwrap().ids);
        let mut desk = Noticed { first, left: commands, second: Traced::new(Scripted::new(ASKED)) };
        let ended = carry_out(job, &mut desk);
        assert!(desk.second.sent.is_empty(), "{commands}");
        match ended {
            Ok(_) => break,
            Err(failure) => assert_eq!(failure.cause, Cause::Link(TransportError::Reset)),
        }
    }
}

/// As [`Swapped`], with the error that the service gives to the first command after the swap.
struct Noticed {
    first: VirtualCard,
    left: usize,
    second: Traced<Scripted>,
}

impl Transport for Noticed {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        match self.left {
            0 => {
                self.left = usize::MAX;
                Err(TransportError::Reset)
            }
            usize::MAX => self.second.transmit(command),
            _ => {
                self.left -= 1;
                self.first.transmit(command)
            }
        }
    }
}

impl Desk for Noticed {
    fn reset(&mut self) {
        self.first.reset();
    }
}
