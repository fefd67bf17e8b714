use crate::{Apdu, CardError, Response, StatusWord, Transport};
use zeroize::Zeroizing;

/// Sends whole commands over a [`Transport`]: chains what is longer than 255 bytes, fetches what
/// the chip holds ready (`61xx`), corrects a length (`6Cxx`), and counts what it transmits.
pub struct Channel<'t> {
    transport: &'t mut dyn Transport,
    /// Every transmission counts, GET RESPONSE and each part of a chain too.
    commands: u32,
}

impl<'t> Channel<'t> {
    /// Starts to count at zero.
    pub fn new(transport: &'t mut dyn Transport) -> Self {
        Self { transport, commands: 0 }
    }

    /// How many command APDUs were transmitted.
    #[must_use]
    pub fn commands(&self) -> u32 {
        self.commands
    }

    /// Sends a command and gives the whole answer, whatever its status word.
    ///
    /// # Errors
    /// [`CardError::Link`] when no answer came, [`CardError::Malformed`] when the chip's answers
    /// have no end, or when it answers a part of a chain as if that were the whole.
    pub fn send(&mut self, command: &Apdu) -> Result<Response, CardError> {
        let mut answer = self.send_parts(command)?;
        if let (0x6C, length) = split(answer.status) {
            answer = self.transmit(&command.corrected(length))?;
        }
        let mut parts = 0;
        while let (0x61, ready) = split(answer.status) {
            parts += 1;
            let more = self.transmit(&[0x00, GET_RESPONSE, 0x00, 0x00, ready])?;
            answer.status = more.status;
            answer.data = join(&answer.data, &more.data);
            let is_endless = parts == MOST_PARTS && split(answer.status).0 == 0x61;
            if is_endless || answer.data.len() > LONGEST_ANSWER || more.data.is_empty() {
                return Err(CardError::Malformed { what: "an answer without end" });
            }
        }
        Ok(answer)
    }

    /// Sends a command that is answered by `9000` or not carried out.
    ///
    /// # Errors
    /// As [`Self::send`], and [`CardError::Refused`] for every status word but `9000`.
    pub fn send_accepted(&mut self, command: &Apdu) -> Result<Zeroizing<Vec<u8>>, CardError> {
        let Response { data, status } = self.send(command)?;
        match status.is_ok() {
            true => Ok(data),
            false => Err(CardError::Refused { status }),
        }
    }

    /// A chain ends early when the chip refuses one of its parts. One that has data ready, or wants
    /// another length, before it has the whole command is not to be believed: what it says next
    /// would pass for the answer to the whole.
    fn send_parts(&mut self, command: &Apdu) -> Result<Response, CardError> {
        let parts = command.transmissions();
        let (last, before) = parts.split_last().expect("a command has at least one transmission");
        for part in before {
            let answer = self.transmit(part)?;
            match split(answer.status) {
                _ if answer.status.is_ok() => {}
                (0x61 | 0x6C, _) => {
                    return Err(CardError::Malformed { what: "an answer to a part of a chain" });
                }
                _ => return Ok(answer),
            }
        }
        self.transmit(last)
    }

    fn transmit(&mut self, bytes: &[u8]) -> Result<Response, CardError> {
        self.commands += 1;
        let mut answer = self.transport.transmit(bytes)?;
        let Some((_, status)) = answer.split_last_chunk::<2>() else {
            return Err(CardError::Malformed { what: "an answer shorter than a status word" });
        };
        let status = StatusWord(u16::from_be_bytes(*status));
        let length = answer.len() - 2;
        answer.truncate(length);
        Ok(Response { data: answer, status })
    }
}

/// ISO 7816-4, 7.6.1.
const GET_RESPONSE: u8 = 0xC0;

/// What an extended response APDU can carry (ISO 7816-4, 5.1): more than any object of SP 800-73-5
/// part 1, table 42 is long.
const LONGEST_ANSWER: usize = 64 * 1024;

/// How often a chip is asked for more. In whole parts of 256 bytes that is 16 KiB, more than any
/// object is long; in parts of 64 bytes it is a signed CHUID still. A chip that has one more byte
/// ready for ever is not listened to for longer.
const MOST_PARTS: u32 = 64;

fn split(status: StatusWord) -> (u8, u8) {
    let [high, low] = status.0.to_be_bytes();
    (high, low)
}

