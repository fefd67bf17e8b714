//! A desk with a virtual card, and a job for it.

use cardwright_card::objects::{CardId, ExpiryDate, Guid};
use cardwright_card::{
    Channel, ManagementKey, ManagementKeyAlgorithm, Pin, Puk, Transport, TransportError, commands,
};
use cardwright_perso::{
    Candidates, Cause, ChipIds, Failure, Job, KeyReceipt, Next, Phase, Progress, PukFirst, Receipt,
    RecordedKey, Run, Tries, Wanted, fasc_n,
};
use cardwright_profile::Profile;
use cardwright_virtual_card::VirtualCard;
use rand::{SeedableRng, rngs::StdRng};
use zeroize::Zeroizing;

pub(crate) const FACTORY_KEY: [u8; 24] =
    [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8];

pub(crate) fn random() -> StdRng {
    StdRng::seed_from_u64(1)
}

/// The profile of a temporary card, with other keys than it has.
pub(crate) fn profile(keys: &str) -> Profile {
    let text = include_str!("../../../../profiles/piv-temporary.toml");
    let ours = "[[keys]]\nreference = \"9A\"\nalgorithm = \"p256\"\n";
    assert!(text.contains(ours));
    Profile::parse(&text.replace(ours, keys)).unwrap()
}

pub(crate) const P256_IN_9A: &str = "[[keys]]\nreference = \"9A\"\nalgorithm = \"p256\"\n";

/// A management key, different for every cipher and generation.
pub(crate) fn management_key(algorithm: ManagementKeyAlgorithm, generation: u8) -> ManagementKey {
    let key: Vec<u8> =
        (0..algorithm.key_length() as u8).map(|byte| byte ^ generation << 5).collect();
    ManagementKey::new(algorithm, key).unwrap()
}

pub(crate) fn card_id(generation: u8) -> CardId {
    CardId([0xC0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 1, generation])
}

pub(crate) fn wanted(generation: u8) -> Wanted {
    use ManagementKeyAlgorithm::{Aes128, Aes192, Aes256, TripleDes};
    let keys = [Aes256, Aes192, Aes128, TripleDes];
    Wanted {
        card_id: card_id(generation),
        guid: Guid::from_random([7; 16]),
        fasc_n: fasc_n(&profile("").fasc_n, 4118),
        expiry: ExpiryDate::new(2032, 11, 21).unwrap(),
        pin: Pin::parse(&format!("80461{generation}")).unwrap(),
        puk: Puk::parse(&format!("9305827{generation}")).unwrap(),
        management_keys: keys.map(|algorithm| management_key(algorithm, generation)).to_vec(),
    }
}

/// The values of a generation as those that a chip may have.
pub(crate) fn earlier(generation: u8) -> Candidates {
    let Wanted { card_id, pin, puk, management_keys, .. } = wanted(generation);
    Candidates { card_id: Some(card_id), management_keys, puks: vec![puk], pins: vec![pin] }
}

pub(crate) fn factory() -> Candidates {
    Candidates::factory(&profile("")).unwrap()
}

/// A job for a chip that comes from the factory.
pub(crate) fn job(expected: ChipIds) -> Job {
    Job {
        expected,
        profile: profile(P256_IN_9A),
        wanted: wanted(1),
        candidates: vec![factory()],
        puk_first: PukFirst::Wanted,
        pin_by_puk: false,
        recorded_keys: Vec::new(),
        erase: false,
        tries_allowed: Tries { pin: 2, puk: 2 },
    }
}

/// What a job of a profile that leaves the numbers of tries alone writes to a fresh chip.
pub(crate) fn all_written() -> Vec<Phase> {
    Phase::WRITING.into_iter().filter(|phase| *phase != Phase::Retries).collect()
}

/// The keys of a receipt or a failure, as a later job tells of them.
pub(crate) fn recorded(keys: &[KeyReceipt]) -> Vec<RecordedKey> {
    let record = |key: &KeyReceipt| RecordedKey {
        reference: key.reference,
        public_key: key.public_key.clone(),
    };
    keys.iter().map(record).collect()
}

/// A chip in a reader, that can be reset.
pub(crate) trait Desk: Transport {
    fn reset(&mut self);
}

impl Desk for VirtualCard {
    fn reset(&mut self) {
        Self::reset(self);
    }
}

/// What was sent to a chip, by instruction, without data.
pub(crate) struct Traced<D> {
    pub(crate) desk: D,
    pub(crate) sent: Vec<String>,
}

impl<D> Traced<D> {
    pub(crate) fn new(desk: D) -> Self {
        Self { desk, sent: Vec::new() }
    }

