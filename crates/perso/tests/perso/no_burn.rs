//! No path, in any number of runs, sends the last try of a PIN or PUK, nor a malformed one.

use crate::scripted::{
    ASKED, Kind, NITROKEY, PIV_APPLET, STANDARD, Scripted, Tear, YUBIKEY_4, YUBIKEY_5_4,
};
use crate::support::*;
use cardwright_perso::{Cause, Failure, Job, Phase, PukFirst, Receipt, Tries, inspect};
use cardwright_profile::Retries;
use rand::{RngExt, SeedableRng, rngs::StdRng};

const ASKED_AND_SILENT: Kind =
    Kind { is_extended: true, is_silent: true, properties: "6100", ..STANDARD };

const KINDS: [Kind; 7] =
    [ASKED, ASKED_AND_SILENT, NITROKEY, PIV_APPLET, YUBIKEY_4, YUBIKEY_5_4, STANDARD];

/// What a registry keeps of the tries of one chip.
struct Tally {
    /// Spent since a right value was presented, where the chip does not tell its counter.
    spent: Tries,
    puk_first: PukFirst,
}

impl Tally {
    /// What the next job may spend: all but the last try where the chip tells its counter,
    /// otherwise 2 since the last proof.
    fn allowed(&self, desk: &mut Scripted) -> Option<Tries> {
        let piv = inspect(desk).ok()?.piv?;
        let allowed = |told: Option<u8>, spent: u8| match told {
            Some(left) => left.saturating_sub(1),
            None => 2_u8.saturating_sub(spent),
        };
        Some(Tries {
            pin: allowed(piv.pin_tries, self.spent.pin),
            puk: allowed(piv.puk_tries, self.spent.puk),
        })
    }

    /// Takes down how a job ended. What never came back counts as spent, all of it.
    fn settle(&mut self, allowed: Tries, ended: Option<&Result<Receipt, Failure>>) {
        let (spent, proved_pin, proved_puk) = match ended {
            None => (allowed, false, false),
            Some(Ok(_)) => (Tries::default(), true, true),
            Some(Err(failure)) => (failure.tries_spent, failure.proved.pin, failure.proved.puk),
        };
        let before = |is_proved: bool, before: u8| if is_proved { 0 } else { before };
        self.spent.pin = before(proved_pin, self.spent.pin).saturating_add(spent.pin);
        self.spent.puk = before(proved_puk, self.spent.puk).saturating_add(spent.puk);
        if ended.is_none() || spent.puk > 0 {
            self.puk_first = match self.puk_first {
                PukFirst::Wanted => PukFirst::Before,
                PukFirst::Before => PukFirst::Wanted,
            };
        }
    }
}

/// A chip as it may come to the desk.
fn any_chip(random: &mut StdRng) -> Scripted {
    let kind = KINDS[random.random_range(0..KINDS.len())];
    let mut desk = Scripted::new(Kind { pin_tries: random.random_range(3..=5), ..kind });
    if random.random_range(0..3) == 0 {
        let first = job(inspect(&mut desk).unwrap().ids);
        let _ = carry_out(Job { wanted: wanted(3), ..first }, &mut desk);
        desk.reset();
    }
    tamper(&mut desk, random);
    if kind.tells_metadata {
        desk.puk.left = random.random_range(0..=3);
    }
    desk.pin.left = random.random_range(0..=desk.pin.tries);
    desk
}

/// Somebody else changes what the chip has.
fn tamper(desk: &mut Scripted, random: &mut StdRng) {
    match random.random_range(0..8) {
        0 => desk.pin.set(b"918273\xFF\xFF"),
        1 => desk.puk.set(b"99887766"),
        2 => desk.key.1 = vec![0x77; desk.key.1.len()],
        _ => {}
    }
    // Whoever changes them has presented the right ones.
    (desk.pin.left, desk.puk.left) = (desk.pin.tries, desk.puk.tries);
}

fn any_job(desk: &mut Scripted, random: &mut StdRng) -> Option<Job> {
    let mut job = job(inspect(desk).ok()?.ids);
    job.candidates = vec![factory(), earlier(3)];
    job.pin_by_puk = random.random_range(0..5) == 0;
    if random.random_range(0..5) == 0 {
        job.profile.retries = Some(Retries { pin: 4, puk: 3 });
    }
    Some(job)
}

