//! The helper's side of the wire: real keys, no chip.

use cardwright_protocol::chip::{ChipFacts, ChipIds, ManagementKeyAlgorithm, PivFacts};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::WorkstationId;
use cardwright_protocol::job::{JobHeader, SealedJob};
use cardwright_protocol::outcome::{
    ChipReport, Condition, FailureCause, JobFailure, KeyReceipt, Outcome, Phase, Proved, Receipt,
    TriesSpent,
};
use cardwright_protocol::registry::processes::Nonce;
use cardwright_protocol::signed::Signed;
use cardwright_seal::{
    JobContents, OpeningKey, PukFirst, SigningKey, TriesAllowed, VerifyingKey, open_job, sign,
};

#[derive(Clone)]
pub(crate) struct Desk {
    /// As its registry knows it, once it is enrolled.
    pub(crate) id: WorkstationId,
    pub(crate) signing_key: SigningKey,
    pub(crate) opening_key: OpeningKey,
}

/// A job as the helper reads it.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) header: JobHeader,
    pub(crate) contents: JobContents,
}

impl Opened {
    /// What the chip is to keep and may have, without how the helper is to find it out.
    pub(crate) fn values(&self) -> JobContents {
        JobContents {
            puk_first: PukFirst::Wanted,
            tries_allowed: TriesAllowed { pin: 0, puk: 0 },
            ..self.contents.clone()
        }
    }
}

/// A chip as from the factory, told from others by its CPLC.
pub(crate) fn chip(number: u8) -> ChipFacts {
    let mut cplc = vec![0x47, 0x90, 0x51, 0x67, 0x50, 0x64, 0x3B, 0x1F, 0x7A, 0x02, 0x9C];
    cplc.push(number);
    ChipFacts {
        ids: ChipIds {
            cplc: Some(HexBytes(cplc)),
            card_id: Some(HexBytes(vec![0xFA; 14])),
            guid: Some(HexBytes(vec![0xFB; 16])),
            ..ChipIds::default()
        },
        contactless: false,
        piv: Some(PivFacts {
            version: Some("5.4.0".to_owned()),
            pin_tries: Some(5),
            puk_tries: None,
            management_key_algorithm: None,
            factory_secrets: Some(true),
        }),
    }
}

/// A chip that tells neither its counters nor whether its secrets are the factory's.
pub(crate) fn mute(number: u8) -> ChipFacts {
    let mut facts = chip(number);
    let piv = facts.piv.as_mut().unwrap();
    (piv.pin_tries, piv.puk_tries, piv.factory_secrets) = (None, None, None);
    facts
}

/// The chip after a job wrote at least its card id.
pub(crate) fn written(facts: &ChipFacts, job: &Opened) -> ChipFacts {
    let mut facts = facts.clone();
    facts.ids.card_id = Some(job.contents.card_id.clone());
    facts.ids.guid = Some(job.contents.guid.clone());
    facts
}

impl Desk {
    /// A helper that says that it is this workstation, with keys that nobody knows yet.
    pub(crate) fn new(id: &str) -> Self {
        let (signing_key, opening_key) = (SigningKey::generate(), OpeningKey::generate());
        Self { id: id.into(), signing_key, opening_key }
    }

    pub(crate) fn statement(&self, nonce: &Nonce, chip: &ChipFacts) -> ChipReport {
        ChipReport {
            workstation: self.id.clone(),
            reader: "r1".into(),
            reader_name: "Office Reader 00 00".to_owned(),
            insertion: "i1".into(),
            registry_nonce: nonce.nonce.clone(),
            helper_nonce: SigningKey::generate().to_secret().expose()[..16].into(),
            known_jobs: None,
            chip: chip.clone(),
        }
    }

    pub(crate) fn report(&self, nonce: &Nonce, chip: &ChipFacts) -> Signed<ChipReport> {
        sign(&self.signing_key, &self.statement(nonce, chip))
    }

    /// A report of a helper that knows these jobs, and no others.
    pub(crate) fn report_with_jobs(
        &self,
        nonce: &Nonce,
        chip: &ChipFacts,
        known: &[&Opened],
    ) -> Signed<ChipReport> {
        let known = known.iter().map(|job| job.header.job.clone()).collect();
        let report = ChipReport { known_jobs: Some(known), ..self.statement(nonce, chip) };
        sign(&self.signing_key, &report)
    }

    pub(crate) fn open(&self, job: &SealedJob, registry: &VerifyingKey) -> Opened {
        let (header, contents) = open_job(job, registry, &self.opening_key).unwrap();
        Opened { header, contents }
    }

    pub(crate) fn receipt_of(&self, job: &Opened) -> Receipt {
        let JobContents { card_id, guid, fasc_n, expires_on, .. } = &job.contents;
        let ccc = [&[0xF0, 0x15][..], &hex::decode("A000000116FF02").unwrap(), &card_id.0].concat();
        let chuid = [
            &[0x30, 0x19][..],
            &fasc_n.0,
            &[0x34, 0x10],
            &guid.0,
            &[0x35, 0x08],
            expires_on.as_bytes(),
            &[0x3E, 0, 0xFE, 0],
        ]
        .concat();
        Receipt {
            job: job.header.job.clone(),
            process: job.header.process.clone(),
            workstation: job.header.workstation.clone(),
            card: job.header.card.clone(),
            chip: ChipIds {
                card_id: Some(card_id.clone()),
                guid: Some(guid.clone()),
                ..job.header.chip.clone()
            },
            profile_hash: job.header.profile_hash.clone(),
            card_capability_container: [&ccc[..], &[0xF1, 1, 0x21, 0xFE, 0]].concat().into(),
            card_holder_unique_identifier: chuid.into(),
            management_key: ManagementKeyAlgorithm::Aes256,
            keys: vec![KeyReceipt {
                reference: vec![0x9A].into(),
                algorithm: "P-256".to_owned(),
                public_key: [&[4][..], &[7; 64]].concat().into(),
            }],
            written: Phase::ALL.to_vec(),
            commands: 29,
            tries_spent: TriesSpent::default(),
        }
    }

    pub(crate) fn receipt(&self, job: &Opened) -> Outcome {
        Outcome::Finished(sign(&self.signing_key, &self.receipt_of(job)))
    }

    pub(crate) fn failure(
        &self,
        job: &Opened,
        cause: FailureCause,
        condition: Condition,
    ) -> Outcome {
        self.signed_failure(&self.failure_of(job, cause, condition))
    }

    pub(crate) fn signed_failure(&self, failure: &JobFailure) -> Outcome {
        Outcome::Failed(sign(&self.signing_key, failure))
    }

    pub(crate) fn failure_of(
        &self,
        job: &Opened,
        cause: FailureCause,
        condition: Condition,
    ) -> JobFailure {
        JobFailure {
            job: job.header.job.clone(),
            process: job.header.process.clone(),
            workstation: job.header.workstation.clone(),
            card: job.header.card.clone(),
            phase: Phase::Pin,
            cause,
            condition,
            tries_spent: TriesSpent::default(),
            proved: Proved::default(),
            keys: vec![],
        }
    }
}
