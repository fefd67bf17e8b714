//! Chips of other makers, simulated. They have no security domain, tell metadata, come with an
//! AES-192 management key, refuse another cipher by 6A86, and hold back long answers (61xx).

use crate::scripted::{
    ASKED, Kind, PIV_APPLET, STANDARD, Scripted, Tear, YUBIKEY_4, YUBIKEY_5_4, YUBIKEY_5_7,
};
use crate::support::*;
use cardwright_card::ManagementKeyAlgorithm::{Aes192, Aes256, TripleDes};
use cardwright_card::objects::Guid;
use cardwright_perso::{Cause, Condition, Job, Phase, Tries, inspect};

#[test]
fn its_metadata_is_told() {
    let facts = inspect(&mut Scripted::new(ASKED)).unwrap();
    let piv = facts.piv.unwrap();
    assert_eq!(facts.ids.cplc, None);
    assert_eq!(facts.ids.serial, Some([0, 1, 2, 3]));
    assert_eq!(piv.version.as_deref(), Some("5.7.1"));
    assert_eq!((piv.pin_tries, piv.puk_tries), (Some(5), Some(3)));
    assert_eq!(piv.management_key_algorithm, Some(Aes192));
    assert_eq!(piv.factory_secrets, Some(true));
}

#[test]
fn a_verified_pin_is_logged_out_to_see_its_tries() {
    let mut desk = Scripted::new(ASKED);
    desk.is_verified = true;
    assert_eq!(inspect(&mut desk).unwrap().piv.unwrap().pin_tries, Some(5));
    assert!(!desk.is_verified);
}

#[test]
fn it_becomes_whole_and_stays_so() {
    let mut desk = Traced::new(Scripted::new(ASKED));
    let expected = inspect(&mut desk.desk).unwrap().ids;
    let receipt = carry_out(job(expected.clone()), &mut desk).unwrap();
    assert_eq!(receipt.written, all_written());
    assert_eq!(receipt.management_key, Aes256);
    assert!(receipt.commands <= 45, "{}", receipt.commands);
    let piv = inspect(&mut desk).unwrap().piv.unwrap();
    assert_eq!(piv.factory_secrets, Some(false));
    assert_eq!((piv.pin_tries, piv.puk_tries), (Some(5), Some(3)));

    // The chip itself tells of its key: nothing is made again.
    desk.reset();
    let again = carry_out(job(expected), &mut desk).unwrap();
    assert_eq!((again.written, again.keys), (Vec::new(), receipt.keys));
}

#[test]
fn a_blocked_pin_is_set_by_the_puk_and_the_last_try_is_kept() {
    for left in [0, 1] {
        let mut desk = Scripted::new(ASKED);
        desk.pin.left = left;
        let expected = inspect(&mut desk).unwrap().ids;
        let receipt = carry_out(job(expected), &mut desk).unwrap();
        assert_eq!(receipt.tries_spent, Tries::default());
        assert_eq!(desk.pin.left, 5);
    }
    let mut desk = Scripted::new(ASKED);
    desk.puk.left = 1;
    let expected = inspect(&mut desk).unwrap().ids;
    let failure = carry_out(job(expected), &mut desk).unwrap_err();
    assert_eq!(failure.cause, Cause::Blocked { what: "PUK" });
    assert_eq!(failure.condition, Condition::Untouched);
    assert_eq!((desk.puk.left, desk.writes), (1, 0));
}

#[test]
fn a_whole_chip_with_one_try_left_is_mended() {
    let mut desk = Scripted::new(ASKED);
    let expected = inspect(&mut desk).unwrap().ids;
    carry_out(job(expected.clone()), &mut desk).unwrap();
    desk.reset();
    desk.pin.left = 1;
    let receipt = carry_out(job(expected), &mut desk).unwrap();
    assert_eq!(receipt.written, [Phase::Pin]);
    assert_eq!(desk.pin.left, 5);
}

#[test]
fn a_key_of_another_maker_is_foreign() {
    let mut desk = Traced::new(Scripted::new(ASKED));
    desk.desk.key.1 = vec![9; 24];
    let expected = inspect(&mut desk.desk).unwrap().ids;
    let failure = carry_out(job(expected), &mut desk).unwrap_err();
    assert_eq!(failure.cause, Cause::Foreign { what: "management key" });
    assert_eq!((failure.condition, desk.writes()), (Condition::Untouched, 0));
}

#[test]
fn the_last_try_of_a_management_key_that_is_counted_is_kept() {
    let kind = Kind { key_tries: Some(3), ..ASKED };
    let mut desk = Scripted::new(kind);
    desk.key = (0x0C, vec![9; 32]);
    let job = job(inspect(&mut desk).unwrap().ids);
    let job = Job { candidates: vec![factory(), earlier(2), earlier(3)], ..job };
    let failure = carry_out(job.clone(), &mut desk).unwrap_err();
    assert_eq!(failure.cause, Cause::Blocked { what: "management key" });
    assert_eq!((failure.phase, failure.condition), (Phase::Authenticate, Condition::Untouched));
    assert_eq!((desk.key_left, desk.writes, desk.burnt()), (Some(1), 0, (0, 0)));
    // Where it is not counted all are sent, each once.
    let mut desk = Traced::new(Scripted::new(ASKED));
    desk.desk.key = (0x0C, vec![9; 32]);
    let job = Job { candidates: vec![factory(), earlier(2), earlier(3), earlier(2)], ..job };
    let failure = carry_out(job, &mut desk).unwrap_err();
    assert_eq!(failure.cause, Cause::Foreign { what: "management key" });
    let refused = |line: &&String| line.contains("AUTHENTICATE 0C 9B -> 6982");
    assert_eq!(desk.sent.iter().filter(refused).count(), 3);
}

