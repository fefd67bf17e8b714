//! One file of the journal: room for one job and its outcome.
//!
//! A file is made of zeros that were really written, synced, renamed into place, and its folder
//! synced, before the first job is put into it; it is used again for later jobs. From then on
//! nothing but its own bytes is overwritten in place, which needs no space: no block, no inode, no
//! entry of a folder. (Zeros that are only reserved, by `fallocate`, would need space when ext4
//! turns them into written ones.) File systems that never overwrite in place (btrfs, ZFS) may need
//! space for the outcome all the same, though they keep some back for that; then the outcome is
//! kept in memory, as after any other error of the disk.
//!
//! Job, note and outcome are apart, in whole pages, and carry the tag of their job: a torn one
//! harms no other one, and what an earlier job left is not taken for the present one's.

use super::disk::Disk;
use super::record::{self, Found};
use cardwright_protocol::job::JobHeader;
use cardwright_protocol::outcome::{Outcome, Phase, Proved, TriesSpent};
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io;
use std::ops::Range;

/// The job, as long as it is not acknowledged; zeros when the file is free.
const JOB: Range<usize> = 0..4096;
/// How far it came.
const NOTE: Range<usize> = 4096..8192;
/// How the job ended. The longest receipt takes a third of it.
const OUTCOME: Range<usize> = 8192..24576;

/// Room for a job.
#[derive(Debug)]
pub(crate) struct Slot {
    disk: Disk,
    number: usize,
    /// The file; `None` until it is needed for the first time.
    file: Option<File>,
}

/// A job that was accepted, in its file. Whoever has it may write what becomes of the job.
#[derive(Debug)]
pub(crate) struct JobFile {
    disk: Disk,
    number: usize,
    file: File,
    /// What note and outcome carry, so that they belong to this job.
    tag: String,
    noted: Noted,
}

/// What lies ahead of a job when its next step begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ahead {
    /// The phase that begins or goes on.
    pub(crate) phase: Phase,
    /// Tries that are spent, at most, when the step is over or cut off; since a right value was
    /// presented, where one was.
    pub(crate) may_spend: TriesSpent,
    /// Which right values were presented before it.
    pub(crate) proved: Proved,
}

/// How far a job came, as its notes tell.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Noted {
    /// The phases that began, at least.
    pub(crate) begun: Vec<Phase>,
    /// As in [`Ahead`], of the last step.
    pub(crate) may_spend: TriesSpent,
    /// As in [`Ahead`], of the last step.
    pub(crate) proved: Proved,
}

/// A job was not accepted.
#[derive(Debug)]
pub(crate) struct NotAccepted {
    /// Why.
    pub(crate) cause: io::Error,
    /// The room that it was to have.
    pub(crate) slot: Slot,
    /// The file may say that the job was accepted all the same.
    pub(crate) may_be_known: bool,
}

/// What is kept of a job: nothing that is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct JobRecord {
    tag: String,
    /// The start of the computer in which the job was accepted.
    boot: String,
    header: JobHeader,
    /// What the job was allowed to spend.
    tries_allowed: TriesSpent,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NoteRecord {
    tag: String,
    noted: Noted,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OutcomeRecord {
    tag: String,
    outcome: Outcome,
}

/// A job that a helper accepted and did not end before it ended itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Interrupted {
    /// What the job was for.
    pub(crate) header: JobHeader,
    /// What it was allowed to spend.
    pub(crate) tries_allowed: TriesSpent,
    /// How far it came, at least.
    pub(crate) noted: Noted,
    /// It came no further. Notes are not synced: they outlive the helper, not a loss of power.
    pub(crate) is_all: bool,
}

/// What was in a file.
#[derive(Debug)]
pub(super) enum Contents {
    /// No job.
    Free(Slot),
    /// A job and how it ended.
    Ended(JobHeader, Outcome, JobFile),
    /// A job that did not end.
    Interrupted(Interrupted, JobFile),
    /// Nothing that can be understood.
    Unreadable,
}

impl Slot {
    /// Room whose file is not made yet.
    pub(super) fn new(disk: Disk, number: usize) -> Self {
        Self { disk, number, file: None }
    }

    /// Reads a file that is there.
    pub(super) fn read(disk: &Disk, number: usize) -> io::Result<Contents> {
        let Some((file, bytes)) = disk.read(&name(number), OUTCOME.end)? else {
            return Ok(Contents::Unreadable);
        };
        let disk = disk.clone();
        let job: JobRecord = match record::from_bytes(&bytes[JOB]) {
            Found::Nothing => return Ok(Contents::Free(Self { disk, number, file: Some(file) })),
            Found::Garbled => return Ok(Contents::Unreadable),
            Found::Record(job) => job,
        };
        let note = match record::from_bytes::<NoteRecord>(&bytes[NOTE]) {
            Found::Record(note) if note.tag == job.tag => Some(note.noted),
            // None of this job's.
            Found::Nothing | Found::Record(_) => Some(Noted::default()),
            Found::Garbled => None,
        };
        let is_all = note.is_some() && job.boot == disk.boot();
        let noted = note.unwrap_or_default();
        let file = JobFile { disk, number, file, tag: job.tag, noted: noted.clone() };
        Ok(match record::from_bytes::<OutcomeRecord>(&bytes[OUTCOME]) {
            Found::Record(record) if record.tag == file.tag => {
                Contents::Ended(job.header, record.outcome, file)
            }
            _ => {
                let JobRecord { header, tries_allowed, .. } = job;
                Contents::Interrupted(Interrupted { header, tries_allowed, noted, is_all }, file)
            }
        })
    }

