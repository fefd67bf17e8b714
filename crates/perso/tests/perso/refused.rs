//! Chips that are left alone, and runs that end early.

use crate::support::*;
use cardwright_card::ManagementKeyAlgorithm::{Aes256, TripleDes};
use cardwright_card::objects::{CardId, Guid};
use cardwright_card::{Channel, ManagementKey, Pin, Puk, TransportError, commands};
use cardwright_perso::{Cause, ChipIds, Condition, Job, Next, Phase, Proved, Run, Tries, inspect};
use cardwright_virtual_card::{CardOptions, VirtualCard};

fn desk(index: u16) -> Traced<VirtualCard> {
    Traced::new(VirtualCard::new(&CardOptions::new(index)).unwrap())
}

/// The job fails in this way, and nothing is written.
fn check(mut desk: Traced<VirtualCard>, job: Job, phase: Phase, cause: Cause) {
    let failure = carry_out(job, &mut desk).unwrap_err();
    assert_eq!((failure.phase, failure.cause), (phase, cause));
    assert_eq!(failure.condition, Condition::Untouched);
    assert_eq!(failure.tries_spent, Tries::default());
    assert_eq!(desk.writes(), 0);
    assert!(!desk.sent.iter().any(|line| line.contains(" VERIFY ") && !line.contains("status")));
}

#[test]
fn another_chip_is_refused_before_the_first_write() {
    let other = inspect(&mut desk(20).desk).unwrap().ids;
    check(desk(21), job(other), Phase::Identify, Cause::OtherChip);

    let mut bound = desk(22);
    let expected = inspect(&mut bound.desk).unwrap().ids;
    carry_out(job(expected), &mut bound.desk).unwrap();
    let mut of_another_card = job(inspect(&mut bound.desk).unwrap().ids);
    of_another_card.expected.card_id = Some(CardId([1; 14]));
    of_another_card.wanted = wanted(2);
    check(bound, of_another_card, Phase::Identify, Cause::OtherChip);

    let mut chip = desk(22);
    let mut expected = inspect(&mut chip.desk).unwrap().ids;
    expected.guid = Some(Guid([1; 16]));
    check(chip, job(expected), Phase::Identify, Cause::OtherChip);

    let mut chip = desk(22);
    let mut expected = inspect(&mut chip.desk).unwrap().ids;
    expected.iin = Some(vec![1, 2, 3]);
    check(chip, job(expected), Phase::Identify, Cause::OtherChip);
}

#[test]
fn a_chip_swapped_in_the_reset_is_found_out() {
    let mut chip = desk(23);
    let mut other = desk(24);
    let mut random = random();
    let mut run = Run::new(job(inspect(&mut chip.desk).unwrap().ids));
    let failure = loop {
        run = match run.step(&mut chip, &mut random) {
            Ok(Next::Step(run)) => run,
            Ok(Next::Reset(run)) => break run.step(&mut other, &mut random).unwrap_err(),
            Ok(Next::Done(_)) | Err(_) => panic!("the run ends with a reset"),
        };
    };
    assert_eq!((failure.phase, failure.cause), (Phase::Verify, Cause::OtherChip));
    assert_eq!(failure.condition, Condition::PartlyWritten);
    assert_eq!(other.writes(), 0);
}

#[test]
fn a_chip_with_a_foreign_management_key_is_left_alone() {
    let mut chip = desk(25);
    let expected = inspect(&mut chip.desk).unwrap().ids;
    {
        let mut channel = Channel::new(&mut chip.desk);
        commands::select_piv(&mut channel).unwrap();
        let key = ManagementKey::new(TripleDes, FACTORY_KEY.to_vec()).unwrap();
        commands::authenticate(&mut channel, &key, &[3; 16]).unwrap();
        let foreign = ManagementKey::new(Aes256, vec![0x77; 32]).unwrap();
        assert!(commands::set_management_key(&mut channel, &foreign).unwrap());
    }
    chip.reset();
    chip.sent.clear();
    let cause = Cause::Foreign { what: "management key" };
    check(chip, job(expected), Phase::Authenticate, cause);
}

#[test]
fn a_foreign_puk_costs_one_try_and_is_found_out_before_the_first_write() {
    let mut chip = desk(26);
    let mut job = job(inspect(&mut chip.desk).unwrap().ids);
    job.candidates[0].puks = ["11112222", "12345678"].map(|puk| Puk::parse(puk).unwrap()).to_vec();
    let failure = carry_out(job, &mut chip).unwrap_err();
    assert_eq!(failure.cause, Cause::Foreign { what: "PUK" });
    assert_eq!(failure.condition, Condition::Untouched);
    assert_eq!(failure.tries_spent, Tries { pin: 0, puk: 1 });
    assert_eq!(chip.desk.tries().unwrap().puk, 2);
}

