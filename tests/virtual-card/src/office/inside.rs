//! The process inside an office's namespaces: the first of its process namespace, so that the
//! kernel ends all others when it ends.

use super::{
    conversation::{Numbered, Reply, Request},
    error::OfficeError,
    service::Service,
    slots::{Slots, with_cause},
};
use std::{
    fs::File,
    io::{self, BufRead, Write},
    path::Path,
    process,
    sync::mpsc::{Receiver, channel},
    thread,
};

/// Runs the office's service and cards, as told by lines on standard input, until that closes:
/// what `cardwright-virtual-card inside` does, for [`Office`](super::Office) alone.
///
/// # Errors
/// When standard output closes.
pub fn run(dir: &Path, readers: usize) -> io::Result<()> {
    let requests = requests();
    let (_lock, mut office) = match start(dir, readers) {
        Ok(started) => started,
        Err(error) => return say(0, Reply::Refused(with_cause(&error))),
    };
    say(0, Reply::Done)?;
    while let Ok(Numbered { number, content }) = requests.recv() {
        match office.carry_out(number, content) {
            Ok(Some(reply)) => say(number, reply)?,
            Ok(None) => {}
            Err(error) => say(number, Reply::Refused(with_cause(&error)))?,
        }
    }
    Ok(())
}

struct Inside {
    service: Service,
    slots: Slots,
}

fn start(dir: &Path, readers: usize) -> Result<(File, Inside), OfficeError> {
    let lock = lock(dir)?;
    let mut service = Service::prepare(dir, readers)?;
    service.start()?;
    Ok((lock, Inside { service, slots: Slots::new(dir.to_owned(), readers) }))
}

impl Inside {
    /// `None` where the reply comes later.
    fn carry_out(&mut self, number: u64, request: Request) -> Result<Option<Reply>, OfficeError> {
        self.slots.forget_what_left();
        let runs = self.service.is_running();
        match request {
            Request::Insert { reader, card } => self.slots.insert(reader, *card, runs)?,
            Request::Remove { reader } => self.slots.remove(reader)?,
            Request::SwapBetweenPolls { reader, card } => {
                self.slots.remove(reader)?;
                self.slots.insert_unnoticed(reader, *card, runs)?;
            }
            Request::SwapUnnoticed { reader, card } => self.slots.swap_unnoticed(reader, *card)?,
            Request::Fail { reader, fault } => self.slots.fail(reader, fault)?,
            Request::Hold { reader, gate } => self.slots.hand(reader)?.hold_at(gate),
            Request::AwaitHold { reader, within } => {
                let hand = self.slots.hand(reader)?;
                // Others go on meanwhile. An error says that nobody listens any more.
                thread::spawn(move || say(number, Reply::Holds(hand.holds_within(within))));
                return Ok(None);
            }
            Request::LetGo { reader } => self.slots.hand(reader)?.let_go(),
            Request::Tries { reader } => return Ok(Some(Reply::Tries(self.slots.tries(reader)?))),
            Request::StopService => {
                self.service.stop()?;
                self.slots.disconnect();
            }
            Request::StartService => {
                self.service.start()?;
                self.slots.connect()?;
            }
        }
        Ok(Some(Reply::Done))
    }
}

/// Two offices on one folder would write the same cards.
fn lock(dir: &Path) -> Result<File, OfficeError> {
    let failed = |cause| OfficeError::Folder { path: dir.to_owned(), cause };
    let file = File::create(dir.join("lock")).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(_) => Err(OfficeError::Refused(format!("another office uses {}", dir.display()))),
    }
}

/// Reads requests beside the work, and ends the process as soon as nobody can ask any more, also
/// in the middle of one.
fn requests() -> Receiver<Numbered<Request>> {
    let (requests, received) = channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let request = line.ok().and_then(|line| serde_json::from_str(&line).ok());
            let Some(request) = request else { break };
            if requests.send(request).is_err() {
                break;
            }
        }
        process::exit(0);
    });
    received
}

fn say(number: u64, content: Reply) -> io::Result<()> {
    let mut output = io::stdout().lock();
    serde_json::to_writer(&mut output, &Numbered { number, content })?;
    output.write_all(b"\n")?;
    output.flush()
}
