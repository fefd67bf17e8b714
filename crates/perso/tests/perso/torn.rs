//! Chips torn out before and inside every command, once and twice.

use crate::support::*;
use cardwright_card::ManagementKeyAlgorithm::Aes256;
use cardwright_card::objects::discovery_object;
use cardwright_card::{Channel, ManagementKey, TransportError, commands};
use cardwright_perso::{Cause, Condition, Failure, Job, Phase, PukFirst, Receipt, inspect};
use cardwright_virtual_card::{CardOptions, Fault, Tries, VirtualCard};
use rand::{RngExt, SeedableRng, rngs::StdRng};

/// What a chip is before the job, and the job.
type Scene = fn(&mut VirtualCard) -> Job;

/// A chip from the factory.
fn fresh(desk: &mut VirtualCard) -> Job {
    job(inspect(desk).unwrap().ids)
}

/// A chip of the generation before.
fn next_generation(desk: &mut VirtualCard) -> Job {
    let first = fresh(desk);
    carry_out(first, desk).unwrap();
    let mut next = fresh(desk);
    next.wanted = wanted(2);
    next.candidates = vec![earlier(1), factory()];
    next
}

/// A chip that is as it should be, but for a PIN that nobody knows.
fn lost_pin(desk: &mut VirtualCard) -> Job {
    let mut first = fresh(desk);
    let job = Job { pin_by_puk: true, ..first.clone() };
    first.wanted.pin = cardwright_card::Pin::parse("730516").unwrap();
    let receipt = carry_out(first, desk).unwrap();
    let expected = inspect(desk).unwrap().ids;
    Job { expected, recorded_keys: recorded(&receipt.keys), ..job }
}

/// A chip that somebody else has used: it is erased.
fn used(desk: &mut VirtualCard) -> Job {
    let first = fresh(desk);
    let foreign = Job { wanted: wanted(3), ..first };
    carry_out(foreign, desk).unwrap();
    let mut job = fresh(desk);
    job.erase = true;
    job
}

fn card(index: u16) -> VirtualCard {
    VirtualCard::new(&CardOptions::new(index)).unwrap()
}

/// Puts the chip in again and gives the job that comes next: what the run before has told goes
/// with it, as the registry does it.
fn after(failure: &Failure, job: &Job, desk: &mut VirtualCard) -> Job {
    desk.insert_again();
    let mut next = job.clone();
    next.expected = inspect(desk).unwrap().ids;
    next.recorded_keys.extend(recorded(&failure.keys));
    next.puk_first = match job.puk_first {
        PukFirst::Wanted => PukFirst::Before,
        PukFirst::Before => PukFirst::Wanted,
    };
    next
}

/// The chip is as wanted, whatever happened to it.
fn check_whole(desk: &mut VirtualCard, job: &Job, receipt: &Receipt, story: &str) {
    // A fault that did not strike goes.
    desk.insert_again();
    assert_eq!(desk.tries().unwrap(), Tries { pin: 3, puk: 3 }, "{story}");
    let channel = &mut Channel::new(desk);
    commands::select_piv(channel).unwrap();
    let ccc = commands::object(channel, commands::CARD_CAPABILITY).unwrap().unwrap();
    let chuid = commands::object(channel, commands::CARD_HOLDER).unwrap().unwrap();
    let discovery = commands::discovery(channel).unwrap();
    assert_eq!(*ccc, receipt.card_capability_container, "{story}");
    assert_eq!(*chuid, receipt.card_holder_unique_identifier, "{story}");
    assert_eq!(discovery, Some(discovery_object()), "{story}");
    assert_eq!(receipt.chip.card_id, Some(job.wanted.card_id), "{story}");
    assert_eq!(receipt.keys.len(), 1, "{story}");
    assert!(has_secrets(desk, &job.wanted, Aes256), "{story}");
}

/// The objects of an undisturbed run: every other has to end with the same.
fn undisturbed(scene: Scene) -> (Vec<u8>, Vec<u8>) {
    let mut desk = card(60);
    let job = scene(&mut desk);
    let receipt = carry_out(job.clone(), &mut desk).unwrap();
    check_whole(&mut desk, &job, &receipt, "undisturbed");
    (receipt.card_capability_container, receipt.card_holder_unique_identifier)
}

