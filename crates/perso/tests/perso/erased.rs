//! Chips with values of somebody else, which a job may erase.

use crate::scripted::{
    ASKED, Kind, PIV_APPLET, STANDARD, Scripted, Tear, YUBIKEY_4, YUBIKEY_5_4, YUBIKEY_5_7,
};
use crate::support::*;
use cardwright_card::ManagementKeyAlgorithm::{Aes256, TripleDes};
use cardwright_card::{Channel, Puk, commands};
use cardwright_perso::{Cause, Condition, Job, Phase, PukFirst, Run, Tries, inspect};
use cardwright_virtual_card::{CardOptions, VirtualCard};

/// A chip of which nothing is known but the standard: it tells nobody the tries of its PUK.
const UNTOLD: Kind =
    Kind { is_extended: true, reset: Ok(0x6985), ciphers: &[0x03, 0x0C], ..STANDARD };

const KINDS: [Kind; 6] = [ASKED, UNTOLD, YUBIKEY_4, YUBIKEY_5_4, YUBIKEY_5_7, PIV_APPLET];

/// A chip that somebody else has used.
fn used(kind: Kind) -> Scripted {
    let mut desk = Scripted::new(kind);
    desk.key.1 = vec![0x77; 24];
    desk.pin.set(b"918273\xFF\xFF");
    desk.puk.set(b"99887766");
    desk
}

fn job_that_erases(desk: &mut Scripted) -> Job {
    let expected = inspect(desk).unwrap().ids;
    Job { erase: true, ..job(expected) }
}

fn check_whole(desk: &mut Scripted, story: &str) {
    let cipher = if desk.kind == YUBIKEY_4 { TripleDes } else { Aes256 };
    assert!(has_secrets(desk, &wanted(1), cipher), "{story}");
    assert_eq!((desk.pin.left, desk.puk.left), (desk.kind.pin_tries, 3), "{story}");
    assert!(!desk.is_half_wiped, "{story}");
}

#[test]
fn a_foreign_chip_is_erased_where_the_job_allows_it() {
    for kind in KINDS {
        let mut desk = used(kind);
        let job = job_that_erases(&mut desk);
        // The bureau's values are gone with everything else: the maker's are there.
        let mut job = Job { candidates: vec![earlier(2)], ..job };
        let forbidden = Job { erase: false, ..job.clone() };
        let failure = carry_out(forbidden, &mut desk).unwrap_err();
        assert_eq!(failure.cause, Cause::Foreign { what: "management key" });
        assert_eq!((failure.condition, desk.burnt()), (Condition::Untouched, (0, 0)));

        let receipt = carry_out(job.clone(), &mut desk).unwrap();
        let expected: Vec<_> = [Phase::Erase].into_iter().chain(all_written()).collect();
        assert_eq!(receipt.written, expected, "{kind:?}");
        check_whole(&mut desk, "erased");
        desk.reset();
        // A chip that is ours is not erased.
        job.expected = inspect(&mut desk).unwrap().ids;
        job.recorded_keys = recorded(&receipt.keys);
        assert_eq!(carry_out(job, &mut desk).unwrap().written, []);
    }
}

#[test]
fn a_foreign_or_blocked_puk_is_erased_before_anything_is_written() {
    for kind in KINDS {
        for is_blocked in [false, true] {
            let mut desk = Scripted::new(kind);
            desk.puk.set(b"99887766");
            desk.puk.left = if is_blocked { 0 } else { 3 };
            let job = job_that_erases(&mut desk);
            carry_out(job, &mut desk).unwrap();
            check_whole(&mut desk, "PUK");
        }
    }
}

