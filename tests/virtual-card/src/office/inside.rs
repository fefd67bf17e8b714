//! The process inside an office's namespaces: the first of its process namespace, so that the
//! kernel ends all others when it ends.

use super::{
    conversation::{Reply, Request},
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
        Err(error) => return say(&Reply::Refused(with_cause(&error))),
    };
    say(&Reply::Done)?;
    while let Ok(request) = requests.recv() {
        let reply = office.carry_out(request);
        say(&reply.unwrap_or_else(|error| Reply::Refused(with_cause(&error))))?;
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
    fn carry_out(&mut self, request: Request) -> Result<Reply, OfficeError> {
        self.slots.forget_what_left();
        let runs = self.service.is_running();
        match request {
            Request::Insert { reader, card } => self.slots.insert(reader, *card, runs)?,
            Request::Remove { reader } => self.slots.remove(reader)?,
            Request::SwapBetweenPolls { reader, card } => {
                self.slots.remove(reader)?;
                self.slots.insert_at_once(reader, *card, runs)?;
            }
            Request::Fail { reader, fault } => self.slots.fail(reader, fault)?,
            Request::Tries { reader } => return Ok(Reply::Tries(self.slots.tries(reader)?)),
            Request::StopService => {
                self.service.stop()?;
                self.slots.disconnect();
            }
            Request::StartService => {
                self.service.start()?;
                self.slots.connect()?;
            }
        }
        Ok(Reply::Done)
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
fn requests() -> Receiver<Request> {
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

fn say(reply: &Reply) -> io::Result<()> {
    let mut output = io::stdout().lock();
    serde_json::to_writer(&mut output, reply)?;
    output.write_all(b"\n")?;
    output.flush()
}
