//! The helper's nonces: each report has one, and a job must answer it.

use crate::platform::Moment;
use cardwright_protocol::chip::ChipIds;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::{InsertionId, JobId, ReaderId};
use std::time::Duration;

/// How long a report can be answered, by the helper's own clock, which nobody can set and
/// which goes on while the computer sleeps.
pub(crate) const LIFETIME: Duration = Duration::from_secs(120);

/// Length in bytes.
const LENGTH: usize = 16;

/// What a report said, kept until a job answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reported {
    /// Where the chip was.
    pub(crate) reader: ReaderId,
    /// Which stay of it.
    pub(crate) insertion: InsertionId,
    /// What it called itself.
    pub(crate) chip: ChipIds,
    /// It was reached over the air, where nothing can be written.
    pub(crate) contactless: bool,
}

/// Nonces that a job may still answer, at most one for each reader.
#[derive(Debug, Default)]
pub(crate) struct Nonces {
    live: Vec<(HexBytes, Moment, Reported)>,
    /// Jobs whose refusal was signed, with the nonce that each answers: as long as that is good,
    /// the job must not begin after all.
    refused: Vec<(HexBytes, JobId)>,
}

impl Nonces {
    /// Makes the nonce of a report. Those of all earlier reports of its reader are void from now
    /// on: a job that answers one of them and was not accepted never begins. The registry relies on
    /// that, also after a restart: nonces are in memory alone.
    pub(crate) fn issue(&mut self, reported: Reported, now: Moment) -> HexBytes {
        self.live.retain(|entry| entry.2.reader != reported.reader);
        self.forget_old(now);
        let nonce = HexBytes::from(rand::random::<[u8; LENGTH]>().to_vec());
        self.live.push((nonce.clone(), now, reported));
        nonce
    }

    /// What was reported with this nonce, while it is good.
    pub(crate) fn look_up(&mut self, nonce: &HexBytes, now: Moment) -> Option<&Reported> {
        self.forget_old(now);
        self.live.iter().find(|entry| entry.0 == *nonce).map(|entry| &entry.2)
    }

    /// A job answered a report of this insertion: what all others said of the chip is over, too.
    pub(crate) fn spend(&mut self, insertion: &InsertionId) {
        self.live.retain(|entry| entry.2.insertion != *insertion);
    }

    /// Only these insertions still last.
    pub(crate) fn keep_insertions(&mut self, lasts: impl Fn(&InsertionId) -> bool) {
        self.live.retain(|entry| lasts(&entry.2.insertion));
    }

    /// A job is refused for ever. Says whether it could have begun: it answers a good nonce.
    pub(crate) fn refuse(&mut self, nonce: &HexBytes, job: &JobId, now: Moment) -> bool {
        let is_good = self.look_up(nonce, now).is_some();
        if is_good && !self.is_refused(job) {
            self.refused.push((nonce.clone(), job.clone()));
        }
        is_good
    }

    /// Whether a job was refused that could have begun.
    pub(crate) fn is_refused(&self, job: &JobId) -> bool {
        self.refused.iter().any(|entry| entry.1 == *job)
    }

    fn forget_old(&mut self, now: Moment) {
        self.live.retain(|entry| now.since(entry.1) < LIFETIME);
        let live = &self.live;
        self.refused.retain(|refused| live.iter().any(|entry| entry.0 == refused.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(reader: &str, insertion: &str) -> Reported {
        let (reader, insertion) = (reader.into(), insertion.into());
        Reported { reader, insertion, chip: ChipIds::default(), contactless: false }
    }

    #[test]
    fn a_nonce_is_good_for_one_job_two_minutes_and_its_insertion() {
        let (mut nonces, now) = (Nonces::default(), Moment::now());
        let one = nonces.issue(reported("r1", "i1"), now);
        let two = nonces.issue(reported("r2", "i2"), now);
        assert_ne!(one, two);
        assert_eq!(nonces.look_up(&one, now), Some(&reported("r1", "i1")));
        nonces.spend(&"i1".into());
        assert_eq!(nonces.look_up(&one, now), None);

        let three = nonces.issue(reported("r3", "i3"), now);
        nonces.keep_insertions(|insertion| *insertion != InsertionId::from("i3"));
        assert_eq!(nonces.look_up(&three, now), None);

        assert!(nonces.look_up(&two, now + (LIFETIME - Duration::from_millis(1))).is_some());
        assert_eq!(nonces.look_up(&two, now + LIFETIME), None);
    }

    #[test]
    fn a_report_voids_those_before_it_of_the_same_reader_alone() {
        let (mut nonces, now) = (Nonces::default(), Moment::now());
        let other = nonces.issue(reported("r0", "i0"), now);
        let first = nonces.issue(reported("r1", "i1"), now);
        assert!(nonces.refuse(&first, &"0a".into(), now), "it could have begun");
        let second = nonces.issue(reported("r1", "i1"), now);
        assert_eq!(nonces.look_up(&first, now), None);
        assert!(!nonces.is_refused(&"0a".into()), "nothing of it needs to be kept");
        assert!(nonces.look_up(&second, now).is_some());
        let third = nonces.issue(reported("r1", "i2"), now);
        assert_eq!(nonces.look_up(&second, now), None, "whatever stay it was");
        assert!(nonces.look_up(&third, now).is_some());
        assert!(nonces.look_up(&other, now).is_some());
    }
}
