//! Chips torn out before and inside every command.

use crate::support::*;
use cardwright_card::ManagementKeyAlgorithm::Aes256;
use cardwright_card::TransportError;
use cardwright_perso::{Cause, Condition, Failure, Phase, inspect};
use cardwright_virtual_card::{CardOptions, Fault, Tries, VirtualCard};

/// Tears a fresh chip at one command, and gives the failure; `None` when the run was over before.
fn tear(fault: Fault, index: u16) -> Option<Failure> {
    let mut desk = VirtualCard::new(&CardOptions::new(index)).unwrap();
    let job = job(inspect(&mut desk).unwrap().ids);
    desk.fail(fault);
    let failure = carry_out(job.clone(), &mut desk).err();
    if let Some(failure) = &failure {
        assert_eq!(failure.cause, Cause::Link(TransportError::Removed), "{fault:?}");
        desk.insert_again();
        let mut again = job;
        again.expected = inspect(&mut desk).unwrap().ids;
        let receipt =
            carry_out(again, &mut desk).unwrap_or_else(|error| panic!("after {fault:?}: {error}"));
        assert_eq!(receipt.chip.card_id, Some(card_id(1)), "{fault:?}");
        assert_eq!(receipt.keys.len(), 1, "{fault:?}");
        assert!(receipt.tries_spent.pin <= 1 && receipt.tries_spent.puk <= 1, "{fault:?}");
    }
    // The fault that did not strike goes.
    desk.insert_again();
    assert_eq!(desk.tries().unwrap(), Tries { pin: 3, puk: 3 }, "{fault:?}");
    assert!(has_secrets(&mut desk, &wanted(1), Aes256), "{fault:?}");
    failure
}

/// Tears a fresh chip at each command in turn, until the run is over before.
fn tear_everywhere(fault: impl Fn(u64) -> Fault) -> Vec<Failure> {
    (1..).map_while(|nth| tear(fault(nth), 50 + nth as u16)).collect()
}

#[test]
fn a_chip_torn_before_any_command_is_mended_by_the_same_job() {
    let failures = tear_everywhere(Fault::before);
    assert!((20..=32).contains(&failures.len()), "{}", failures.len());
    check_conditions(&failures);
}

#[test]
fn a_chip_torn_inside_any_command_is_mended_by_the_same_job() {
    let failures = tear_everywhere(Fault::inside);
    assert!((20..=32).contains(&failures.len()), "{}", failures.len());
    check_conditions(&failures);
}

/// Untouched before the first write, unknown inside each, partly written after.
fn check_conditions(failures: &[Failure]) {
    for Failure { phase, condition, .. } in failures {
        let expected = match phase {
            Phase::Identify | Phase::Authenticate => Condition::Untouched,
            // Each command of these writes.
            phase if Phase::WRITING.contains(phase) => Condition::Unknown,
            _ if *condition == Condition::Unknown => Condition::Unknown,
            _ => Condition::PartlyWritten,
        };
        assert_eq!(*condition, expected, "{phase:?}");
    }
    let unknown = failures.iter().filter(|f| f.condition == Condition::Unknown).count();
    // The six writes, the discovery object, and the proof of the PUK.
    assert_eq!(unknown, 8);
}

#[test]
fn a_chip_torn_in_the_next_generation_is_mended_too() {
    for nth in 1.. {
        let mut desk = VirtualCard::new(&CardOptions::new(100)).unwrap();
        let first = job(inspect(&mut desk).unwrap().ids);
        carry_out(first, &mut desk).unwrap();
        let mut next = job(inspect(&mut desk).unwrap().ids);
        next.wanted = wanted(2);
        next.candidates = vec![earlier(1), factory()];
        desk.fail(Fault::inside(nth));
        if carry_out(next.clone(), &mut desk).is_ok() {
            break;
        }
        desk.insert_again();
        next.expected = inspect(&mut desk).unwrap().ids;
        carry_out(next, &mut desk).unwrap();
        assert_eq!(desk.tries().unwrap(), Tries { pin: 3, puk: 3 }, "{nth}");
        assert!(has_secrets(&mut desk, &wanted(2), Aes256), "{nth}");
    }
}
