//! What our job sends to a card, as a trace of the card tells it.

use anyhow::{Context as _, ensure};
use cardwright_protocol::chip::ManagementKeyAlgorithm;
use cardwright_seal::{JobContents, ManagementKeySecret};
use serde::{Deserialize, Serialize};

/// What is sent bare, in its order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    /// A command APDU, and the status word that it is to get.
    Send {
        /// In hexadecimal.
        command: String,
        /// As a number.
        status: u16,
    },
    /// Two commands, whose bytes depend on the card's challenge.
    Authenticate {
        /// The algorithm identifier of the key.
        algorithm: u8,
        /// In hexadecimal.
        key: String,
    },
    /// A reset of the card.
    Reset,
}

/// One command of a trace and its answer's status word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exchange {
    pub(crate) command: Vec<u8>,
    pub(crate) status: u16,
}

impl Exchange {
    /// The instruction byte (ISO 7816-4, 5.4.2); 0 for a command that has none.
    pub(crate) fn instruction(&self) -> u8 {
        self.command.get(1).copied().unwrap_or_default()
    }

    /// A part of the authentication by management key (SP 800-73-5 part 2, appendix A.1).
    fn is_authentication(&self) -> bool {
        matches!(self.command[..], [0x00, 0x87, _, 0x9B, ..])
    }
}

/// A line of a trace that says something here.
#[derive(Debug)]
enum Event {
    Exchange(Exchange),
    Reset,
}

/// All commands of a trace that were answered.
pub(crate) fn exchanges(trace: &str) -> anyhow::Result<Vec<Exchange>> {
    let exchange = |event| match event {
        Event::Exchange(exchange) => Some(exchange),
        Event::Reset => None,
    };
    Ok(events(trace)?.into_iter().filter_map(exchange).collect())
}

/// The steps that do what a trace of our job tells.
pub(crate) fn steps(trace: &str, contents: &JobContents) -> anyhow::Result<Vec<Step>> {
    let mut steps = Vec::new();
    let mut is_keyed = false;
    let mut events = events(trace)?.into_iter().peekable();
    while let Some(event) = events.next() {
        let exchange = match event {
            Event::Exchange(exchange) => exchange,
            Event::Reset => {
                // The service resets a card more than once where it is asked to once.
                if !matches!(steps.last(), None | Some(Step::Reset)) {
                    steps.push(Step::Reset);
                }
                continue;
            }
        };
        let has_second =
            |event: &Event| matches!(event, Event::Exchange(second) if second.is_authentication());
        if exchange.is_authentication() && events.next_if(has_second).is_some() {
            let algorithm = exchange.command[2];
            let key = key(contents, algorithm, is_keyed)?;
            steps.push(Step::Authenticate { algorithm, key: hex::encode(key.key.expose()) });
            continue;
        }
        is_keyed |= exchange.instruction() == SET_MANAGEMENT_KEY && exchange.status == 0x9000;
        let Exchange { command, status } = exchange;
        steps.push(Step::Send { command: hex::encode(command), status });
    }
    // The reset with which the job leaves the card is part of every way to leave it.
    if steps.last() == Some(&Step::Reset) {
        steps.pop();
    }
    ensure!(is_keyed, "the trace is not of a whole job");
    Ok(steps)
}

/// Sets the management key (YubiKey family).
pub(crate) const SET_MANAGEMENT_KEY: u8 = 0xFF;

/// The key that a card has before or after it was set.
fn key(
    contents: &JobContents,
    algorithm: u8,
    is_keyed: bool,
) -> anyhow::Result<&ManagementKeySecret> {
    let mut before = contents.candidates.iter().flat_map(|values| &values.management_keys);
    let mut after = contents.management_keys.iter();
    let has_algorithm = |key: &&ManagementKeySecret| identifier(key.algorithm) == algorithm;
    match is_keyed {
        false => before.find(has_algorithm),
        true => after.find(has_algorithm),
    }
    .context("the job knows no such management key")
}

/// SP 800-78-5, table 6-1.
fn identifier(algorithm: ManagementKeyAlgorithm) -> u8 {
    match algorithm {
        ManagementKeyAlgorithm::TripleDes => 0x03,
        ManagementKeyAlgorithm::Aes128 => 0x08,
        ManagementKeyAlgorithm::Aes192 => 0x0A,
        ManagementKeyAlgorithm::Aes256 => 0x0C,
    }
}

/// A line is a time, then `>` and a command, `<` and its answer, or a few words.
fn events(trace: &str) -> anyhow::Result<Vec<Event>> {
    let mut events = Vec::new();
    let mut sent = None;
    for line in trace.lines() {
        let (_, what) = line.trim_start().split_once(' ').context("a line has a time")?;
        match what.split_once(' ') {
            Some((">", command)) => sent = Some(hex::decode(command)?),
            Some(("<", answer)) => {
                let answer = hex::decode(answer)?;
                let status = answer.last_chunk().context("an answer has a status word")?;
                let command = sent.take().context("an answer is to a command")?;
                let status = u16::from_be_bytes(*status);
                events.push(Event::Exchange(Exchange { command, status }));
            }
            _ if what == "reset" => events.push(Event::Reset),
            _ => {}
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cardwright_desk::Registry;
    use cardwright_seal::{OpeningKey, SigningKey};

    #[test]
    fn a_trace_becomes_what_is_sent_bare() {
        let signing = SigningKey::generate();
        let (helper, verifying) = (OpeningKey::generate().sealing_key(), signing.verifying_key());
        let contents = Registry::new(signing, helper, verifying).contents();
        let trace = "\
         1 reset
         2 > 00A40400050000000308
         3 < 6100
         4 > 0087039B047C028000
         5 < 7C0A800801020304050607089000
         6 > 0087039B167C14
         7 < 7C0A82089000
         8 > 00FFFFFF00
         9 < 9000
        10 reset
        11 reset
        12 > 00870C9B047C028000
        13 < 9000
        14 > 00870C9B26
        15 < 9000
        16 reset
";
        let send = |command: &str, status| Step::Send { command: command.to_lowercase(), status };
        let found = steps(trace, &contents).unwrap();
        let [first, Step::Authenticate { algorithm: 3, key }, second, third, fourth] = &found[..]
        else {
            panic!("{found:?}");
        };
        assert_eq!(*first, send("00A40400050000000308", 0x6100));
        assert_eq!(*key, "0102030405060708".repeat(3));
        assert_eq!(*second, send("00FFFFFF00", 0x9000));
        assert_eq!(*third, Step::Reset);
        assert!(matches!(fourth, Step::Authenticate { algorithm: 0x0C, .. }), "{fourth:?}");
        assert_eq!(exchanges(trace).unwrap().len(), 6);
        assert!(steps("1 > 00A4040000\n2 < 9000\n", &contents).is_err());
    }
}
