//! One thread per reader: PC/SC blocks, and a chip does one thing at a time.

use crate::card_service::{Leaving, Link, LostLink, Patience, ServiceThread, Sharing};
use crate::convert;
use crate::desk::Desk;
use crate::failures;
use crate::jobs::Cancel;
use crate::journal::JobFile;
use crate::nonces::Reported;
use crate::platform::Moment;
use cardwright_card::TransportError;
use cardwright_perso::{Failure, Next, Receipt, Run};
use cardwright_protocol::helper::{HelperError, Hindrance, Reader, RunningJob};
use cardwright_protocol::hex::HexBytes;
use cardwright_protocol::ids::InsertionId;
use cardwright_protocol::job::JobHeader;
use cardwright_protocol::outcome::{ChipReport, Outcome};
use cardwright_protocol::signed::Signed;
use cardwright_seal::sign;
use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use std::{io, thread};
use tokio::sync::oneshot;

/// How much work may wait for a reader.
const MAX_WAITING: usize = 8;

/// How often another program that has the chip is waited for, and how long each time.
const BUSY_TRIES: u32 = 5;
const BUSY_PAUSE: Duration = Duration::from_millis(200);

/// How often an inspection is begun anew when another program resets the chip in it.
const RESET_TRIES: u32 = 3;

/// What a reader's thread does.
#[derive(Debug)]
pub(crate) enum Work {
    /// Inspects a chip.
    Inspect(Inspection),
    /// Executes a job.
    Execute(Box<Execution>),
}

/// An inspection that was asked for.
#[derive(Debug)]
pub(crate) struct Inspection {
    /// The reader as the page saw it.
    pub(crate) reader: Reader,
    /// The stay of the chip that is meant.
    pub(crate) insertion: InsertionId,
    /// Goes into the report.
    pub(crate) registry_nonce: HexBytes,
    /// Who asked; gone when the page is.
    pub(crate) answer: oneshot::Sender<Result<Signed<ChipReport>, HelperError>>,
}

/// A job that was accepted.
#[derive(Debug)]
pub(crate) struct Execution {
    /// What pages see of it.
    pub(crate) running: RunningJob,
    /// What it is for.
    pub(crate) header: JobHeader,
    /// What is to be done.
    pub(crate) job: cardwright_perso::Job,
    /// Whether it should stop.
    pub(crate) cancel: Cancel,
    /// Keeps what becomes of it.
    pub(crate) file: JobFile,
}

/// Work that no thread took.
#[derive(Debug)]
pub(crate) struct NotHandedOver {
    /// Why.
    pub(crate) hindrance: Hindrance,
    /// The work.
    pub(crate) work: Work,
}

/// The thread of one reader. Dropped, it ends after the work that was handed over.
#[derive(Debug)]
pub(crate) struct Worker {
    work: SyncSender<Work>,
}

impl Worker {
    /// Starts the thread of a reader.
    pub(crate) fn start(desk: Arc<Desk>, reader: CString) -> io::Result<Self> {
        let (work, queue) = sync_channel(MAX_WAITING);
        thread::Builder::new()
            .name("reader".to_owned())
            .spawn(move || Bench { desk, reader, kept: None, lost: None }.work(&queue))?;
        Ok(Self { work })
    }

    /// Hands work over without waiting.
    pub(crate) fn hand_over(&self, work: Work) -> Result<(), Box<NotHandedOver>> {
        self.work.try_send(work).map_err(|error| {
            Box::new(match error {
                TrySendError::Full(work) => {
                    NotHandedOver { hindrance: Hindrance::ReaderBusy, work }
                }
                TrySendError::Disconnected(work) => {
                    NotHandedOver { hindrance: Hindrance::Internal, work }
                }
            })
        })
    }
}

/// Where a reader's thread works.
struct Bench {
    desk: Arc<Desk>,
    /// The service's name of the reader.
    reader: CString,
    /// The thread of the last link, for the next one: a thread and a context cost some
    /// milliseconds on a busy machine.
    kept: Option<ServiceThread>,
    /// A call that did not return, and the insertion that it was for: nothing more is sent to that
    /// chip while the call lasts.
    lost: Option<(InsertionId, LostLink)>,
}