#[test]
fn a_management_key_that_a_reset_does_not_survive_is_changed_first_or_left_alone() {
    let mut desk = used(PIV_APPLET);
    desk.key = (0x0C, vec![0x77; 32]);
    desk.pin.left = 0;
    desk.puk.left = 0;
    let job = job_that_erases(&mut desk);
    let failure = carry_out(job.clone(), &mut desk).unwrap_err();
    let what = "a reset with an unknown management key";
    assert_eq!(failure.cause, Cause::NotSupported { what });
    assert_eq!((failure.phase, failure.condition), (Phase::Erase, Condition::Untouched));
    // One that is known is changed.
    desk.key = (0x0C, (0..32).map(|byte| byte ^ 2 << 5).collect());
    let mut job = Job { candidates: vec![earlier(2)], ..job };
    job.tries_allowed.puk = 0;
    carry_out(job, &mut desk).unwrap();
    check_whole(&mut desk, "AES");
}

#[test]
fn a_chip_without_a_reset_is_left_alone() {
    // It may not know the command, or ask for the management key before it looks.
    for status in [0x6D00, 0x6982] {
        let mut desk = used(Kind { reset: Err(status), ..STANDARD });
        let job = job_that_erases(&mut desk);
        let failure = carry_out(job, &mut desk).unwrap_err();
        assert_eq!(failure.cause, Cause::NotSupported { what: "the chip has no reset" });
        assert_eq!((failure.phase, failure.condition), (Phase::Erase, Condition::Untouched));
        assert_eq!((desk.pin.left, desk.puk.left, desk.writes), (5, 3, 0));
    }
}

fn untold(reset: Result<u16, u16>) -> Kind {
    Kind { reset, ..UNTOLD }
}

/// What was sent of RESET and CHANGE REFERENCE DATA of the PUK.
fn resets_and_puks(desk: &Traced<Scripted>) -> Vec<&str> {
    let is_either = |line: &&str| line.contains(" RESET 00") || line.contains("DATA 00 81");
    desk.sent.iter().map(String::as_str).filter(is_either).collect()
}

#[test]
fn a_foreign_puk_of_a_chip_without_a_reset_costs_what_the_job_allows() {
    for status in [0x6D00, 0x6982] {
        let mut desk = Scripted::new(untold(Err(status)));
        desk.puk.set(b"99887766");
        let mut desk = Traced::new(desk);
        let mut job = job_that_erases(&mut desk.desk);
        let no_reset = Cause::NotSupported { what: "the chip has no reset" };
        for (allowed, left) in [(0, 3), (1, 2), (0, 2)] {
            job.tries_allowed.puk = allowed;
            desk.sent.clear();
            let failure = carry_out(job.clone(), &mut desk).unwrap_err();
            assert_eq!((&failure.cause, failure.phase), (&no_reset, Phase::Erase), "{allowed}");
            assert_eq!(failure.condition, Condition::Untouched);
            assert_eq!(failure.tries_spent.puk, allowed);
            assert_eq!((desk.desk.pin.left, desk.desk.puk.left), (5, left));
            // The reset is asked for before anything is presented.
            assert!(resets_and_puks(&desk)[0].contains(" RESET 00"), "{:?}", desk.sent);
            desk.reset();
        }
    }
}

#[test]
fn a_chip_that_is_blocked_is_reset_before_its_puk_is_presented() {
    let mut desk = Scripted::new(UNTOLD);
    desk.puk.set(b"99887766");
    (desk.pin.left, desk.puk.left) = (0, 0);
    let mut desk = Traced::new(desk);
    let job = job_that_erases(&mut desk.desk);
    let receipt = carry_out(job, &mut desk).unwrap();
    let expected: Vec<_> = [Phase::Erase].into_iter().chain(all_written()).collect();
    assert_eq!(receipt.written, expected);
    assert_eq!(resets_and_puks(&desk)[0], "00 RESET 00 00 -> 9000");
    assert_eq!(desk.desk.burnt(), (0, 0));
}

#[test]
fn a_chip_that_may_be_erased_and_need_not_be_is_left_its_keys() {
    for reset in [Ok(0x6985), Err(0x6D00), Err(0x6982)] {
        let mut desk = Scripted::new(untold(reset));
        let job = job_that_erases(&mut desk);
        assert_eq!(carry_out(job, &mut desk).unwrap().written, all_written(), "{reset:?}");
        assert_eq!(desk.burnt(), (0, 0));
    }
}

