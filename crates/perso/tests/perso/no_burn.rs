//! No path, in any number of runs, sends the last try of a PIN or PUK, nor a malformed one.

use crate::scripted::{
    ASKED, Kind, NITROKEY, PIV_APPLET, STANDARD, Scripted, Tear, YUBIKEY_4, YUBIKEY_5_4,
};
use crate::support::*;
use cardwright_perso::{
    Cause, Failure, Job, Next, Phase, Progress, Proved, PukFirst, Receipt, Run, Tries, inspect,
};
use cardwright_profile::Retries;
use rand::{RngExt, SeedableRng, rngs::StdRng};

const ASKED_AND_SILENT: Kind =
    Kind { is_extended: true, is_silent: true, properties: "6100", ..STANDARD };

const KINDS: [Kind; 7] =
    [ASKED, ASKED_AND_SILENT, NITROKEY, PIV_APPLET, YUBIKEY_4, YUBIKEY_5_4, STANDARD];

/// What a registry keeps of the tries of one chip: the same rule as `actions::tries` of the
/// registry has. While the chip does not tell a counter, every job without a proof counts: one that
/// never came back by what it reserved, one that failed by what it says it spent; whatever card id
/// the chip has, and whether it may erase the chip or not. Nobody counts the management key's.
struct Tally {
    pin: u8,
    /// Of the PUK, by jobs that present the wanted one first.
    wanted_first: u8,
    /// Of the PUK, by jobs that present the one of before first.
    before_first: u8,
    puk_first: PukFirst,
}

/// What a job counts that never came back.
const RESERVED: Tries = Tries { pin: 1, puk: 1 };

/// How a job ended, as far as the registry knows.
enum End<'e> {
    Unknown,
    Receipt,
    Failure(&'e Failure),
    /// The helper was killed; when it starts again it says what its journal knows.
    Killed(Progress),
}

impl Tally {
    fn new() -> Self {
        Self { pin: 0, wanted_first: 0, before_first: 0, puk_first: PukFirst::Wanted }
    }

    /// What the next job may spend: all but the last try where the chip tells its counter,
    /// otherwise 2 since the last proof.
    fn allowed(&mut self, desk: &mut Scripted) -> Option<Tries> {
        let facts = inspect(desk).ok()?;
        let piv = facts.piv?;
        // Only the PUK of before is presented to a chip without our card id.
        let is_ours = facts.ids.card_id == Some(card_id(1));
        if !is_ours {
            self.puk_first = PukFirst::Before;
        }
        let left = |told: Option<u8>, spent: u8| match told {
            Some(left) => left.saturating_sub(1),
            None => 2_u8.saturating_sub(spent),
        };
        // One of two PUKs is right: at most one wrong one is presented where the chip is nobody
        // else's, and the order alternates.
        let spent = self.wanted_first.max(self.before_first);
        let puk = left(piv.puk_tries, spent).min(if is_ours { 2 } else { 1 });
        Some(Tries { pin: left(piv.pin_tries, self.pin).min(1), puk })
    }

    /// Takes down how a job ended.
    fn settle(&mut self, end: &End<'_>) {
        let (spent, proved) = match end {
            End::Unknown => (RESERVED, Proved::default()),
            End::Receipt => {
                *self = Self::new();
                return;
            }
            End::Failure(failure) => (failure.tries_spent, failure.proved),
            End::Killed(progress) => (progress.may_spend, progress.proved),
        };
        if proved.pin {
            self.pin = 0;
        }
        if proved.puk {
            (self.wanted_first, self.before_first) = (0, 0);
        }
        self.pin = self.pin.saturating_add(spent.pin);
        let of_puk = match self.puk_first {
            PukFirst::Wanted => &mut self.wanted_first,
            PukFirst::Before => &mut self.before_first,
        };
        *of_puk = of_puk.saturating_add(spent.puk);
        if spent.puk > 0 {
            self.puk_first = match self.puk_first {
                PukFirst::Wanted => PukFirst::Before,
                PukFirst::Before => PukFirst::Wanted,
            };
        }
    }
}

/// Whether the registry issues no further job for the chip: it has values of somebody else, or is
/// blocked. Then only a job follows that erases it, unless one found that it has no reset. A PIN is
/// set by the PUK.
fn is_final(end: &End<'_>, job: &Job) -> bool {
    let End::Failure(failure) = end else { return false };
    match failure.cause {
        Cause::Foreign { .. } => !job.erase,
        Cause::Blocked { what } => !job.erase && what != "PIN",
        Cause::NotSupported { .. } => failure.phase == Phase::Erase,
        _ => false,
    }
}

