//! The thread in which the firmware lives: its parts borrow each other, so they stay on one stack.

use crate::{
    card::{Tries, VirtualCardError},
    firmware::{Ended, Flash, power_on},
    options::CardOptions,
};
use rand_core::{OsRng, RngCore};
use std::{
    sync::mpsc::{Receiver, Sender, channel},
    thread::{self, JoinHandle},
};
use zeroize::Zeroizing;

/// RSA in an unoptimized build, and buffers of several kilobytes in every call of the firmware.
const STACK: usize = 16 * 1024 * 1024;

/// What can be asked of the firmware; each answer goes to its own channel.
pub(crate) enum Request {
    Execute { command: Zeroizing<Vec<u8>>, answer: Sender<Zeroizing<Vec<u8>>> },
    PowerCycle { done: Sender<()> },
    Tries { answer: Sender<Option<Tries>> },
}

/// A running firmware. Dropped, it is powered off and its flash closed.
pub(crate) struct Worker {
    /// `None` only while being dropped: the thread ends when nobody can ask any more.
    requests: Option<Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    pub(crate) fn start(options: &CardOptions) -> Result<Self, VirtualCardError> {
        let seed = options.seed.unwrap_or_else(|| OsRng.next_u64());
        let (index, dialect, state) = (options.index, options.dialect, options.state.clone());
        let (requests, received) = channel();
        let (opened, outcome) = channel();
        let thread = thread::Builder::new()
            .name(format!("virtual card {index}"))
            .stack_size(STACK)
            .spawn(move || {
                // Opened here, since the file systems cannot move between threads.
                let mut flash = match Flash::open(state.as_deref()) {
                    Ok(flash) => flash,
                    Err(error) => {
                        let _ = opened.send(Err(error));
                        return;
                    }
                };
                flash.mounted(|flash| {
                    let _ = opened.send(Ok(()));
                    let mut power_ons = 0;
                    while let Ended::PowerCycle =
                        power_on(flash, (seed, power_ons), index, dialect, &received)
                    {
                        power_ons += 1;
                    }
                });
            })
            .map_err(|_| VirtualCardError::Firmware)?;
        let worker = Self { requests: Some(requests), thread: Some(thread) };
        outcome.recv().map_err(|_| VirtualCardError::Firmware)??;
        Ok(worker)
    }

    /// `None` when the firmware died, as a card can.
    pub(crate) fn execute(&self, command: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let command = Zeroizing::new(command.to_vec());
        self.ask(|answer| Request::Execute { command, answer })
    }

    pub(crate) fn power_cycle(&self) {
        // A dead firmware shows at the next command.
        let _ = self.ask(|done| Request::PowerCycle { done });
    }

    pub(crate) fn tries(&self) -> Option<Tries> {
        self.ask(|answer| Request::Tries { answer }).flatten()
    }

    fn ask<T>(&self, request: impl FnOnce(Sender<T>) -> Request) -> Option<T> {
        let (answer, answered): (Sender<T>, Receiver<T>) = channel();
        self.requests.as_ref()?.send(request(answer)).ok()?;
        answered.recv().ok()
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take() {
            // A firmware that panicked has said so on standard error.
            let _ = thread.join();
        }
    }
}