#[test]
fn a_chip_torn_when_it_is_erased_is_finished_by_the_next_job() {
    for kind in KINDS {
        for inside in [false, true] {
            for at in 1.. {
                let story = format!("{at} {inside} {kind:?}");
                let mut desk = used(kind);
                let mut job = job_that_erases(&mut desk);
                job.candidates = vec![earlier(2)];
                desk.tear(Tear::new(at, inside));
                if carry_out(job.clone(), &mut desk).is_ok() {
                    break;
                }
                desk.insert_again();
                job.expected = inspect(&mut desk).unwrap().ids;
                carry_out(job, &mut desk).unwrap_or_else(|error| panic!("{story}: {error}"));
                check_whole(&mut desk, &story);
            }
        }
    }
}

/// Answers to the proof of its PUK were lost: whether a try is left nobody knows, and the values
/// are the right ones. A job that may erase opens it, or erases it, and finishes.
#[test]
fn a_chip_of_which_nobody_knows_the_tries_is_finished_by_a_job_that_may_erase() {
    for (number, spent) in [(47, 0), (48, 2), (49, 3)] {
        for is_ours in [false, true] {
            let mut desk = VirtualCard::new(&CardOptions::new(number)).unwrap();
            let mut job = job(inspect(&mut desk).unwrap().ids);
            if is_ours {
                // Torn between the card id and the PUK.
                let torn = carry_out_until(job.clone(), &mut desk, |phase| phase == Phase::Puk);
                assert_eq!(torn.unwrap_err().phase, Phase::Puk);
                desk.reset();
            }
            let mut channel = Channel::new(&mut desk);
            assert!(commands::select_piv(&mut channel).unwrap());
            let wrong = Puk::parse("00000000").unwrap();
            for _ in 0..spent {
                let presented = commands::change_puk(&mut channel, &wrong, &wrong).unwrap();
                assert!(matches!(presented, commands::Presented::Wrong { .. }), "{presented:?}");
            }
            desk.reset();
            job.expected = inspect(&mut desk).unwrap().ids;
            job.erase = true;
            job.tries_allowed = Tries { pin: 1, puk: 2 };
            job.puk_first = PukFirst::Before;
            carry_out(job, &mut desk).unwrap_or_else(|error| panic!("{spent} {is_ours}: {error}"));
            assert!(has_secrets(&mut desk, &wanted(1), Aes256), "{spent} {is_ours}");
        }
    }
}

#[test]
fn it_is_announced_as_irreversible() {
    let mut desk = VirtualCard::new(&CardOptions::new(46)).unwrap();
    let mut first = job(inspect(&mut desk).unwrap().ids);
    first.wanted = wanted(3);
    carry_out(first, &mut desk).unwrap();
    let mut job = job(inspect(&mut desk).unwrap().ids);
    job.erase = true;
    assert!(!Run::new(job.clone()).progress().is_irreversible);
    let mut desk = Traced::new(desk);
    let failure = carry_out_until(job.clone(), &mut desk, Phase::is_irreversible).unwrap_err();
    assert_eq!((failure.phase, failure.condition), (Phase::Erase, Condition::Untouched));
    assert_eq!(desk.writes(), 0);
    desk.sent.clear();
    carry_out(job, &mut desk).unwrap();
    // An early reset; the PIN alone is blocked; the reset.
    let erase: Vec<_> = desk.sent.iter().filter(|line| line.contains("RESET 00")).collect();
    assert_eq!(erase, ["00 RESET 00 00 -> 6985", "00 RESET 00 00 -> 9000"]);
    let wrong = desk.sent.iter().filter(|line| line.contains("63C") && line.contains("VERIFY 00"));
    assert_eq!(wrong.count(), 2);
    assert!(has_secrets(&mut desk, &wanted(1), Aes256));
}
