mod every_operation;

use super::faults::Fate;
use super::slot::Noted;
use super::*;
use crate::failures;
use cardwright_protocol::chip::{ChipIds, ManagementKeyAlgorithm};
use cardwright_protocol::helper::{MAX_FRAME_LENGTH, Message};
use cardwright_protocol::ids::{CardNumber, ProcessId, WorkstationId};
use cardwright_protocol::job::JobHeader;
use cardwright_protocol::outcome::{
    Condition, JobFailure, KeyReceipt, Phase, Proved, Receipt, TriesSpent,
};
use cardwright_protocol::signed::Signed;
use std::os::unix::fs::PermissionsExt as _;
use tempfile::TempDir;

const ALLOWED: TriesSpent = TriesSpent { pin: 2, puk: 1 };
const NONE: TriesSpent = TriesSpent { pin: 0, puk: 0 };
const UNPROVED: Proved = Proved { pin: false, puk: false };
const PUK_PROVED: Proved = Proved { pin: false, puk: true };

const IDENTIFY: Ahead = Ahead { phase: Phase::Identify, may_spend: NONE, proved: UNPROVED };
const AUTHENTICATE: Ahead = Ahead { phase: Phase::Authenticate, ..IDENTIFY };
/// A PUK is presented, in the same phase.
const PROVE: Ahead = Ahead { may_spend: TriesSpent { pin: 0, puk: 1 }, ..AUTHENTICATE };
const CARD_ID: Ahead = Ahead { phase: Phase::CardCapability, may_spend: NONE, proved: PUK_PROVED };
/// A PIN is presented.
const SET_PIN: Ahead =
    Ahead { phase: Phase::Pin, may_spend: TriesSpent { pin: 2, puk: 0 }, ..CARD_ID };

fn header(job: &str) -> JobHeader {
    JobHeader {
        job: job.into(),
        process: "0b".into(),
        workstation: "desk-1".into(),
        card: "TC-2026-004118".into(),
        reader: "r1".into(),
        insertion: "i1".into(),
        helper_nonce: vec![7; 16].into(),
        chip: ChipIds::default(),
        profile: "piv-temporary".into(),
        profile_hash: vec![0; 32].into(),
    }
}

fn outcome(text: &str) -> Outcome {
    Outcome::Failed(Signed::from_parts(text.to_owned(), vec![0; 64].into()))
}

/// A helper as the journal sees it, whose runs are on one folder.
struct Life {
    folder: TempDir,
    disk: Disk,
    journal: Journal,
    /// The job that runs.
    file: Option<JobFile>,
}

impl Life {
    fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::open(folder.path().join("journal"), "boot".to_owned()).unwrap();
        let journal = Journal::open_on(&disk).unwrap();
        Self { folder, disk, journal, file: None }
    }

    /// The helper ends, however, and another one begins.
    fn restart(self, boot: &str) -> Self {
        let Self { folder, journal, .. } = self;
        drop(journal);
        let disk = Disk::open(folder.path().join("journal"), boot.to_owned()).unwrap();
        let journal = Journal::open_on(&disk).unwrap();
        Self { folder, disk, journal, file: None }
    }

    fn accept(&mut self, job: &str) -> Result<(), io::Error> {
        let slot = self.journal.take_room(job.into()).expect("room");
        match slot.accept(&header(job), ALLOWED) {
            Ok(file) => self.file = Some(file),
            Err(not_accepted) => {
                assert!(!not_accepted.may_be_known || self.disk.faults.has_struck());
                self.journal.give_room_back(&job.into(), not_accepted.slot);
                return Err(not_accepted.cause);
            }
        }
        Ok(())
    }

    fn note(&mut self, ahead: Ahead) -> io::Result<()> {
        self.file.as_mut().expect("a job runs").note(ahead)
    }

    fn finish(&mut self, job: &str, text: &str) {
        let file = self.file.take().expect("a job runs");
        let written = file.finish(&outcome(text));
        self.journal.keep(job.into(), outcome(text), file, written);
    }

    fn acknowledge(&mut self, job: &str, text: &str) {
        let file = self.journal.acknowledge(&job.into(), &sha256(text.as_bytes())).unwrap();
        let (slot, _) = file.expect("it was known").clear();
        self.journal.reuse(slot);
    }

    /// What is known of all jobs.
    fn show(&self) -> String {
        let mut lines = Vec::new();
        for (interrupted, _) in &self.journal.interrupted {
            let JobFailure { phase, condition, tries_spent, proved, .. } =
                failures::interrupted(interrupted);
            let proved = if proved.puk { ", PUK proved" } else { "" };
            lines.push(format!(
                "{} stopped: {phase:?} {condition:?} {}/{}{proved}",
                interrupted.header.job, tries_spent.pin, tries_spent.puk
            ));
        }
        for (job, entry) in &self.journal.known {
            if let Entry::Ended { outcome, .. } = entry {
                lines.push(format!("{job} ended: {}", statement(outcome)));
            }
        }
        lines.sort();
        lines.join("\n")
    }

    fn names(&self) -> Vec<String> {
        let mut names = self.disk.names().unwrap();
        names.sort();
        names
    }
}