    /// Makes a job durable, and with it the room for its outcome. One sync; where the file is not
    /// made yet, two more.
    pub(crate) fn accept(
        mut self,
        header: &JobHeader,
        tries_allowed: TriesSpent,
    ) -> Result<JobFile, Box<NotAccepted>> {
        let tag = format!("{:032x}", rand::random::<u128>());
        let boot = self.disk.boot().to_owned();
        let record = JobRecord { tag, boot, header: header.clone(), tries_allowed };
        let made = record::to_bytes(&record, JOB.len()).and_then(|bytes| {
            let file = match self.file.take() {
                Some(file) => file,
                None => self.make()?,
            };
            Ok((bytes, file))
        });
        let (bytes, file) = match made {
            Ok(made) => made,
            Err(cause) => {
                return Err(Box::new(NotAccepted { cause, slot: self, may_be_known: false }));
            }
        };
        let written = self.disk.write(&file, &bytes, JOB.start as u64);
        match written.and_then(|()| self.disk.sync(&file)) {
            Ok(()) => {
                let Self { disk, number, .. } = self;
                Ok(JobFile { disk, number, file, tag: record.tag, noted: Noted::default() })
            }
            Err(cause) => {
                let may_be_known = clear(&self.disk, &file).is_err();
                let slot = Self { file: Some(file), ..self };
                Err(Box::new(NotAccepted { cause, slot, may_be_known }))
            }
        }
    }

    /// Makes the file, whole or not at all.
    fn make(&self) -> io::Result<File> {
        let (new, name) = (format!("{}.new", self.number), name(self.number));
        let made = self.disk.create(&new).and_then(|file| {
            self.disk.write(&file, &vec![0; OUTCOME.end], 0)?;
            self.disk.sync_all(&file)?;
            self.disk.rename(&new, &name)?;
            self.disk.sync_folder()?;
            Ok(file)
        });
        if made.is_err() {
            // Half a file would keep what space there is. One that cannot be removed is at the next
            // start of the helper.
            let _ = self.disk.remove(&new);
        }
        made
    }
}

impl JobFile {
    /// Notes what lies ahead; not synced. An error says that a restart would tell less than what
    /// may happen: it must not happen then.
    pub(crate) fn note(&mut self, ahead: Ahead) -> io::Result<()> {
        let Ahead { phase, may_spend, proved } = ahead;
        let mut noted = Noted { may_spend, proved, ..self.noted.clone() };
        if !noted.begun.contains(&phase) {
            noted.begun.push(phase);
        }
        if noted == self.noted {
            return Ok(());
        }
        let record = NoteRecord { tag: self.tag.clone(), noted: noted.clone() };
        let written = record::to_bytes(&record, NOTE.len())
            .and_then(|bytes| self.disk.write(&self.file, &bytes, NOTE.start as u64));
        match written {
            Err(error) if noted.is_worse_than(&self.noted) => return Err(error),
            Err(error) => tracing::warn!(%error, "the journal did not take the phase of a job"),
            Ok(()) => {}
        }
        self.noted = noted;
        Ok(())
    }

    /// Makes an outcome durable, by one sync.
    pub(crate) fn finish(&self, outcome: &Outcome) -> io::Result<()> {
        let record = OutcomeRecord { tag: self.tag.clone(), outcome: outcome.clone() };
        let bytes = record::to_bytes(&record, OUTCOME.len())?;
        self.disk.write(&self.file, &bytes, OUTCOME.start as u64)?;
        self.disk.sync(&self.file)
    }

    /// Forgets the job. Not synced: after a loss of power an outcome that was acknowledged may be
    /// offered once more, and is acknowledged once more. An error says that the same may happen
    /// after a mere restart.
    pub(crate) fn clear(self) -> (Slot, io::Result<()>) {
        let cleared = clear(&self.disk, &self.file);
        let Self { disk, number, file, .. } = self;
        (Slot { disk, number, file: Some(file) }, cleared)
    }
}

/// Whether nothing of the chip was written in these phases.
pub(crate) fn is_untouched(begun: &[Phase]) -> bool {
    begun.iter().all(|phase| matches!(phase, Phase::Identify | Phase::Authenticate))
}

impl Noted {
    /// Whether a restart would have to tell something worse.
    fn is_worse_than(&self, before: &Self) -> bool {
        is_untouched(&before.begun) && !is_untouched(&self.begun)
            || self.may_spend.pin > before.may_spend.pin
            || self.may_spend.puk > before.may_spend.puk
    }
}

fn clear(disk: &Disk, file: &File) -> io::Result<()> {
    disk.write(file, &[0; JOB.end], JOB.start as u64)
}

pub(super) fn name(number: usize) -> String {
    format!("{number}.job")
}
