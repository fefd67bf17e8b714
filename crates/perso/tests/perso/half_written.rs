//! Chips that do not write whole objects: what a tear leaves of one is read back, and mended.

use crate::scripted::{ASKED, Kind, PIV_APPLET, STANDARD, Scripted, Tear};
use crate::support::*;
use cardwright_card::ManagementKeyAlgorithm::{Aes256, TripleDes};
use cardwright_perso::{Cause, Condition, Job, Phase, PukFirst, inspect};

const EXTENDED: Kind = Kind { is_extended: true, ..STANDARD };

const KINDS: [Kind; 3] = [PIV_APPLET, ASKED, EXTENDED];

/// A chip from the factory, or one of the generation before, and its job.
fn scene(kind: Kind, has_generation_before: bool) -> (Scripted, Job) {
    let mut desk = Scripted::new(kind);
    let mut job = job(inspect(&mut desk).unwrap().ids);
    if has_generation_before {
        carry_out(Job { wanted: wanted(2), ..job.clone() }, &mut desk).unwrap();
        desk.reset();
        job.expected = inspect(&mut desk).unwrap().ids;
        job.candidates = vec![earlier(2), factory()];
    }
    (desk, job)
}

fn check_whole(desk: &mut Scripted, job: Job, story: &str) {
    desk.insert_again();
    let expected = inspect(desk).unwrap().ids;
    let job = Job { expected, puk_first: PukFirst::Before, ..job };
    let receipt = carry_out(job, desk).unwrap_or_else(|error| panic!("{story}: {error}"));
    assert_eq!(receipt.chip.card_id, Some(card_id(1)), "{story}");
    let cipher = if desk.kind == EXTENDED { TripleDes } else { Aes256 };
    assert!(has_secrets(desk, &wanted(1), cipher), "{story}");
    assert_eq!(desk.burnt(), (0, 0), "{story}");
    assert_eq!((desk.pin.left, desk.puk.left), (5, 3), "{story}");
}

/// Bytes that are written: into the header of the CCC, into its card id, and behind it.
const PARTS: [usize; 3] = [1, 14, 30];

#[test]
fn a_chip_torn_when_an_object_was_half_written_is_mended() {
    for kind in KINDS {
        for has_generation_before in [false, true] {
            let mut garbled = 0;
            for part in PARTS {
                for at in 1.. {
                    let story = format!("{at} {part} {has_generation_before} {kind:?}");
                    let (mut desk, job) = scene(kind, has_generation_before);
                    desk.tear(Tear::part(at, part));
                    if carry_out(job.clone(), &mut desk).is_ok() {
                        break;
                    }
                    desk.insert_again();
                    let found = inspect(&mut desk).unwrap().ids.card_id;
                    let is_known = found == Some(card_id(1)) || found == Some(card_id(2));
                    garbled += usize::from(!desk.objects.is_empty() && !is_known);
                    check_whole(&mut desk, job, &story);
                }
            }
            // A CCC in whose place another one was keeps a card id.
            assert_eq!(garbled > 0, !has_generation_before, "{kind:?}");
        }
    }
}

#[test]
fn what_was_written_by_half_and_not_noticed_is_read_back() {
    for kind in KINDS {
        let mut found = Vec::new();
        for at in 1..60 {
            let (mut desk, job) = scene(kind, false);
            desk.tear(Tear::part_unnoticed(at, 14));
            let ended = carry_out(job.clone(), &mut desk);
            desk.reset();
            if let Err(failure) = &ended {
                assert_eq!(failure.condition, Condition::PartlyWritten, "{at} {kind:?}");
                found.push((failure.phase, failure.cause.clone()));
                check_whole(&mut desk, job, &format!("{at} {kind:?}"));
            }
        }
        // The CCC before the first secret is written.
        let differs = |phase, what| (phase, Cause::ReadBackDiffers { what });
        let expected = [differs(Phase::CardCapability, "CCC"), differs(Phase::Verify, "CHUID")];
        assert_eq!(found, expected, "{kind:?}");
    }
}