/// Tears a chip at each command in turn, both ways, until the run is over before; then the same
/// job mends it. Gives the failures.
fn tear_everywhere(scene: Scene) -> Vec<Failure> {
    let expected = undisturbed(scene);
    let mut failures = Vec::new();
    for fault in [Fault::before, Fault::inside] {
        let count = failures.len();
        for nth in 1.. {
            let mut desk = card(61);
            let job = scene(&mut desk);
            let fault = fault(nth);
            desk.fail(fault);
            let Err(failure) = carry_out(job.clone(), &mut desk) else { break };
            assert_eq!(failure.cause, Cause::Link(TransportError::Removed), "{fault:?}");
            let next = after(&failure, &job, &mut desk);
            let receipt = carry_out(next, &mut desk)
                .unwrap_or_else(|error| panic!("after {fault:?}: {error}"));
            assert!(receipt.tries_spent.pin == 0 && receipt.tries_spent.puk <= 1, "{fault:?}");
            check_whole(&mut desk, &job, &receipt, &format!("{fault:?}"));
            let objects =
                (receipt.card_capability_container, receipt.card_holder_unique_identifier);
            assert_eq!(objects, expected, "{fault:?}");
            failures.push(failure);
        }
        assert!(failures.len() > count + 15, "{}", failures.len());
    }
    failures
}

#[test]
fn a_chip_torn_at_any_command_is_mended_by_the_same_job() {
    let failures = tear_everywhere(fresh);
    assert!(failures.len() <= 2 * 32, "{}", failures.len());
    // Untouched before the first write, unknown inside each, partly written after.
    for Failure { phase, condition, .. } in &failures {
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
    // The six writes, the discovery object, and the proof of the PUK; both ways.
    assert_eq!(unknown, 2 * 8);
    // Where the answer is lost, it costs no try once the PUK was proved.
    let spent = failures.iter().filter(|f| f.tries_spent.puk > 0).count();
    assert_eq!(spent, 2);
}

#[test]
fn a_chip_torn_in_the_next_generation_is_mended_too() {
    tear_everywhere(next_generation);
}

#[test]
fn a_chip_torn_when_its_pin_is_set_by_the_puk_is_mended_too() {
    tear_everywhere(lost_pin);
}

#[test]
fn a_chip_torn_when_it_is_erased_is_mended_too() {
    tear_everywhere(used);
}

/// Tears a chip at one command, and the recovery at another. `None` when the first run was over
/// before, `Some(false)` when the second was.
fn tear_twice(scene: Scene, first: Fault, second: Fault) -> Option<bool> {
    let story = format!("{first:?}, {second:?}");
    let mut desk = card(62);
    let job = scene(&mut desk);
    desk.fail(first);
    let failure = carry_out(job.clone(), &mut desk).err()?;
    let mut next = after(&failure, &job, &mut desk);
    desk.fail(second);
    let Err(failure) = carry_out(next.clone(), &mut desk) else { return Some(false) };
    // What does not fit is a failure of its own, and not of the link.
    assert_eq!(failure.cause, Cause::Link(TransportError::Removed), "{story}");
    next = after(&failure, &next, &mut desk);
    let receipt =
        carry_out(next, &mut desk).unwrap_or_else(|error| panic!("after {story}: {error}"));
    check_whole(&mut desk, &job, &receipt, &story);
    Some(true)
}

/// Some pairs of commands, both ways each; others with another seed. Gives how many there were.
fn tear_somewhere_twice(scene: Scene, pairs: usize, seed: u64) -> usize {
    let mut random = StdRng::seed_from_u64(seed);
    let mut fault = || {
        let nth = random.random_range(1..30);
        if random.random() { Fault::inside(nth) } else { Fault::before(nth) }
    };
    (0..pairs).filter(|_| tear_twice(scene, fault(), fault()) == Some(true)).count()
}

#[test]
fn a_chip_torn_twice_is_mended() {
    assert!(tear_somewhere_twice(fresh, 40, 1) > 20);
}

#[test]
fn a_chip_torn_twice_when_it_is_erased_is_mended() {
    assert!(tear_somewhere_twice(used, 30, 2) > 15);
}

#[test]
fn a_recorded_key_is_kept_and_one_that_is_not_there_is_made_again() {
    let mut desk = card(63);
    let job = fresh(&mut desk);
    desk.fail(Fault::inside_instruction(0xFF));
    let failure = carry_out(job.clone(), &mut desk).unwrap_err();
    assert_eq!((failure.phase, failure.keys.len()), (Phase::ManagementKey, 1));
    let next = after(&failure, &job, &mut desk);
    let receipt = carry_out(next.clone(), &mut desk).unwrap();
    assert_eq!((&receipt.keys, receipt.written), (&failure.keys, Vec::new()));

    // Another key takes its place: the record is wrong, and says so.
    {
        let channel = &mut Channel::new(&mut desk);
        commands::select_piv(channel).unwrap();
        let key: &ManagementKey = &job.wanted.management_keys[0];
        commands::authenticate(channel, key, &[3; 16]).unwrap();
        commands::generate_key_pair(channel, 0x9A, commands::KeyAlgorithm::P256).unwrap();
    }
    desk.reset();
    let failure = carry_out(next, &mut desk).unwrap_err();
    assert_eq!(failure.cause, Cause::ReadBackDiffers { what: "key" });
    assert_eq!(failure.condition, Condition::Untouched);
    let next = after(&failure, &job, &mut desk);
    assert_eq!(carry_out(next, &mut desk).unwrap().written, [Phase::Keys]);
}