#[test]
fn an_outcome_acknowledged_while_it_is_written_again_leaves_its_room() {
    let mut life = Life::begin();
    life.accept("0a").unwrap();
    life.disk.faults.set(0, Fate::NoSpace);
    life.finish("0a", "one");
    let (job, outcome, file) = life.journal.in_memory().unwrap();
    assert!(life.journal.in_memory().is_none(), "one at a time");
    let hash = sha256(statement(&outcome).as_bytes());
    assert!(life.journal.acknowledge(&job, &hash).unwrap().is_none());
    let written = file.finish(&outcome);
    let (slot, cleared) = life.journal.rewritten(&job, file, &written).unwrap().clear();
    cleared.unwrap();
    life.journal.reuse(slot);
    assert_eq!(life.journal.free.len(), CAPACITY);
    assert_eq!(life.restart("boot").show(), "");
}

#[test]
fn accepting_and_ending_a_job_take_one_sync_each() {
    let mut life = Life::begin();
    let count = |life: &mut Life, step: fn(&mut Life)| {
        life.disk.faults.set(usize::MAX, Fate::Killed);
        step(life);
        life.disk.faults.count()
    };
    // Make, write, sync, rename, sync the folder; then write and sync.
    assert_eq!(count(&mut life, |life| life.accept("0a").unwrap()), 7);
    assert_eq!(count(&mut life, |life| life.note(IDENTIFY).unwrap()), 1);
    assert_eq!(count(&mut life, |life| life.finish("0a", "one")), 2);
    assert_eq!(count(&mut life, |life| life.acknowledge("0a", "one")), 1);
    assert_eq!(count(&mut life, |life| life.accept("0b").unwrap()), 2, "the file is there");
}