impl Bench {
    fn work(mut self, queue: &Receiver<Work>) {
        while let Ok(work) = queue.recv() {
            match work {
                Work::Inspect(inspection) => self.inspect(inspection),
                Work::Execute(execution) => self.execute(*execution),
            }
        }
    }

    fn inspect(&mut self, inspection: Inspection) {
        let Inspection { reader, insertion, registry_nonce, answer } = inspection;
        if answer.is_closed() {
            return;
        }
        let examined = catch_unwind(AssertUnwindSafe(|| self.examine(&insertion)));
        let examined = examined.unwrap_or_else(|_| {
            tracing::error!("an inspection panicked");
            Err(HelperError::Internal)
        });
        let report = examined.and_then(|chip| {
            let mut state = self.desk.state();
            // A chip that was swapped meanwhile is another one's.
            if !state.readers.lasts(&insertion) {
                return Err(HelperError::NotInserted);
            }
            let reported = Reported {
                reader: reader.id.clone(),
                insertion: insertion.clone(),
                chip: chip.ids.clone(),
                contactless: chip.contactless,
            };
            // Under one lock: a job that answers an earlier nonce is either accepted, and among
            // those that are known, or never will be.
            let helper_nonce = state.nonces.issue(reported, Moment::now());
            let known_jobs = state.journal.all_known();
            let report = ChipReport {
                workstation: self.desk.terms.workstation.clone(),
                reader: reader.id,
                reader_name: reader.name,
                insertion,
                registry_nonce,
                helper_nonce,
                known_jobs,
                chip,
            };
            Ok(sign(&self.desk.keys.signing, &report))
        });
        if let Err(error) = &report {
            tracing::warn!(reader = %self.reader.to_string_lossy(), ?error, "not inspected");
        }
        // The page may be gone; then nobody misses the report.
        let _ = answer.send(report);
    }

    /// Shared with other programs, so that they are not hurt, in one transaction.
    fn examine(
        &mut self,
        insertion: &InsertionId,
    ) -> Result<cardwright_protocol::chip::ChipFacts, HelperError> {
        let until = Instant::now() + self.desk.limits.inspection;
        for _ in 0..RESET_TRIES {
            let patience = Patience::Until(until);
            let mut link = self
                .connect(insertion, Sharing::Shared, patience, &Cancel::default())
                .map_err(convert::link_error)?;
            let facts = cardwright_perso::inspect(&mut link);
            let answer_to_reset = link.answer_to_reset().to_vec();
            self.leave(insertion, link);
            match facts {
                Ok(facts) => return Ok(convert::chip_facts(&facts, &answer_to_reset)),
                Err(error) if convert::is_reset_by_another(&error) => {}
                Err(error) => return Err(convert::inspection_error(&error)),
            }
        }
        Err(HelperError::ReaderBusy)
    }

    fn execute(&mut self, execution: Execution) {
        let Execution { running, header, job, cancel, mut file } = execution;
        let last = RwLock::new(running);
        let tries_allowed = convert::tries(job.tries_allowed);
        let mut leaving = None;
        let ran = catch_unwind(AssertUnwindSafe(|| {
            let ended;
            (ended, leaving) = self.run(&last, &header, job, &cancel, &mut file);
            ended
        }));
        let last = last.into_inner().unwrap_or_else(PoisonError::into_inner);
        let workstation = &self.desk.terms.workstation;
        let key = &self.desk.keys.signing;
        let outcome = match ran {
            Ok(Ok(receipt)) => {
                tracing::info!(job = %header.job, commands = receipt.commands, "finished");
                Outcome::Finished(sign(key, &convert::receipt(&header, workstation, &receipt)))
            }
            Ok(Err(failure)) => {
                tracing::warn!(job = %header.job, %failure, condition = ?failure.condition, "failed");
                Outcome::Failed(sign(key, &convert::failure(&header, workstation, &failure)))
            }
            Err(_) => {
                tracing::error!(job = %header.job, "a job panicked");
                let failure = failures::internal(&header, &last, tries_allowed);
                Outcome::Failed(sign(key, &failure))
            }
        };
        // Durable before anybody is told, without the desk's lock, and while the chip is being left:
        // nothing more is sent to it, and what is known of it is not lost where leaving it hangs.
        let written = file.finish(&outcome);
        match leaving {
            Some(leaving) => self.wait_until_left(&header.insertion, leaving),
            // The chip was not reached, or a panic dropped its link.
            None => self.desk.release(&self.reader),
        }
        self.desk.job_ends(header.job, outcome, file, written);
    }

