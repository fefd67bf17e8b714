//! Outcomes of jobs until the registry acknowledges them.
//!
//! They are in memory: a durable journal takes this module's place without changing its callers.

use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::JobId;
use cardwright_protocol::outcome::Outcome;
use cardwright_seal::sha256;
use std::collections::BTreeMap;

/// How many jobs can run or wait for their acknowledgement. All outcomes fit into one frame.
pub(crate) const CAPACITY: usize = 12;

/// The acknowledgement is not of this outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OtherOutcome;

/// No room for one more outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// What is kept. Room for an outcome is taken when its job is accepted.
#[derive(Debug, Default)]
pub(crate) struct Outcomes {
    kept: BTreeMap<JobId, Option<Outcome>>,
}

impl Outcomes {
    /// Whether this job runs or waits for its acknowledgement.
    pub(crate) fn knows(&self, job: &JobId) -> bool {
        self.kept.contains_key(job)
    }

    /// Takes room for the outcome of a job, before anything is done for it.
    pub(crate) fn make_room(&mut self, job: JobId) -> Result<(), Full> {
        if self.kept.len() >= CAPACITY {
            return Err(Full);
        }
        self.kept.insert(job, None);
        Ok(())
    }

    /// The job was not accepted after all.
    pub(crate) fn give_room_back(&mut self, job: &JobId) {
        self.kept.remove(job);
    }

    /// Puts an outcome into its room.
    pub(crate) fn keep(&mut self, job: JobId, outcome: Outcome) {
        self.kept.insert(job, Some(outcome));
    }

    /// All that wait for their acknowledgement.
    pub(crate) fn waiting(&self) -> Vec<Outcome> {
        self.kept.values().flatten().cloned().collect()
    }

    /// Forgets an outcome that the registry has. A job that is not known was acknowledged before.
    pub(crate) fn acknowledge(&mut self, job: &JobId, hash: &HexBytes) -> Result<(), OtherOutcome> {
        match self.kept.get(job) {
            None => Ok(()),
            Some(Some(outcome)) if sha256(statement(outcome).as_bytes()) == *hash => {
                self.kept.remove(job);
                Ok(())
            }
            Some(_) => Err(OtherOutcome),
        }
    }
}

fn statement(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Finished(signed) => &signed.statement,
        Outcome::Failed(signed) => &signed.statement,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_protocol::chip::{ChipIds, ManagementKeyAlgorithm};
    use cardwright_protocol::helper::{MAX_FRAME_LENGTH, Message, PROTOCOL_VERSION};
    use cardwright_protocol::ids::{CardNumber, ProcessId, WorkstationName};
    use cardwright_protocol::outcome::{KeyReceipt, Phase, Receipt, TriesSpent};
    use cardwright_protocol::signed::Signed;

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
            workstation: WorkstationName("a workstation with quite a long name".to_owned()),
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
    fn all_outcomes_fit_into_one_frame() {
        let statement = serde_json::to_string(&longest_receipt()).unwrap();
        let signed = Signed::from_parts(statement, vec![0xAB; 64].into());
        let message = Message::Ready {
            id: u64::MAX,
            protocol: PROTOCOL_VERSION,
            version: "10.10.10".to_owned(),
            workstation: WorkstationName("a workstation with quite a long name".to_owned()),
            running: Vec::new(),
            outcomes: vec![Outcome::Finished(signed); CAPACITY],
        };
        let length = serde_json::to_string(&message).unwrap().len();
        assert!(length <= MAX_FRAME_LENGTH, "{length}");
    }

    fn outcome(text: &str) -> Outcome {
        Outcome::Failed(Signed::from_parts(text.to_owned(), vec![0; 64].into()))
    }

    #[test]
    fn an_outcome_waits_until_the_right_hash_is_acknowledged() {
        let mut outcomes = Outcomes::default();
        let job = JobId::from("0a");
        outcomes.make_room(job.clone()).unwrap();
        assert_eq!(outcomes.acknowledge(&job, &sha256(b"text")), Err(OtherOutcome), "it runs");
        outcomes.keep(job.clone(), outcome("text"));
        assert_eq!(outcomes.acknowledge(&job, &sha256(b"other")), Err(OtherOutcome));
        assert_eq!(outcomes.waiting(), [outcome("text")]);
        assert_eq!(outcomes.acknowledge(&job, &sha256(b"text")), Ok(()));
        assert_eq!(outcomes.waiting(), []);
        assert_eq!(outcomes.acknowledge(&job, &sha256(b"text")), Ok(()), "twice is no error");
    }

    #[test]
    fn room_is_taken_before_a_job_runs() {
        let mut outcomes = Outcomes::default();
        for number in 0..CAPACITY {
            outcomes.make_room(JobId(number.to_string())).unwrap();
        }
        assert_eq!(outcomes.make_room("one more".into()), Err(Full));
        outcomes.keep("0".into(), outcome("text"));
        outcomes.acknowledge(&"0".into(), &sha256(b"text")).unwrap();
        assert_eq!(outcomes.make_room("one more".into()), Ok(()));
    }
}
