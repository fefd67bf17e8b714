//! Numbers of tries, which a profile may set. That sets PIN and PUK back to the maker's.

use crate::scripted::{ASKED, Kind, PIV_APPLET, Scripted, Tear, YUBIKEY_4, YUBIKEY_5_4};
use crate::support::*;
use cardwright_card::ManagementKeyAlgorithm::{Aes256, TripleDes};
use cardwright_card::{Pin, Puk};
use cardwright_perso::{Cause, Condition, Job, Phase, PukFirst, inspect};
use cardwright_profile::Retries;
use cardwright_virtual_card::{CardOptions, VirtualCard};

const KINDS: [Kind; 4] = [ASKED, YUBIKEY_4, YUBIKEY_5_4, PIV_APPLET];

/// Values of a bureau's, so that the maker's are others.
fn transport_values(desk: &mut Scripted) {
    desk.pin.set(b"739182\xFF\xFF");
    desk.puk.set(b"40718263");
}

fn job_with_retries(desk: &mut Scripted) -> Job {
    let mut job = job(inspect(desk).unwrap().ids);
    job.profile.retries = Some(Retries { pin: 7, puk: 6 });
    job.candidates[0].pins = vec![Pin::parse("739182").unwrap()];
    job.candidates[0].puks = vec![Puk::parse("40718263").unwrap()];
    job
}

fn check_whole(desk: &mut Scripted, story: &str) {
    let cipher = if desk.kind.version == YUBIKEY_4.version { TripleDes } else { Aes256 };
    assert!(has_secrets(desk, &wanted(1), cipher), "{story}");
    assert_eq!((desk.pin.tries, desk.puk.tries), (7, 6), "{story}");
    assert_eq!((desk.pin.left, desk.puk.left), (7, 6), "{story}");
    assert_eq!(desk.burnt(), (0, 0), "{story}");
}

#[test]
fn they_are_set_first_of_all() {
    for kind in KINDS {
        let mut desk = Scripted::new(kind);
        transport_values(&mut desk);
        let mut job = job_with_retries(&mut desk);
        let receipt = carry_out(job.clone(), &mut desk).unwrap();
        assert_eq!(receipt.written[..2], [Phase::Retries, Phase::CardCapability]);
        check_whole(&mut desk, "set");
        // They are not set again, even where the chip does not tell them.
        desk.reset();
        job.expected = inspect(&mut desk).unwrap().ids;
        job.recorded_keys = recorded(&receipt.keys);
        assert_eq!(carry_out(job, &mut desk).unwrap().written, []);
    }
}

#[test]
fn a_chip_of_ours_that_tells_others_gets_them_and_its_secrets_again() {
    for kind in [ASKED, YUBIKEY_5_4, PIV_APPLET] {
        let mut desk = Scripted::new(kind);
        let first = job(inspect(&mut desk).unwrap().ids);
        carry_out(first, &mut desk).unwrap();
        desk.reset();
        let job = job_with_retries(&mut desk);
        let receipt = carry_out(job, &mut desk).unwrap();
        assert_eq!(receipt.written, [Phase::Retries, Phase::Puk, Phase::Pin]);
        check_whole(&mut desk, "again");
    }
}

#[test]
fn a_chip_of_ours_that_tells_none_is_not_said_to_have_numbers_that_nobody_set() {
    let silent = Kind { pin_status: false, ..YUBIKEY_4 };
    for kind in [YUBIKEY_4, silent] {
        let mut desk = Scripted::new(kind);
        let first = job(inspect(&mut desk).unwrap().ids);
        carry_out(first, &mut desk).unwrap();
        desk.reset();
        let job = job_with_retries(&mut desk);
        let failure = carry_out(job, &mut desk).unwrap_err();
        let what = "numbers of tries";
        assert_eq!(
            (failure.phase, failure.cause),
            (Phase::Verify, Cause::ReadBackDiffers { what })
        );
        assert_eq!(desk.burnt(), (0, 0));
    }
    // A run that has set them needs no other proof.
    let mut desk = Scripted::new(silent);
    transport_values(&mut desk);
    let job = job_with_retries(&mut desk);
    carry_out(job, &mut desk).unwrap();
    check_whole(&mut desk, "silent");
}

#[test]
fn a_chip_torn_at_any_command_is_mended() {
    for kind in KINDS {
        for (inside, is_ours) in [(false, false), (true, false), (false, true), (true, true)] {
            if is_ours && !kind.tells_metadata {
                continue;
            }
            for at in 1.. {
                let story = format!("{} {kind:?} {inside} {is_ours}", at);
                let mut desk = Scripted::new(kind);
                if is_ours {
                    let first = job(inspect(&mut desk).unwrap().ids);
                    carry_out(first, &mut desk).unwrap();
                    desk.reset();
                } else {
                    transport_values(&mut desk);
                }
                let mut job = job_with_retries(&mut desk);
                desk.tear(Tear::new(at, inside));
                if carry_out(job.clone(), &mut desk).is_ok() {
                    break;
                }
                desk.insert_again();
                job.expected = inspect(&mut desk).unwrap().ids;
                job.puk_first = PukFirst::Before;
                carry_out(job, &mut desk).unwrap_or_else(|error| panic!("{story}: {error}"));
                check_whole(&mut desk, &story);
            }
        }
    }
}

#[test]
fn a_pin_that_nobody_knows_is_set_by_the_puk_first() {
    for kind in KINDS {
        let mut desk = Scripted::new(kind);
        transport_values(&mut desk);
        let job = job_with_retries(&mut desk);
        desk.pin.set(b"111999\xFF\xFF");
        desk.pin.left = 2;
        carry_out(job, &mut desk).unwrap();
        check_whole(&mut desk, "unknown PIN");
    }
}

#[test]
fn a_pin_that_nobody_knows_of_a_chip_that_takes_8_digits_is_set_to_8_digits() {
    let mut desk = Scripted::new(Kind { is_fips: true, ..YUBIKEY_5_4 });
    transport_values(&mut desk);
    let mut job = job_with_retries(&mut desk);
    job.wanted.pin = Pin::parse("80461357").unwrap();
    job.pin_by_puk = true;
    let receipt = carry_out(job, &mut desk).unwrap();
    assert_eq!(receipt.written[..2], [Phase::Retries, Phase::CardCapability]);
    assert_eq!((&desk.pin.value, desk.pin.tries, desk.puk.tries), (b"80461357", 7, 6));
    assert_eq!(desk.burnt(), (0, 0));
}

#[test]
fn a_chip_that_cannot_set_them_is_left_alone() {
    let mut desk = VirtualCard::new(&CardOptions::new(45)).unwrap();
    let mut job = job(inspect(&mut desk).unwrap().ids);
    job.profile.retries = Some(Retries { pin: 5, puk: 5 });
    let failure = carry_out(job, &mut desk).unwrap_err();
    assert_eq!(failure.cause, Cause::NotSupported { what: "the numbers of tries cannot be set" });
    assert_eq!((failure.phase, failure.condition), (Phase::Identify, Condition::Untouched));
}