#[test]
fn what_is_garbled_is_set_aside_and_the_rest_is_used() {
    type Garble = fn(&mut Vec<u8>);
    let cases: [(&str, Garble, &str); 7] = [
        ("cut", |bytes| bytes.truncate(5000), "0a ended: one"),
        ("empty", Vec::clear, "0a ended: one"),
        ("longer", |bytes| bytes.push(0), "0a ended: one"),
        ("job", |bytes| bytes[60] ^= 1, "0a ended: one"),
        ("noise", |bytes| bytes.fill(0xFF), "0a ended: one"),
        ("note", |bytes| bytes[4096 + 60] ^= 1, "0a ended: one\n0b ended: two"),
        (
            "outcome",
            |bytes| bytes[8192 + 60] ^= 1,
            "0a ended: one\n0b stopped: Identify Untouched 0/0",
        ),
    ];
    for (name, garble, expected) in cases {
        let mut life = Life::begin();
        life.accept("0a").unwrap();
        life.finish("0a", "one");
        life.accept("0b").unwrap();
        life.note(IDENTIFY).unwrap();
        life.finish("0b", "two");
        let path = life.disk.path("1.job");
        let mut bytes = fs::read(&path).unwrap();
        garble(&mut bytes);
        fs::write(&path, &bytes).unwrap();
        let mut life = life.restart("boot");
        assert_eq!(life.show(), expected, "{name}");
        let is_aside = life.names().contains(&"1.unreadable".to_owned());
        assert_eq!(is_aside, expected == "0a ended: one", "{name}");
        assert_eq!(life.journal.is_damaged(), is_aside, "{name}");
        let known: Vec<JobId> = match expected.contains("0b") {
            true => vec!["0a".into(), "0b".into()],
            false => vec!["0a".into()],
        };
        assert_eq!(life.journal.all_known(), (!is_aside).then_some(known), "{name}");
        assert!(!is_aside || fs::read(life.disk.path("1.unreadable")).unwrap() == bytes);
        life.accept("0c").unwrap();
        let life = life.restart("boot");
        assert!(life.show().contains("0c stopped"), "{name}");
        assert_eq!(life.journal.is_damaged(), is_aside, "{name}: until a person looked at it");
    }
}

#[test]
fn an_outcome_waits_until_the_right_hash_is_acknowledged() {
    let mut life = Life::begin();
    let job = JobId::from("0a");
    life.accept("0a").unwrap();
    let acknowledge = |life: &mut Life, text: &str| {
        life.journal.acknowledge(&job, &sha256(text.as_bytes())).map(|file| file.is_some())
    };
    assert_eq!(acknowledge(&mut life, "text"), Err(OtherOutcome), "it runs");
    life.finish("0a", "text");
    assert_eq!(acknowledge(&mut life, "other"), Err(OtherOutcome));
    assert_eq!(life.journal.waiting(), [outcome("text")]);
    assert_eq!(acknowledge(&mut life, "text"), Ok(true));
    assert_eq!(life.journal.waiting(), []);
    assert_eq!(acknowledge(&mut life, "text"), Ok(false), "twice is no error");
}

#[test]
fn there_is_room_for_so_many_jobs_and_another_helper_has_none() {
    let mut life = Life::begin();
    for number in 0..CAPACITY {
        life.accept(&number.to_string()).unwrap();
    }
    assert!(life.journal.take_room("one more".into()).is_err());
    assert!(matches!(Journal::open_on(&life.disk), Err(Error::InUse { .. })));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&life.disk.path("")), 0o700);
    for name in life.names() {
        assert_eq!(mode(&life.disk.path(&name)), 0o600, "{name}");
    }
    let mut life = life.restart("boot");
    assert_eq!(life.journal.interrupted.len(), CAPACITY);
    life.journal.settle(|interrupted| outcome(&interrupted.header.job.0));
    assert_eq!(life.journal.waiting().len(), CAPACITY);
    life.acknowledge("7", "7");
    assert_eq!(life.accept("one more").map_err(|error| error.to_string()), Ok(()));
}

/// Four keys of the longest kind that a profile can want.
fn longest_receipt() -> Receipt {
    let bytes = |length| HexBytes(vec![0xAB; length]);
    let key = KeyReceipt {
        reference: bytes(1),
        algorithm: "RSA-3072".to_owned(),
        // A modulus of 384 and an exponent of 3 bytes, in DER.
        public_key: bytes(398),
    };
    Receipt {
        job: JobId("0".repeat(32)),
        process: ProcessId("0".repeat(32)),
        workstation: WorkstationId("a workstation with quite a long name".to_owned()),
        card: CardNumber("TC-2026-004118".to_owned()),
        chip: ChipIds {
            cplc: Some(bytes(12)),
            iin: Some(bytes(32)),
            cin: Some(bytes(32)),
            card_id: Some(bytes(14)),
            guid: Some(bytes(16)),
            serial: Some(bytes(4)),
            atr: Some(bytes(33)),
        },
        profile_hash: bytes(32),
        card_capability_container: bytes(51),
        card_holder_unique_identifier: bytes(59),
        management_key: ManagementKeyAlgorithm::Aes256,
        keys: vec![key; 4],
        written: Phase::ALL.to_vec(),
        commands: 1000,
        tries_spent: TriesSpent { pin: 2, puk: 2 },
    }
}