    /// How many of the commands change what the chip keeps. VERIFY does not.
    pub(crate) fn writes(&self) -> usize {
        let writing = ["PUT", "CHANGE", "RESET RETRY", "GENERATE", "SET"];
        self.sent.iter().filter(|line| writing.iter().any(|name| line.contains(name))).count()
    }
}

impl<D: Transport> Transport for Traced<D> {
    fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        let answer = self.desk.transmit(command);
        let status = match &answer {
            Ok(answer) => hex::encode_upper(&answer[answer.len() - 2..]),
            Err(error) => error.to_string(),
        };
        let name = match (command[1], command.len()) {
            (0xA4, _) => "SELECT",
            (0xCA, _) => "GET DATA (GlobalPlatform)",
            (0xCB, _) => "GET DATA",
            (0xDB, _) => "PUT DATA",
            (0x20, 4) => "VERIFY (status)",
            (0x20, _) => "VERIFY",
            (0x24, _) => "CHANGE REFERENCE DATA",
            (0x2C, _) => "RESET RETRY COUNTER",
            (0x47, _) => "GENERATE ASYMMETRIC KEY PAIR",
            (0x87, _) => "GENERAL AUTHENTICATE",
            (0xC0, _) => "GET RESPONSE",
            (0xF7, _) => "GET METADATA",
            (0xF8, _) => "GET SERIAL",
            (0xFA, _) => "SET PIN RETRIES",
            (0xFB, _) => "RESET",
            (0xFD, _) => "GET VERSION",
            (0xFF, _) => "SET MANAGEMENT KEY",
            _ => "?",
        };
        let [class, _, p1, p2] = *command.first_chunk().unwrap();
        self.sent.push(format!("{class:02X} {name} {p1:02X} {p2:02X} -> {status}"));
        answer
    }
}

impl<D: Desk> Desk for Traced<D> {
    fn reset(&mut self) {
        self.desk.reset();
        self.sent.push("(reset)".to_owned());
    }
}

/// Carries a job out to its end.
pub(crate) fn carry_out(job: Job, desk: &mut impl Desk) -> Result<Receipt, Failure> {
    carry_out_until(job, desk, |_| false)
}

/// Carries a job out, and cancels before the first phase for which `cancel` says so.
pub(crate) fn carry_out_until(
    job: Job,
    desk: &mut impl Desk,
    cancel: impl Fn(Phase) -> bool,
) -> Result<Receipt, Failure> {
    let mut random = random();
    let mut run = Run::new(job);
    loop {
        let progress = run.progress();
        assert!((1..=progress.of).contains(&progress.step), "{progress:?}");
        if cancel(progress.phase) {
            return Err(run.cancel());
        }
        let next = run.step(desk, &mut random);
        check_announced(progress, &next);
        run = match next? {
            Next::Step(run) => run,
            Next::Reset(run) => {
                desk.reset();
                run
            }
            Next::Done(receipt) => return Ok(receipt),
        };
    }
}

/// What a step spends at most is known before it begins.
fn check_announced(announced: Progress, next: &Result<Next, Failure>) {
    let (spent, proved) = match next {
        Ok(Next::Step(run) | Next::Reset(run)) if run.progress().phase == announced.phase => {
            // It has presented nothing yet.
            assert_eq!(announced.may_spend, Tries::default(), "{announced:?}");
            return;
        }
        Ok(_) => return,
        // Erasing spends tries on purpose; and a value that remains when the others were wrong is
        // presented where the chip says that it is not the last try.
        Err(failure) if failure.phase == Phase::Erase => return,
        Err(Failure { cause: Cause::Foreign { .. }, .. }) => return,
        Err(failure) => (failure.tries_spent, failure.proved),
    };
    let Progress { may_spend, proved: before, .. } = announced;
    assert!(spent.pin <= may_spend.pin && spent.puk <= may_spend.puk, "{announced:?} {spent:?}");
    assert!(proved.pin >= before.pin && proved.puk >= before.puk, "{announced:?} {proved:?}");
}

/// Whether a chip opens with these values, in a state of its own.
pub(crate) fn has_secrets(
    desk: &mut impl Desk,
    wanted: &Wanted,
    key: ManagementKeyAlgorithm,
) -> bool {
    desk.reset();
    let mut channel = Channel::new(desk);
    assert!(commands::select_piv(&mut channel).unwrap());
    let key = wanted.management_keys.iter().find(|wanted| wanted.algorithm() == key).unwrap();
    let authentication = commands::authenticate(&mut channel, key, &[9; 16]).unwrap();
    let pin = commands::verify_pin(&mut channel, &wanted.pin).unwrap();
    let puk = commands::change_puk(&mut channel, &wanted.puk, &wanted.puk).unwrap();
    authentication == commands::Authentication::Accepted
        && pin == commands::Presented::Accepted
        && puk == commands::Presented::Accepted
}