    /// The chip is this helper's alone from the first command to the last. It is being left when
    /// this is over.
    fn run(
        &mut self,
        shown: &RwLock<RunningJob>,
        header: &JobHeader,
        job: cardwright_perso::Job,
        cancel: &Cancel,
        file: &mut JobFile,
    ) -> (Result<Receipt, Failure>, Option<Leaving>) {
        let run = Run::new(job);
        let patience = Patience::PerCommand(self.desk.limits);
        let link = self.connect(&header.insertion, Sharing::Exclusive, patience, cancel);
        let mut link = match link {
            Ok(link) => link,
            Err(_) if cancel.is_wished() => return (Err(run.cancel()), None),
            Err(error) => return (Err(run.link_lost(error)), None),
        };
        let ended = drive(&self.desk, shown, run, &mut link, cancel, file);
        (ended, Some(link.leave()))
    }

    fn connect(
        &mut self,
        insertion: &InsertionId,
        sharing: Sharing,
        patience: Patience,
        cancel: &Cancel,
    ) -> Result<Link, TransportError> {
        if let Some((lost_with, lost)) = &self.lost {
            if lost.lasts() && lost_with == insertion {
                return Err(lost.error());
            }
            self.lost = None;
        }
        // Before the service can say that the chip is taken. A chip that is shared it never says
        // so of: then it is another program that has it.
        if sharing == Sharing::Exclusive {
            self.desk.take(&self.reader);
        }
        let mut tries = 1;
        let error = loop {
            let kept = self.kept.take();
            match Link::open(kept, &self.reader, sharing, patience, &self.desk.threads) {
                Ok(link) if self.desk.state().readers.lasts(insertion) => return Ok(link),
                Ok(link) => {
                    self.leave(insertion, link);
                    return Err(TransportError::Removed);
                }
                Err((TransportError::Busy, None)) if tries < BUSY_TRIES && !cancel.is_wished() => {
                    tries += 1;
                    cancel.pause(BUSY_PAUSE);
                }
                Err((error, lost)) => {
                    self.lost = lost.map(|lost| (insertion.clone(), lost));
                    break error;
                }
            }
        };
        self.desk.forget(&self.reader);
        Err(error)
    }

    /// Leaves the chip without a security status behind.
    fn leave(&mut self, insertion: &InsertionId, link: Link) {
        self.wait_until_left(insertion, link.leave());
    }

    fn wait_until_left(&mut self, insertion: &InsertionId, leaving: Leaving) {
        (self.kept, self.lost) = match leaving.wait() {
            Ok(kept) => (kept, None),
            Err(lost) => (None, Some((insertion.clone(), lost))),
        };
        self.desk.release(&self.reader);
    }
}

/// Step by step, so that progress can be shown and a wish to stop is heard between two steps.
fn drive(
    desk: &Desk,
    shown: &RwLock<RunningJob>,
    mut run: Run,
    link: &mut Link,
    cancel: &Cancel,
    file: &mut JobFile,
) -> Result<Receipt, Failure> {
    // Challenges are from the operating system's random source by way of a generator that it seeds.
    let mut random = rand::rng();
    let mut told = None;
    loop {
        if cancel.is_wished() {
            return Err(run.cancel());
        }
        let progress = run.progress();
        let running = {
            let mut shown = shown.write().unwrap_or_else(PoisonError::into_inner);
            *shown = convert::progress(&shown, progress);
            shown.clone()
        };
        if let Err(error) = file.note(convert::ahead(progress)) {
            tracing::error!(%error, "the journal did not take the phase of a job");
            return Err(run.link_lost(TransportError::Other));
        }
        // A step within a phase is noted, and shows nothing new.
        if told.as_ref() != Some(&running) {
            desk.job_advances(running.clone());
            told = Some(running);
        }
        run = match run.step(link, &mut random)? {
            Next::Step(run) => run,
            Next::Reset(run) => match link.reset() {
                Ok(()) => run,
                Err(error) => return Err(run.link_lost(error)),
            },
            Next::Done(receipt) => return Ok(receipt),
        };
    }
}
