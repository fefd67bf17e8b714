//! What survives the helper: accepted jobs, and their outcomes until the registry acknowledges
//! them.
//!
//! The folder `journal` has one file for each of at most [`CAPACITY`] jobs ([`slot`]). Accepting a
//! job costs one sync and ending it another; noting a phase and forgetting an acknowledged job cost
//! none. What an outcome needs of the disk is taken when its job is accepted. All that waits for the disk is done outside the desk's lock, by whoever holds the file: a
//! [`Slot`] is the right to accept a job, a [`JobFile`] the right to say what became of it.

mod disk;
#[cfg(test)]
mod faults;
mod record;
mod slot;
#[cfg(test)]
mod tests;

pub(crate) use slot::{Ahead, Interrupted, JobFile, Slot, is_untouched};

use crate::Error;
use crate::platform::private_file;
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::JobId;
use cardwright_protocol::outcome::Outcome;
use cardwright_seal::sha256;
use disk::Disk;
use slot::Contents;
use std::collections::BTreeMap;
use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::{io, mem};

/// How many jobs can run or wait for their acknowledgement. All outcomes fit into one frame.
pub(crate) const CAPACITY: usize = 12;

/// What a file that cannot be understood is called.
const UNREADABLE: &str = ".unreadable";

/// The journal of a helper, which alone has it while it runs.
#[derive(Debug)]
pub struct Journal {
    known: BTreeMap<JobId, Entry>,
    /// Jobs that ended with the helper, and are not signed yet.
    interrupted: Vec<(Interrupted, JobFile)>,
    free: Vec<Slot>,
    /// A file could not be understood: a job that is not known may have been accepted before.
    is_damaged: bool,
    /// Keeps other helpers from this folder.
    _lock: File,
}

#[derive(Debug)]
enum Entry {
    /// Whoever runs the job has its file.
    Running,
    /// The job ended, and waits for its acknowledgement.
    Ended { outcome: Outcome, place: Place },
}

/// Where an outcome is.
#[derive(Debug)]
enum Place {
    /// In its file.
    Durable(JobFile),
    /// In memory alone: the disk did not take it.
    InMemory(JobFile),
    /// In memory; somebody has the file to try again.
    BeingWritten,
}

/// The acknowledgement is not of this outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OtherOutcome;

/// No room for one more job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

impl Journal {
    /// Opens the journal of a data folder, and makes one that is not there yet. What cannot be
    /// read is set aside, and stops nobody.
    ///
    /// # Errors
    /// [`Error::InUse`] when another helper has it, [`Error::OpenFolder`] and [`Error::NotOwned`]
    /// when others can change it, [`Error::File`] when the folder cannot be read or made.
    pub fn open(data: &Path) -> Result<Self, Error> {
        // Where the system does not say which start this is, no note of an earlier run is believed.
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .unwrap_or_else(|_| format!("{:032x}", rand::random::<u128>()));
        let folder = data.join("journal");
        let disk = Disk::open(folder.clone(), boot.trim().to_owned())
            .map_err(|cause| Error::File { path: folder.clone(), cause })?;
        private_file::check_folder(data)?;
        private_file::check_folder(&folder)?;
        Self::open_on(&disk)
    }

    fn open_on(disk: &Disk) -> Result<Self, Error> {
        let error = |name: &str| {
            let path = disk.path(name);
            |cause| Error::File { path, cause }
        };
        let lock = disk.create("lock").map_err(error("lock"))?;
        lock.try_lock().map_err(|not_locked| match not_locked {
            TryLockError::WouldBlock => Error::InUse { path: disk.path("") },
            TryLockError::Error(cause) => error("lock")(cause),
        })?;
        let mut journal = Self {
            known: BTreeMap::new(),
            interrupted: Vec::new(),
            free: Vec::new(),
            is_damaged: false,
            _lock: lock,
        };
        let names = disk.names().map_err(error(""))?;
        for name in &names {
            journal.is_damaged |= name.ends_with(UNREADABLE);
            if name.ends_with(".new") {
                // It is used by nobody; one that stays is emptied when its number is needed.
                let _ = disk.remove(name);
            }
        }
        // The first is used first.
        for number in (0..CAPACITY).rev() {
            match names.contains(&slot::name(number)) {
                true => journal.read(disk, number),
                false => journal.free.push(Slot::new(disk.clone(), number)),
            }
        }
        Ok(journal)
    }

    fn read(&mut self, disk: &Disk, number: usize) {
        let contents = Slot::read(disk, number).unwrap_or_else(|error| {
            tracing::error!(number, %error, "a file of the journal cannot be read");
            Contents::Unreadable
        });
        match contents {
            Contents::Free(slot) => self.free.push(slot),
            Contents::Interrupted(interrupted, file) => {
                self.known.insert(interrupted.header.job.clone(), Entry::Running);
                self.interrupted.push((interrupted, file));
            }
            Contents::Ended(header, outcome, file) => {
                let entry = Entry::Ended { outcome, place: Place::Durable(file) };
                self.known.insert(header.job, entry);
            }
            Contents::Unreadable => {
                self.is_damaged = true;
                let (name, aside) = (slot::name(number), format!("{number}{UNREADABLE}"));
                match disk.rename(&name, &aside) {
                    Ok(()) => {
                        tracing::error!(
                            name,
                            aside,
                            "set a garbled file of the journal aside; look at it, then delete it"
                        );
                        self.free.push(Slot::new(disk.clone(), number));
                    }
                    // It stays in its place, which nobody uses.
                    Err(error) => tracing::error!(name, %error, "a garbled file of the journal"),
                }
            }
        }
    }

