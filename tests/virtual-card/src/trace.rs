use crate::{card::VirtualCardError, options::Trace};
use std::{
    fs::{File, OpenOptions},
    io::Write,
    time::Instant,
};

/// One command and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceEntry {
    /// The command APDU as it was sent.
    pub command: Vec<u8>,
    /// The response APDU; `None` when the card was torn out.
    pub answer: Option<Vec<u8>>,
}

/// Writes down what passes between the reader and the card.
pub(crate) struct Recorder {
    /// What [`Trace::Memory`] asked for.
    pub(crate) entries: Vec<TraceEntry>,
    sink: Sink,
    /// Times in a file count from here.
    start: Instant,
}

enum Sink {
    Off,
    Memory,
    File(File),
}

impl Recorder {
    pub(crate) fn new(trace: &Trace) -> Result<Self, VirtualCardError> {
        let sink = match trace {
            Trace::Off => Sink::Off,
            Trace::Memory => Sink::Memory,
            Trace::File(path) => Sink::File(
                OpenOptions::new()
                    .create(true)
                    .append(true)
                    .open(path)
                    .map_err(|cause| VirtualCardError::Trace { path: path.clone(), cause })?,
            ),
        };
        Ok(Self { entries: Vec::new(), sink, start: Instant::now() })
    }

    pub(crate) fn exchange(&mut self, command: &[u8], answer: Option<&[u8]>) {
        match self.sink {
            Sink::Off => {}
            Sink::Memory => self
                .entries
                .push(TraceEntry { command: command.to_vec(), answer: answer.map(<[u8]>::to_vec) }),
            Sink::File(_) => {
                self.line(&format!("> {}", hex::encode_upper(command)));
                match answer {
                    Some(answer) => self.line(&format!("< {}", hex::encode_upper(answer))),
                    None => self.line("torn out"),
                }
            }
        }
    }

    pub(crate) fn event(&mut self, what: &str) {
        self.line(what);
    }

    fn line(&mut self, text: &str) {
        let micros = self.start.elapsed().as_micros();
        if let Sink::File(file) = &mut self.sink {
            // A full disk must not change how the card answers.
            let _ = writeln!(file, "{micros:>10} {text}");
        }
    }
}
