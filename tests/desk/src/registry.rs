use crate::WORKSTATION;
use crate::enrolment::{Counter, enroll, keys_of};
use cardwright_card::objects::FascN;
use cardwright_protocol::chip::ManagementKeyAlgorithm;
use cardwright_protocol::helper::{HelperError, Request};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::job::{JobHeader, SealedJob};
use cardwright_protocol::outcome::{Acknowledgement, ChipReport, JobFailure, Outcome, Receipt};
use cardwright_protocol::signed::Signed;
use cardwright_protocol::ticket::Ticket;
use cardwright_seal::{
    Candidates, EnrolmentCode, JobContents, ManagementKeySecret, PukFirst, RootKey, SealingKey,
    Secret, SigningKey, TriesAllowed, VerifyingKey, seal_job, sha256, sign, verify,
};
use std::path::Path;

/// The profile of every job.
pub const PROFILE: &str = include_str!("../../../profiles/piv-temporary.toml");

/// What a registry holds for one helper.
pub struct Registry {
    /// Signs jobs and acknowledgements.
    pub signing: SigningKey,
    /// Jobs are sealed to it.
    pub helper: SealingKey,
    /// Verifies what the helper signs.
    pub helper_signing: VerifyingKey,
    root: RootKey,
}

impl Registry {
    /// A new registry, and a helper's data folder that is enrolled there by the helper's program.
    pub fn enrolling(program: &Path, data: &Path) -> Self {
        let (signing, code) = (SigningKey::generate(), EnrolmentCode::generate());
        let counter = Counter::of_registry(&signing, &code);
        let output = enroll(program, &counter.url(), data, &[], &code.grouped());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let keys = keys_of(&counter.asked.recv().unwrap());
        let [signing_key, sealing_key] =
            [keys.signing_key, keys.sealing_key].map(|key| key.to_string());
        Self::new(signing, sealing_key.parse().unwrap(), signing_key.parse().unwrap())
    }

    /// A new registry that signs with this key, for the helper with these.
    pub fn new(signing: SigningKey, helper: SealingKey, helper_signing: VerifyingKey) -> Self {
        Self { signing, helper, helper_signing, root: RootKey::generate() }
    }

    /// What its helper knows it by.
    pub fn verifying_key(&self) -> VerifyingKey {
        self.signing.verifying_key()
    }

    /// The ticket for a page of this origin that answers a challenge.
    pub fn ticket(&self, challenge: &HexBytes, origin: &str) -> Signed<Ticket> {
        ticket(&self.signing, challenge, origin)
    }

    /// The header of a job that answers a report.
    pub fn header(&self, job: &str, report: &ChipReport) -> JobHeader {
        JobHeader {
            job: job.into(),
            process: "0b".into(),
            workstation: WORKSTATION.into(),
            card: "TC-2026-004118".into(),
            reader: report.reader.clone(),
            insertion: report.insertion.clone(),
            helper_nonce: report.helper_nonce.clone(),
            chip: report.chip.ids.clone(),
            profile: "piv-temporary".into(),
            profile_hash: sha256(PROFILE.as_bytes()),
        }
    }

    /// What a factory-fresh chip is to become. The same every time.
    pub fn contents(&self) -> JobContents {
        let mut card_id = [0x5A; 14];
        [card_id[12], card_id[13]] = [1, 1];
        let algorithms = [
            ManagementKeyAlgorithm::Aes256,
            ManagementKeyAlgorithm::Aes192,
            ManagementKeyAlgorithm::Aes128,
            ManagementKeyAlgorithm::TripleDes,
        ];
        let factory = [1_u8, 2, 3, 4, 5, 6, 7, 8].repeat(3);
        let factory_key =
            |algorithm| ManagementKeySecret { algorithm, key: Secret::from(&factory[..]) };
        let fasc_n = FascN {
            agency: 9999,
            system: 0,
            credential: 4118,
            credential_series: 0,
            individual_issue: 1,
            person: 0,
            organization_category: 3,
            organization: 0,
            association: 1,
        };
        JobContents {
            profile: PROFILE.to_owned(),
            card_id: card_id.to_vec().into(),
            guid: "6F1A2C3D4E5F4A6B8C7D8E9FA0B1C2D3".parse().unwrap(),
            fasc_n: fasc_n.encode().unwrap().to_vec().into(),
            expires_on: "20321121".to_owned(),
            pin: Secret::from(&b"472913"[..]),
            puk: self.root.puk(&card_id),
            management_keys: algorithms
                .into_iter()
                .map(|algorithm| self.root.management_key(&card_id, algorithm))
                .collect(),
            candidates: vec![Candidates {
                card_id: None,
                pins: vec![Secret::from(&b"123456"[..])],
                puks: vec![Secret::from(&b"12345678"[..])],
                management_keys: vec![
                    factory_key(ManagementKeyAlgorithm::TripleDes),
                    factory_key(ManagementKeyAlgorithm::Aes192),
                ],
            }],
            puk_first: PukFirst::Wanted,
            pin_by_puk: false,
            recorded_keys: vec![],
            erase: false,
            tries_allowed: TriesAllowed { pin: 2, puk: 2 },
        }
    }

    /// The job that answers a report.
    pub fn job(&self, job: &str, report: &ChipReport) -> SealedJob {
        self.seal(&self.header(job, report))
    }

    /// The job with this header.
    pub fn seal(&self, header: &JobHeader) -> SealedJob {
        seal_job(header, &self.contents(), &self.helper, &self.signing)
    }

    /// Says that an outcome is in the database.
    pub fn acknowledge(&self, job: &str, outcome: &Outcome) -> Request {
        let statement = match outcome {
            Outcome::Finished(signed) => &signed.statement,
            Outcome::Failed(signed) => &signed.statement,
        };
        let outcome_hash = sha256(statement.as_bytes());
        let acknowledgement = Acknowledgement { job: job.into(), outcome_hash };
        Request::Acknowledge { acknowledgement: sign(&self.signing, &acknowledgement) }
    }
}

/// A ticket for the helper of these tests.
pub(crate) fn ticket(signing: &SigningKey, challenge: &HexBytes, origin: &str) -> Signed<Ticket> {
    let ticket = Ticket {
        challenge: challenge.clone(),
        origin: origin.to_owned(),
        operator: "operator".to_owned(),
        workstation: WORKSTATION.into(),
    };
    sign(signing, &ticket)
}

/// The receipt in an outcome, verified.
pub fn receipt_of(outcome: &Outcome, key: &VerifyingKey) -> Receipt {
    match outcome {
        Outcome::Finished(signed) => verify(key, signed).unwrap(),
        Outcome::Failed(signed) => panic!("failed: {}", signed.statement),
    }
}

/// The failure in an outcome, verified.
pub fn failure_of(outcome: &Outcome, key: &VerifyingKey) -> JobFailure {
    match outcome {
        Outcome::Failed(signed) => verify(key, signed).unwrap(),
        Outcome::Finished(signed) => panic!("finished: {}", signed.statement),
    }
}

/// The refusal of a job without its failure, and the failure, verified.
pub fn refusal(error: HelperError, key: &VerifyingKey) -> (HelperError, Option<JobFailure>) {
    match error {
        HelperError::JobRefused { why, because, failure } => {
            let failure = failure.map(|signed| verify(key, &signed).unwrap());
            (HelperError::JobRefused { why, because, failure: None }, failure)
        }
        error => (error, None),
    }
}