    /// Ends the jobs that the helper before this one did not end. Each outcome is made durable
    /// before it is offered.
    pub(crate) fn settle(&mut self, end: impl Fn(&Interrupted) -> Outcome) {
        for (interrupted, file) in mem::take(&mut self.interrupted) {
            let outcome = end(&interrupted);
            let written = file.finish(&outcome);
            self.keep(interrupted.header.job, outcome, file, written);
        }
    }

    /// Whether this job runs or waits for its acknowledgement.
    pub(crate) fn knows(&self, job: &JobId) -> bool {
        self.known.contains_key(job)
    }

    /// How many jobs run or wait for their acknowledgement.
    pub(crate) fn waiting_jobs(&self) -> usize {
        self.known.len()
    }

    /// All jobs that run or wait for their acknowledgement; `None` where one that is not known may
    /// have been accepted before.
    pub(crate) fn all_known(&self) -> Option<Vec<JobId>> {
        (!self.is_damaged).then(|| self.known.keys().cloned().collect())
    }

    /// Whether a job that is not known may have been accepted by an earlier run of the helper.
    pub(crate) fn is_damaged(&self) -> bool {
        self.is_damaged
    }

    /// Takes room for a job, which is known from now on.
    pub(crate) fn take_room(&mut self, job: JobId) -> Result<Slot, Full> {
        let slot = self.free.pop().ok_or(Full)?;
        self.known.insert(job, Entry::Running);
        Ok(slot)
    }

    /// The job was not accepted after all.
    pub(crate) fn give_room_back(&mut self, job: &JobId, slot: Slot) {
        self.known.remove(job);
        self.free.push(slot);
    }

    /// A job ended, and its outcome was written or not.
    pub(crate) fn keep(
        &mut self,
        job: JobId,
        outcome: Outcome,
        file: JobFile,
        written: io::Result<()>,
    ) {
        let place = match written {
            Ok(()) => Place::Durable(file),
            Err(error) => {
                tracing::error!(%job, %error, "the journal did not take an outcome; trying again");
                Place::InMemory(file)
            }
        };
        self.known.insert(job, Entry::Ended { outcome, place });
    }

    /// All outcomes that wait for their acknowledgement.
    pub(crate) fn waiting(&self) -> Vec<Outcome> {
        let outcome = |entry: &Entry| match entry {
            Entry::Running => None,
            Entry::Ended { outcome, .. } => Some(outcome.clone()),
        };
        self.known.values().filter_map(outcome).collect()
    }

    /// Forgets an outcome that the registry has. A job that is not known was acknowledged before.
    /// Gives the file to clear, and then to [`Self::reuse`].
    pub(crate) fn acknowledge(
        &mut self,
        job: &JobId,
        hash: &HexBytes,
    ) -> Result<Option<JobFile>, OtherOutcome> {
        match self.known.get(job) {
            None => return Ok(None),
            Some(Entry::Ended { outcome, .. })
                if sha256(statement(outcome).as_bytes()) == *hash => {}
            Some(_) => return Err(OtherOutcome),
        }
        Ok(match self.known.remove(job) {
            Some(Entry::Ended { place: Place::Durable(file) | Place::InMemory(file), .. }) => {
                Some(file)
            }
            // Whoever has the file finds out.
            _ => None,
        })
    }

    /// Room that was cleared.
    pub(crate) fn reuse(&mut self, slot: Slot) {
        self.free.push(slot);
    }

    /// Whether an outcome is in memory alone.
    pub(crate) fn is_behind(&self) -> bool {
        let in_memory =
            |entry: &Entry| matches!(entry, Entry::Ended { place: Place::InMemory(_), .. });
        self.known.values().any(in_memory)
    }

    /// An outcome that is in memory alone, to be written by [`JobFile::finish`] and given back to
    /// [`Self::rewritten`].
    pub(crate) fn in_memory(&mut self) -> Option<(JobId, Outcome, JobFile)> {
        for (job, entry) in &mut self.known {
            let Entry::Ended { outcome, place } = entry else { continue };
            match mem::replace(place, Place::BeingWritten) {
                Place::InMemory(file) => return Some((job.clone(), outcome.clone(), file)),
                other => *place = other,
            }
        }
        None
    }

    /// An outcome was written or not. Gives the file to clear where it was acknowledged meanwhile.
    pub(crate) fn rewritten(
        &mut self,
        job: &JobId,
        file: JobFile,
        written: &io::Result<()>,
    ) -> Option<JobFile> {
        let Some(Entry::Ended { place, .. }) = self.known.get_mut(job) else { return Some(file) };
        *place = match written {
            Ok(()) => Place::Durable(file),
            Err(_) => Place::InMemory(file),
        };
        None
    }
}

fn statement(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Finished(signed) => &signed.statement,
        Outcome::Failed(signed) => &signed.statement,
    }
}
