//! What the page knows of the helper and its readers.

use crate::words::count;
use cardwright_protocol::helper::{HelperError, Message, Reader, RunningJob, Service, Slot};
use cardwright_protocol::ids::{JobId, ProcessId, WorkstationName};
use cardwright_protocol::outcome::{JobFailure, Outcome, Receipt};

/// The helper as the page sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Link {
    /// No port was tried to the end yet.
    #[default]
    Searching,
    /// No helper answers on any port; the page keeps trying.
    Absent,
    /// A helper answers, and it and the page cannot work together.
    Refused(HelperError),
    /// A helper answers.
    Connected(Desk),
}

/// What the helper said since the connection was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Desk {
    /// Tells this connection from those before it: what the helper knew there, it may have lost.
    pub(crate) connection: u32,
    /// Name of the workstation.
    pub(crate) workstation: WorkstationName,
    /// The helper's own version.
    pub(crate) version: String,
    /// The PC/SC service; none until the helper said so.
    pub(crate) service: Option<Service>,
    /// All readers.
    pub(crate) readers: Vec<Reader>,
    /// Jobs that run now.
    pub(crate) running: Vec<RunningJob>,
    /// Outcomes that the registry has not acknowledged.
    pub(crate) outcomes: Vec<Outcome>,
    /// Changes that are not newer than this are ignored.
    revision: u64,
}

/// Whether something is well, for the color beside its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Only told.
    Plain,
    /// As it should be.
    Good,
    /// To be mended.
    Warn,
    /// Broken.
    Bad,
}

impl Tone {
    /// The class that colors it.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

impl Link {
    /// The helper, where one answers.
    pub(crate) fn desk(&self) -> Option<&Desk> {
        match self {
            Self::Connected(desk) => Some(desk),
            Self::Searching | Self::Absent | Self::Refused(_) => None,
        }
    }

    /// Takes in what the helper said on its connection number `connection`.
    pub(crate) fn apply(&mut self, connection: u32, message: Message) {
        match (self, message) {
            (this, Message::Ready { running, outcomes, .. }) => {
                *this = Self::Connected(Desk {
                    connection,
                    workstation: WorkstationName(String::new()),
                    version: String::new(),
                    service: None,
                    readers: Vec::new(),
                    running,
                    outcomes,
                    revision: 0,
                });
            }
            (this @ (Self::Searching | Self::Absent), Message::Refused { error, .. }) => {
                *this = Self::Refused(error);
            }
            (Self::Connected(desk), message) => desk.apply(message),
            _ => {}
        }
    }

    /// The state of the workstation in a few words, for the bar.
    pub(crate) fn summary(&self) -> (Tone, String) {
        let desk = match self {
            Self::Searching => return (Tone::Plain, "Looking for the helper".into()),
            Self::Absent => return (Tone::Bad, "No helper".into()),
            Self::Refused(_) => return (Tone::Bad, "Helper does not fit".into()),
            Self::Connected(desk) => desk,
        };
        match desk.service {
            None => (Tone::Plain, "Looking for readers".into()),
            Some(Service::Stopped) => (Tone::Bad, "Smart card service stopped".into()),
            Some(Service::Denied) => (Tone::Bad, "Smart card service denied".into()),
            Some(Service::Running) if desk.readers.is_empty() => (Tone::Warn, "No reader".into()),
            Some(Service::Running) => {
                let cards = desk.readers.iter().filter(|reader| reader.slot != Slot::Empty).count();
                let readers = count(desk.readers.len(), "reader");
                (Tone::Good, format!("{readers}, {}", count(cards, "card")))
            }
        }
    }
}

impl Desk {
    /// Whether the helper runs this job or holds its outcome.
    pub(crate) fn knows(&self, job: &JobId) -> bool {
        self.running.iter().any(|running| running.job == *job) || self.holds_outcome(job)
    }

    /// Whether the helper holds the outcome of this job.
    pub(crate) fn holds_outcome(&self, job: &JobId) -> bool {
        self.outcomes.iter().any(|outcome| names_job(outcome, job))
    }