#[test]
fn all_outcomes_fit_into_one_frame_and_each_into_its_file() {
    let statement = serde_json::to_string(&longest_receipt()).unwrap();
    let signed = Signed::from_parts(statement, vec![0xAB; 64].into());
    let message = Message::Ready {
        id: u64::MAX,
        running: Vec::new(),
        outcomes: vec![Outcome::Finished(signed.clone()); CAPACITY],
    };
    let length = serde_json::to_string(&message).unwrap().len();
    assert!(length <= MAX_FRAME_LENGTH, "{length}");

    let mut life = Life::begin();
    life.accept("0a").unwrap();
    life.file.unwrap().finish(&Outcome::Finished(signed)).unwrap();
    let mut longer = header("0b");
    longer.process = ProcessId("\0".repeat(1000));
    let slot = life.journal.take_room("0b".into()).unwrap();
    let not_accepted = slot.accept(&longer, ALLOWED).unwrap_err();
    assert_eq!(not_accepted.cause.kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn what_a_restart_says_of_each_note() {
    use Phase as P;
    let one = TriesSpent { pin: 0, puk: 1 };
    let pin = TriesSpent { pin: 2, puk: 0 };
    let both = Proved { pin: true, puk: true };
    type Told = (Condition, TriesSpent);
    let (untouched, unknown) = (Condition::Untouched, Condition::Unknown);
    let worst = (unknown, ALLOWED);
    let cases: [(&[Phase], TriesSpent, Proved, Told, Told); 9] = [
        (&[], NONE, UNPROVED, (untouched, NONE), worst),
        (&[P::Identify], NONE, UNPROVED, (untouched, NONE), worst),
        (&[P::Identify, P::Authenticate], NONE, UNPROVED, (untouched, NONE), worst),
        (&[P::Identify, P::Authenticate], one, UNPROVED, (untouched, one), worst),
        (
            &[P::Identify, P::Authenticate, P::CardCapability],
            NONE,
            PUK_PROVED,
            (unknown, NONE),
            (unknown, pin),
        ),
        (
            &[P::Identify, P::Authenticate, P::CardCapability, P::Puk],
            one,
            UNPROVED,
            (unknown, one),
            worst,
        ),
        (
            &[P::Identify, P::Authenticate, P::CardCapability, P::Puk, P::Pin],
            pin,
            PUK_PROVED,
            (unknown, pin),
            (unknown, pin),
        ),
        (
            &[P::Identify, P::Authenticate, P::CardCapability, P::Puk, P::Pin, P::Keys],
            NONE,
            both,
            (unknown, NONE),
            (unknown, NONE),
        ),
        // Erasing may spend tries on purpose.
        (&[P::Identify, P::Erase], ALLOWED, UNPROVED, worst, worst),
    ];
    for (begun, may_spend, proved, killed, without_power) in cases {
        for (is_all, expected) in [(true, killed), (false, without_power)] {
            let failure = failures::interrupted(&Interrupted {
                header: header("0a"),
                tries_allowed: ALLOWED,
                noted: Noted { begun: begun.to_vec(), may_spend, proved },
                is_all,
            });
            let told = (failure.condition, failure.tries_spent);
            assert_eq!(told, expected, "{begun:?} {is_all}");
            assert_eq!(failure.phase, begun.last().copied().unwrap_or(P::Identify));
            assert_eq!(failure.proved, proved);
        }
    }
}