#[test]
fn a_chip_without_a_name_is_told_by_all_that_it_holds() {
    let virgin = inspect(&mut Scripted::new(ASKED)).unwrap().ids;
    let mut other_card = wanted(2);
    other_card.guid = Guid::from_random([9; 16]);
    let mut written = Scripted::new(ASKED);
    carry_out(Job { wanted: other_card, ..job(virgin.clone()) }, &mut written).unwrap();
    let held = inspect(&mut written).unwrap().ids;

    // A virgin chip was inspected, and another card's is there, whose key happens to fit.
    written.key = (0x0A, FACTORY_KEY.to_vec());
    let mut written = Traced::new(written);
    let failure = carry_out(job(virgin), &mut written).unwrap_err();
    assert_eq!((failure.cause, written.writes()), (Cause::OtherChip, 0));
    // The other way round.
    let mut virgin = Traced::new(Scripted::new(ASKED));
    let failure = carry_out(job(held), &mut virgin).unwrap_err();
    assert_eq!((failure.cause, virgin.writes()), (Cause::OtherChip, 0));
}

#[test]
fn a_chip_of_every_maker_becomes_whole_and_stays_so() {
    let three = [YUBIKEY_5_7, YUBIKEY_5_4, PIV_APPLET].map(|kind| (kind, Aes256));
    for (kind, cipher) in three.into_iter().chain([(ASKED, Aes256), (YUBIKEY_4, TripleDes)]) {
        let mut desk = Scripted::new(kind);
        let mut job = job(inspect(&mut desk).unwrap().ids);
        let receipt = carry_out(job.clone(), &mut desk).unwrap();
        assert_eq!(receipt.management_key, cipher, "{kind:?}");
        assert!(has_secrets(&mut desk, &wanted(1), cipher), "{kind:?}");
        assert_eq!((desk.pin.left, desk.puk.left), (kind.pin_tries, 3), "{kind:?}");

        desk.reset();
        job.recorded_keys = recorded(&receipt.keys);
        job.expected = inspect(&mut desk).unwrap().ids;
        let again = carry_out(job, &mut desk).unwrap();
        assert_eq!((again.written, again.keys), (Vec::new(), receipt.keys), "{kind:?}");
    }
}

/// The job ends before anything is written.
fn check_refused(kind: Kind, what: &'static str) {
    let mut desk = Scripted::new(kind);
    let expected = inspect(&mut desk).unwrap().ids;
    let failure = carry_out(job(expected), &mut desk).unwrap_err();
    assert_eq!(failure.cause, Cause::NotSupported { what });
    assert_eq!((failure.condition, failure.tries_spent), (Condition::Untouched, Tries::default()));
    assert_eq!((desk.writes, desk.burnt()), (0, (0, 0)));
}

#[test]
fn a_chip_torn_when_it_is_asked_to_keep_its_management_key_may_have_been_written() {
    let conditions: Vec<_> = (1..)
        .map_while(|at| {
            let mut desk = Scripted::new(ASKED);
            let job = job(inspect(&mut desk).unwrap().ids);
            let mut desk = Traced::new(desk);
            desk.desk.tear(Tear::new(at, true));
            let failure = carry_out(job, &mut desk).err()?;
            let is_asked = desk.sent.last()?.contains("SET MANAGEMENT KEY");
            (failure.phase <= Phase::Authenticate).then_some((is_asked, failure.condition))
        })
        .collect();
    for (is_asked, condition) in &conditions {
        let expected = if *is_asked { Condition::Unknown } else { Condition::Untouched };
        assert_eq!(*condition, expected);
    }
    assert_eq!(conditions.iter().filter(|(is_asked, _)| *is_asked).count(), 1);
}

#[test]
fn what_a_chip_cannot_do_is_found_out_before_anything_is_written() {
    check_refused(STANDARD, "the chip keeps its management key");
    check_refused(Kind { is_fips: true, ..YUBIKEY_5_7 }, "a PIN of such a length");
    check_refused(Kind { version: Some([4, 4, 5]), ..YUBIKEY_4 }, "a PIN of such a length");
    let earlier = "611F4F0BA00000030800001000010050105069764170706C65742076302E382E32";
    check_refused(Kind { properties: earlier, ..PIV_APPLET }, "this version of PivApplet");
}

#[test]
fn a_discovery_object_is_written_where_the_chip_takes_one() {
    let mut desk = Scripted::new(Kind { is_extended: true, ..STANDARD });
    let mut job = job(inspect(&mut desk).unwrap().ids);
    let receipt = carry_out(job.clone(), &mut desk).unwrap();
    assert_eq!(desk.discovery, Some(cardwright_card::objects::discovery_object()));
    // One that is lost is written again, and nothing else.
    desk.discovery = None;
    desk.reset();
    job.recorded_keys = recorded(&receipt.keys);
    assert_eq!(carry_out(job, &mut desk).unwrap().written, [Phase::CardHolder]);
    // A chip that refuses it does without.
    let mut desk = Scripted::new(Kind { properties: "6100", ..YUBIKEY_4 });
    desk.discovery = None;
    let expected = inspect(&mut desk).unwrap().ids;
    carry_out(self::job(expected), &mut desk).unwrap();
    assert_eq!(desk.discovery, None);
}