    fn apply(&mut self, message: Message) {
        match message {
            Message::Readers { revision, service, readers } => {
                (self.revision, self.service, self.readers) = (revision, Some(service), readers);
            }
            Message::ReaderChanged { revision, reader } if self.is_newer(revision) => {
                match self.readers.iter_mut().find(|known| known.id == reader.id) {
                    Some(known) => *known = reader,
                    None => self.readers.push(reader),
                }
            }
            Message::ReaderGone { revision, reader } if self.is_newer(revision) => {
                self.readers.retain(|known| known.id != reader);
            }
            Message::Progress { job } => {
                self.running.retain(|running| running.job != job.job);
                self.running.push(job);
            }
            Message::Ended { job, outcome } => {
                self.running.retain(|running| running.job != job);
                self.outcomes.retain(|known| !names_job(known, &job));
                self.outcomes.push(outcome);
            }
            Message::Outcomes { outcomes, .. } => self.outcomes = outcomes,
            Message::Acknowledged { job, .. } => {
                self.outcomes.retain(|known| !names_job(known, &job));
            }
            _ => {}
        }
    }

    fn is_newer(&mut self, revision: u64) -> bool {
        let newer = revision > self.revision;
        self.revision = self.revision.max(revision);
        newer
    }
}

/// The job and the process that an outcome is of. The page believes no signature and needs none:
/// it only tells outcomes apart, and the registry verifies them.
pub(crate) fn outcome_names(outcome: &Outcome) -> Option<(JobId, ProcessId)> {
    match outcome {
        Outcome::Finished(signed) => serde_json::from_str::<Receipt>(&signed.statement)
            .ok()
            .map(|receipt| (receipt.job, receipt.process)),
        Outcome::Failed(signed) => serde_json::from_str::<JobFailure>(&signed.statement)
            .ok()
            .map(|failure| (failure.job, failure.process)),
    }
}

fn names_job(outcome: &Outcome, job: &JobId) -> bool {
    outcome_names(outcome).is_some_and(|(named, _)| named == *job)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{chip, connected, failed, reader, ready, running};

    fn summaries(messages: Vec<Message>) -> Vec<String> {
        let mut link = Link::default();
        let mut summaries = vec![link.summary().1];
        for message in messages {
            link.apply(1, message);
            summaries.push(link.summary().1);
        }
        summaries
    }

    #[test]
    fn the_bar_follows_readers_and_cards() {
        let snapshot = |revision, service, readers| Message::Readers { revision, service, readers };
        let two = vec![reader("r1", Slot::Empty), reader("r2", chip("i1"))];
        let summaries = summaries(vec![
            ready(vec![], vec![]),
            snapshot(1, Service::Running, two),
            Message::ReaderChanged { revision: 3, reader: reader("r1", Slot::Mute) },
            Message::ReaderChanged { revision: 2, reader: reader("r1", Slot::Empty) },
            Message::ReaderGone { revision: 4, reader: "r2".into() },
            snapshot(5, Service::Stopped, vec![]),
            snapshot(6, Service::Denied, vec![]),
            snapshot(7, Service::Running, vec![]),
        ]);
        expect_test::expect![[r#"
            Looking for the helper
            Looking for readers
            2 readers, 1 card
            2 readers, 2 cards
            2 readers, 2 cards
            1 reader, 1 card
            Smart card service stopped
            Smart card service denied
            No reader
        "#]]
        .assert_eq(&(summaries.join("\n") + "\n"));
    }

    #[test]
    fn a_helper_of_another_version_is_refused() {
        let mut link = Link::default();
        let Message::Ready { id, version, workstation, running, outcomes, .. } =
            ready(vec![], vec![])
        else {
            unreachable!("ready is ready")
        };
        let protocol = PROTOCOL_VERSION + 1;
        link.apply(1, Message::Ready { id, protocol, version, workstation, running, outcomes });
        assert_eq!(link, Link::Refused(HelperError::Version { helper: protocol }));
    }

    #[test]
    fn a_job_is_known_from_its_first_step_until_its_acknowledgement() {
        let mut link = connected(vec![]);
        let job = JobId::from("j1");
        let knows = |link: &Link| link.desk().is_some_and(|desk| desk.knows(&job));
        assert!(!knows(&link));
        link.apply(1, Message::Progress { job: running("j1", 1) });
        link.apply(1, Message::Progress { job: running("j1", 2) });
        assert!(knows(&link));
        assert_eq!(link.desk().unwrap().running.len(), 1);
        link.apply(1, Message::Ended { job: job.clone(), outcome: failed("j1") });
        assert!(knows(&link));
        assert!(link.desk().unwrap().running.is_empty());
        link.apply(1, Message::Acknowledged { id: 9, job: job.clone() });
        assert!(!knows(&link));
    }
}