/// A chip as it may come to the desk.
fn any_chip(random: &mut StdRng) -> Scripted {
    let kind = KINDS[random.random_range(0..KINDS.len())];
    let mut kind = Kind { pin_tries: random.random_range(3..=5), ..kind };
    if random.random_range(0..4) == 0 {
        kind.key_tries = Some(3);
    }
    // A chip of a maker that is known has the reset of that maker.
    if [ASKED.properties, STANDARD.properties].contains(&kind.properties) {
        kind.reset = [Ok(0x6985), Err(0x6D00), Err(0x6982)][random.random_range(0..3)];
    }
    let mut desk = Scripted::new(kind);
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
    job.erase = random.random_range(0..4) == 0;
    job.pin_by_puk = random.random_range(0..5) == 0;
    if random.random_range(0..5) == 0 {
        job.profile.retries = Some(Retries { pin: 4, puk: 3 });
    }
    Some(job)
}

/// Carries a job out, and says where it stood before the step that was its last. What is burnt of a
/// chip that has a reset does not count where the job may erase it: it is blocked to be erased, and
/// a job that was torn in that leaves the last try to the proof of the next one.
fn watched(
    job: &Job,
    desk: &mut Scripted,
    cancel: u32,
) -> (Result<Receipt, Failure>, Progress, usize) {
    let mut random = random();
    let mut run = Run::new(job.clone());
    let mut meant = 0;
    loop {
        let progress = run.progress();
        if progress.phase as u32 == cancel {
            return (Err(run.cancel()), progress, meant);
        }
        let before = desk.burnt().0;
        let next = run.step(desk, &mut random);
        if job.erase && progress.phase <= Phase::Authenticate && desk.kind.reset.is_ok() {
            meant += desk.burnt().0 - before;
        }
        run = match next {
            Ok(Next::Step(run)) => run,
            Ok(Next::Reset(run)) => {
                desk.reset();
                run
            }
            Ok(Next::Done(receipt)) => return (Ok(receipt), progress, meant),
            Err(failure) => return (Err(failure), progress, meant),
        };
    }
}

/// Runs job after job over one chip, each torn, lost, killed or canceled as it may be. Gives
/// whether the chip was whole once.
fn run_schedule(seed: u64) -> bool {
    let random = &mut StdRng::seed_from_u64(seed);
    let mut desk = any_chip(random);
    let Some(mut job) = any_job(&mut desk, random) else { return false };
    let mut tally = Tally::new();
    let mut was_whole = false;
    let mut meant = desk.burnt().0;
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
        if allowed.puk == 0 && !job.erase {
            return was_whole;
        }
        job.expected = inspect(&mut desk).unwrap().ids;
        (job.tries_allowed, job.puk_first) = (allowed, tally.puk_first);
        if random.random_range(0..3) > 0 {
            let at = random.random_range(1..45);
            desk.tear(Tear::new(at, random.random()));
        }
        let (ended, progress, erased) = watched(&job, &mut desk, random.random_range(0..60_u32));
        meant += erased;
        assert_eq!(desk.burnt(), (meant, 0), "seed {seed}, run {run}: {ended:?}");
        was_whole |= ended.is_ok();
        let end = match (random.random_range(0..6), &ended) {
            (0, _) => End::Unknown,
            (1, _) => End::Killed(progress),
            (_, Ok(_)) => End::Receipt,
            (_, Err(failure)) => End::Failure(failure),
        };
        if let End::Failure(Failure { keys, cause, .. }) = &end {
            job.recorded_keys.extend(recorded(keys));
            if *cause == (Cause::ReadBackDiffers { what: "key" }) {
                job.recorded_keys.clear();
            }
        }
        tally.settle(&end);
        if is_final(&end, &job) {
            return was_whole;
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
                let mut tally = Tally::new();
                let mut job = job(inspect(&mut desk).unwrap().ids);
                job.tries_allowed = tally.allowed(&mut desk).unwrap();
                desk.tear(Tear::new(at, inside));
                let ended = carry_out(job.clone(), &mut desk);
                if ended.is_ok() {
                    break;
                }
                tally.settle(&End::Failure(ended.as_ref().unwrap_err()));
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
            let mut tally = Tally::new();
            let mut job = job(inspect(&mut desk).unwrap().ids);
            for inside in [ways & 1 == 1, ways & 2 == 2] {
                job.expected = inspect(&mut desk).unwrap().ids;
                job.tries_allowed = tally.allowed(&mut desk).unwrap();
                job.puk_first = tally.puk_first;
                let ended = tear_in_phase(&job, &mut desk, inside);
                tally.settle(&End::Failure(&ended));
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
    let mut run = Run::new(job.clone());
    loop {
        if run.progress().phase == Phase::Puk {
            desk.tear(Tear::new(1, inside));
        }
        match run.step(desk, &mut random) {
            Ok(Next::Step(next)) => run = next,
            Ok(_) => panic!("the phase is before the last"),
            Err(failure) => return failure,
        }
    }
}
