//! What the page knows of the helper and its readers.

use super::away::Away;
use crate::words::count;
use cardwright_protocol::helper::{Message, Reader, RunningJob, Service, Slot};
use cardwright_protocol::ids::{JobId, ProcessId, WorkstationName};
use cardwright_protocol::outcome::{JobFailure, Outcome, Receipt};

/// The helper as the page sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Link {
    /// No port was tried to the end yet.
    #[default]
    Searching,
    /// No helper is connected; the page keeps trying.
    Away(Away),
    /// The helper of this workstation answers, and believes that this page may ask it.
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
            Self::Searching | Self::Away(_) => None,
        }
    }

    /// Why no helper is connected, once it is known.
    pub(crate) fn away(&self) -> Option<&Away> {
        match self {
            Self::Away(away) => Some(away),
            Self::Searching | Self::Connected(_) => None,
        }
    }

    /// A helper that has just said that it is ready.
    pub(crate) fn ready(
        connection: u32,
        workstation: WorkstationName,
        version: String,
        running: Vec<RunningJob>,
        outcomes: Vec<Outcome>,
    ) -> Self {
        Self::Connected(Desk {
            connection,
            workstation,
            version,
            service: None,
            readers: Vec::new(),
            running,
            outcomes,
            revision: 0,
        })
    }

    /// Takes in what the connected helper said.
    pub(crate) fn apply(&mut self, message: Message) {
        if let Self::Connected(desk) = self {
            desk.apply(message);
        }
    }

    /// The state of the workstation in a few words, for the bar.
    pub(crate) fn summary(&self) -> (Tone, String) {
        let desk = match self {
            Self::Searching => return (Tone::Plain, "Looking for the helper".into()),
            Self::Away(away) if away.wants_click() => return (Tone::Warn, away.summary().into()),
            Self::Away(away) => return (Tone::Bad, away.summary().into()),
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
    use cardwright_protocol::helper::HelperError;

    fn summaries(messages: Vec<Message>) -> Vec<String> {
        let mut link = ready(1, vec![], vec![]);
        let mut summaries = vec![Link::default().summary().1, link.summary().1];
        for message in messages {
            link.apply(message);
            summaries.push(link.summary().1);
        }
        summaries
    }

    #[test]
    fn the_bar_follows_readers_and_cards() {
        let snapshot = |revision, service, readers| Message::Readers { revision, service, readers };
        let two = vec![reader("r1", Slot::Empty), reader("r2", chip("i1"))];
        let summaries = summaries(vec![
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
    fn the_bar_says_why_no_helper_is_there() {
        let summary = |away| Link::Away(away).summary();
        assert_eq!(summary(Away::NoAnswer), (Tone::Bad, "No helper".into()));
        let version = HelperError::Version { helper: 1 };
        assert_eq!(summary(Away::Refused(version)), (Tone::Bad, "Helper does not fit".into()));
        assert_eq!(summary(Away::Choose(vec![])), (Tone::Warn, "Choose a helper".into()));
    }

    #[test]
    fn a_job_is_known_from_its_first_step_until_its_acknowledgement() {
        let mut link = connected(vec![]);
        let job = JobId::from("j1");
        let knows = |link: &Link| link.desk().is_some_and(|desk| desk.knows(&job));
        assert!(!knows(&link));
        link.apply(Message::Progress { job: running("j1", 1) });
        link.apply(Message::Progress { job: running("j1", 2) });
        assert!(knows(&link));
        assert_eq!(link.desk().unwrap().running.len(), 1);
        link.apply(Message::Ended { job: job.clone(), outcome: failed("j1") });
        assert!(knows(&link));
        assert!(link.desk().unwrap().running.is_empty());
        link.apply(Message::Acknowledged { id: 9, job: job.clone() });
        assert!(!knows(&link));
    }
}