#[test]
fn no_more_tries_are_spent_than_the_job_allows() {
    let mut chip = desk(27);
    let first = job(inspect(&mut chip.desk).unwrap().ids);
    let failure =
        carry_out_until(first.clone(), &mut chip, |phase| phase == Phase::Puk).unwrap_err();
    assert_eq!(failure.proved, Proved { pin: false, puk: true });
    // Our card id is there: it may be either PUK, and it is neither. The chip says that the second
    // is not its last try.
    let mut job = first;
    job.candidates[0].puks = vec![Puk::parse("11112222").unwrap()];
    job.tries_allowed.puk = 1;
    let failure = carry_out(job.clone(), &mut chip).unwrap_err();
    assert_eq!((failure.phase, failure.cause), (Phase::Puk, Cause::Foreign { what: "PUK" }));
    assert_eq!(failure.tries_spent, Tries { pin: 0, puk: 2 });
    assert_eq!(failure.proved, Proved::default());
    assert_eq!(chip.desk.tries().unwrap().puk, 1);
    job.tries_allowed.puk = 0;
    let failure = carry_out(job, &mut chip).unwrap_err();
    assert_eq!(failure.phase, Phase::Authenticate);
    assert_eq!(failure.cause, Cause::Blocked { what: "PUK" });
    assert_eq!(chip.desk.tries().unwrap().puk, 1);
}

#[test]
fn a_puk_that_somebody_else_set_on_a_whole_chip_is_foreign() {
    let mut chip = desk(50);
    let mut job = job(inspect(&mut chip.desk).unwrap().ids);
    job.profile = profile("");
    carry_out(job.clone(), &mut chip).unwrap();
    {
        let mut channel = Channel::new(&mut chip.desk);
        commands::select_piv(&mut channel).unwrap();
        let other = Puk::parse("11112222").unwrap();
        commands::change_puk(&mut channel, &job.wanted.puk, &other).unwrap();
    }
    chip.reset();
    let failure = carry_out(job, &mut chip).unwrap_err();
    assert_eq!((failure.phase, failure.cause), (Phase::Verify, Cause::Foreign { what: "PUK" }));
    assert_eq!(failure.condition, Condition::Untouched);
    assert_eq!(failure.tries_spent, Tries { pin: 0, puk: 1 });
}

#[test]
fn a_pin_set_by_the_puk_is_proved_also_when_no_wrong_one_is_allowed_any_more() {
    let mut chip = desk(41);
    let mut job = job(inspect(&mut chip.desk).unwrap().ids);
    job.candidates[0].pins = vec![Pin::parse("111222").unwrap()];
    job.tries_allowed.pin = 1;
    let receipt = carry_out(job, &mut chip).unwrap();
    assert_eq!(receipt.tries_spent, Tries { pin: 1, puk: 0 });
    assert!(has_secrets(&mut chip.desk, &wanted(1), Aes256));
}

#[test]
fn a_chip_with_a_name_is_not_the_one_without() {
    let mut chip = desk(42);
    let found = inspect(&mut chip.desk).unwrap().ids;
    let nameless = ChipIds { cplc: None, ..found };
    check(chip, job(nameless), Phase::Identify, Cause::OtherChip);
}

#[test]
fn a_cancel_says_in_what_condition_it_left_the_chip() {
    let phases = [
        (Phase::Identify, Condition::Untouched),
        (Phase::Authenticate, Condition::Untouched),
        (Phase::CardCapability, Condition::Untouched),
        (Phase::Puk, Condition::PartlyWritten),
        (Phase::Keys, Condition::PartlyWritten),
        (Phase::Verify, Condition::PartlyWritten),
    ];
    for (index, (phase, condition)) in (28..).zip(phases) {
        let mut chip = desk(index);
        let job = job(inspect(&mut chip.desk).unwrap().ids);
        let failure = carry_out_until(job.clone(), &mut chip, |next| next == phase).unwrap_err();
        assert_eq!((failure.phase, failure.condition), (phase, condition));
        assert_eq!(failure.cause, Cause::Canceled);
        carry_out(job, &mut chip).unwrap();
        assert!(has_secrets(&mut chip.desk, &wanted(1), Aes256));
    }
}

#[test]
fn a_link_lost_in_the_reset_leaves_a_chip_partly_written() {
    let mut chip = desk(40);
    let mut random = random();
    let mut run = Run::new(job(inspect(&mut chip.desk).unwrap().ids));
    let failure = loop {
        run = match run.step(&mut chip, &mut random) {
            Ok(Next::Step(run)) => run,
            Ok(Next::Reset(run)) => break run.link_lost(TransportError::Removed),
            Ok(Next::Done(_)) | Err(_) => panic!("the run ends with a reset"),
        };
    };
    assert_eq!(failure.cause, Cause::Link(TransportError::Removed));
    assert_eq!((failure.phase, failure.condition), (Phase::Verify, Condition::PartlyWritten));
}