/// Runs job after job over one chip, each torn, lost or canceled as it may be. Gives whether the
/// chip was whole once.
fn run_schedule(seed: u64) -> bool {
    let random = &mut StdRng::seed_from_u64(seed);
    let mut desk = any_chip(random);
    let Some(mut job) = any_job(&mut desk, random) else { return false };
    let mut tally = Tally { spent: Tries::default(), puk_first: PukFirst::Wanted };
    let mut was_whole = false;
    for run in 0..8 {
        desk.insert_again();
        if random.random_range(0..12) == 0 {
            let known = (desk.pin.left, desk.puk.left);
            tamper(&mut desk, random);
            if desk.kind.tells_metadata {
                (desk.pin.left, desk.puk.left) = known;
            }
        }
        let Some(allowed) = tally.allowed(&mut desk) else { return was_whole };
        job.expected = inspect(&mut desk).unwrap().ids;
        (job.tries_allowed, job.puk_first) = (allowed, tally.puk_first);
        if random.random_range(0..3) > 0 {
            let at = random.random_range(1..45);
            desk.tear(Tear::new(at, random.random()));
        }
        let cancel = random.random_range(0..60_u32);
        let ended = carry_out_until(job.clone(), &mut desk, |phase| phase as u32 == cancel);
        assert_eq!(desk.burnt(), (0, 0), "seed {seed}, run {run}: {ended:?}");
        was_whole |= ended.is_ok();
        match random.random_range(0..6) {
            0 => tally.settle(allowed, None),
            _ => {
                if let Err(Failure { keys, cause, .. }) = &ended {
                    job.recorded_keys.extend(recorded(keys));
                    if *cause == (Cause::ReadBackDiffers { what: "key" }) {
                        job.recorded_keys.clear();
                    }
                }
                tally.settle(allowed, Some(&ended));
            }
        }
    }
    was_whole
}

#[test]
fn no_schedule_sends_a_last_try_or_a_malformed_value() {
    let schedules = 600;
    // Another number is another set of schedules; a failure names its own.
    let first = std::env::var("NO_BURN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let whole = (first..first + schedules).filter(|seed| run_schedule(*seed)).count();
    assert!(whole > 200, "{whole}");
}

/// A chip is torn once, at any command, and its counter cannot be read: what the registry then
/// allows is enough to mend it.
#[test]
fn what_is_allowed_after_a_tear_is_enough() {
    for kind in [NITROKEY, YUBIKEY_4, ASKED_AND_SILENT, ASKED, PIV_APPLET] {
        for inside in [false, true] {
            for at in 1.. {
                let mut desk = Scripted::new(kind);
                let mut tally = Tally { spent: Tries::default(), puk_first: PukFirst::Wanted };
                let mut job = job(inspect(&mut desk).unwrap().ids);
                job.tries_allowed = tally.allowed(&mut desk).unwrap();
                desk.tear(Tear::new(at, inside));
                let ended = carry_out(job.clone(), &mut desk);
                if ended.is_ok() {
                    break;
                }
                tally.settle(job.tries_allowed, Some(&ended));
                desk.insert_again();
                job.expected = inspect(&mut desk).unwrap().ids;
                job.tries_allowed = tally.allowed(&mut desk).unwrap();
                job.puk_first = tally.puk_first;
                let story = format!("{at} {inside} {kind:?}");
                let receipt = carry_out(job, &mut desk).unwrap_or_else(|e| panic!("{story}: {e}"));
                assert!(receipt.tries_spent.pin == 0 && receipt.tries_spent.puk <= 1, "{story}");
                assert_eq!((desk.pin.left, desk.puk.left), (kind.pin_tries, 3), "{story}");
            }
        }
    }
}

/// A chip whose last phase was lost twice: its PUK is found out all the same.
#[test]
fn a_chip_torn_twice_when_its_puk_is_set_is_mended() {
    for kind in [NITROKEY, YUBIKEY_4, ASKED_AND_SILENT] {
        for ways in 0..4 {
            let mut desk = Scripted::new(kind);
            let mut tally = Tally { spent: Tries::default(), puk_first: PukFirst::Wanted };
            let mut job = job(inspect(&mut desk).unwrap().ids);
            for inside in [ways & 1 == 1, ways & 2 == 2] {
                job.expected = inspect(&mut desk).unwrap().ids;
                job.tries_allowed = tally.allowed(&mut desk).unwrap();
                job.puk_first = tally.puk_first;
                let ended = tear_in_phase(&job, &mut desk, inside);
                tally.settle(job.tries_allowed, Some(&Err(ended)));
                desk.insert_again();
            }
            job.expected = inspect(&mut desk).unwrap().ids;
            job.tries_allowed = tally.allowed(&mut desk).unwrap();
            job.puk_first = tally.puk_first;
            carry_out(job, &mut desk).unwrap_or_else(|error| panic!("{ways} {kind:?}: {error}"));
            assert_eq!(desk.burnt(), (0, 0));
        }
    }
}

/// Tears the chip at the first command of the phase that sets the PUK.
fn tear_in_phase(job: &Job, desk: &mut Scripted, inside: bool) -> Failure {
    let mut random = random();
    let mut run = cardwright_perso::Run::new(job.clone());
    loop {
        if run.progress().phase == Phase::Puk {
            desk.tear(Tear::new(1, inside));
        }
        match run.step(desk, &mut random) {
            Ok(cardwright_perso::Next::Step(next)) => run = next,
            Ok(_) => panic!("the phase is before the last"),
            Err(failure) => return failure,
        }
    }
}