/// A new vector of the right capacity: one that grows leaves copies of its content behind.
fn join(first: &[u8], second: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut joined = Zeroizing::new(Vec::with_capacity(first.len() + second.len()));
    joined.extend(first);
    joined.extend(second);
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TransportError;

    /// Answers in order, and remembers what it was sent.
    struct Script {
        answers: Vec<&'static str>,
        sent: Vec<String>,
    }

    impl Transport for Script {
        fn transmit(&mut self, command: &[u8]) -> Result<Zeroizing<Vec<u8>>, TransportError> {
            self.sent.push(hex::encode_upper(command));
            match self.answers.is_empty() {
                true => Err(TransportError::Removed),
                false => Ok(Zeroizing::new(hex::decode(self.answers.remove(0)).unwrap())),
            }
        }
    }

    fn check(command: Apdu, answers: &[&'static str], outcome: &str, sent: &[&str]) {
        let mut script = Script { answers: answers.to_vec(), sent: Vec::new() };
        let mut channel = Channel::new(&mut script);
        let found = match channel.send(&command) {
            Ok(answer) => format!("{} {}", hex::encode_upper(&*answer.data), answer.status),
            Err(error) => error.to_string(),
        };
        assert_eq!(channel.commands() as usize, sent.len());
        assert_eq!(
            (found.as_str(), script.sent),
            (outcome, sent.iter().map(|s| s.to_string()).collect())
        );
    }

    #[test]
    fn what_is_held_ready_is_fetched() {
        check(
            Apdu::new(0xCB, 0x3F, 0xFF).answered(),
            &["01026102", "03046101", "059000"],
            "0102030405 9000",
            &["00CB3FFF00", "00C0000002", "00C0000001"],
        );
    }

    #[test]
    fn a_wrong_length_is_corrected_once() {
        let command = || Apdu::new(0xCA, 0x9F, 0x7F).in_class(0x80).answered();
        check(command(), &["6C02", "01029000"], "0102 9000", &["80CA9F7F00", "80CA9F7F02"]);
        check(command(), &["6C02", "6C03"], " 6C03", &["80CA9F7F00", "80CA9F7F02"]);
    }

    #[test]
    fn a_chain_ends_where_the_chip_refuses() {
        let part = format!("10DB3FFFFF{}", "00".repeat(255));
        let command = || Apdu::new(0xDB, 0x3F, 0xFF).with_data(vec![0; 256]);
        check(command(), &["6A84"], " 6A84", &[&part]);
        check(command(), &["9000", "9000"], " 9000", &[&part, "00DB3FFF0100"]);
    }

    #[test]
    fn a_part_of_a_chain_is_not_answered_as_if_it_were_the_whole() {
        let part = format!("10DB3FFFFF{}", "00".repeat(255));
        let command = || Apdu::new(0xDB, 0x3F, 0xFF).with_data(vec![0; 256]);
        let malformed = "the chip's answer is malformed: an answer to a part of a chain";
        check(command(), &["6101", "009000"], malformed, &[&part]);
        check(command(), &["6C01", "009000"], malformed, &[&part]);
    }

    #[test]
    fn a_chip_that_drips_is_not_listened_to_for_ever() {
        let ask = |answers: usize, last| {
            let answers = [vec!["006101"; answers], vec![last]].concat();
            let mut script = Script { answers, sent: Vec::new() };
            let mut channel = Channel::new(&mut script);
            let answer = channel.send(&Apdu::new(0xCB, 0x3F, 0xFF));
            (answer.map(|answer| answer.data.len()), channel.commands())
        };
        let endless = CardError::Malformed { what: "an answer without end" };
        assert_eq!(ask(64, "009000"), (Ok(65), 65));
        assert_eq!(ask(65, "009000"), (Err(endless), 65));
    }

    #[test]
    fn answers_without_end_and_too_short_ones_are_refused() {
        let command = || Apdu::new(0xCB, 0x3F, 0xFF);
        let malformed = "the chip's answer is malformed: an answer without end";
        check(command(), &["6110", "6110"], malformed, &["00CB3FFF", "00C0000010"]);
        let short = "the chip's answer is malformed: an answer shorter than a status word";
        check(command(), &["90"], short, &["00CB3FFF"]);
        check(command(), &[], "the chip left the reader", &["00CB3FFF"]);
    }
}
