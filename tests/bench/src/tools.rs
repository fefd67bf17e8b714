//! The tools that people use today, told to do what our job does as far as they can: neither writes
//! our card id, reads anything back or proves anything.

use crate::script::{Exchange, SET_MANAGEMENT_KEY};
use anyhow::{Context as _, bail, ensure};
use cardwright_card::objects::{CardCapability, CardHolder, CardId, ExpiryDate, FascN, Guid};
use cardwright_seal::JobContents;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What the factory gives (the virtual card's firmware, as most).
const FACTORY_PIN: &str = "123456";
const FACTORY_PUK: &str = "12345678";
const FACTORY_KEY: &str = "010203040506070801020304050607080102030405060708";

/// A management key for a tool that knows 3DES alone.
const NEW_KEY: &str = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718";

/// The tools, ready to be run at one PC/SC service.
#[derive(Debug)]
pub(crate) struct Tools {
    socket: PathBuf,
    folder: PathBuf,
    pin: String,
    puk: String,
}

/// One process of a tool.
struct Process {
    program: &'static str,
    arguments: Vec<String>,
    /// Its exit code says nothing: what it did was seen once on the card.
    may_fail: bool,
}

impl Tools {
    /// Writes the files that the tools are given into a folder.
    pub(crate) fn prepare(
        socket: &Path,
        folder: &Path,
        contents: &JobContents,
    ) -> anyhow::Result<Self> {
        let digits = |secret: &[u8]| String::from_utf8(secret.to_vec());
        let tools = Self {
            socket: socket.to_owned(),
            folder: folder.to_owned(),
            pin: digits(contents.pin.expose())?,
            puk: digits(contents.puk.expose())?,
        };
        let card_id: [u8; 14] = contents.card_id.0.as_slice().try_into()?;
        let guid: [u8; 16] = contents.guid.0.as_slice().try_into()?;
        let capability = CardCapability { card_id: CardId(card_id) }.build();
        let holder = CardHolder {
            fasc_n: FascN::parse(&contents.fasc_n.0)?,
            guid: Guid(guid),
            expiry: ExpiryDate::parse(contents.expires_on.as_bytes())?,
        };
        std::fs::write(tools.file("ccc"), in_template(&capability)?)?;
        std::fs::write(tools.file("chuid"), in_template(&holder.build()?)?)?;
        std::fs::write(tools.file("factory.key"), with_colons(FACTORY_KEY))?;
        Ok(tools)
    }

    /// Runs the six processes of yubico-piv-tool, and tells how long they took together.
    pub(crate) fn yubico(&self, reader: &str) -> anyhow::Result<Duration> {
        let output = self.file("public-key.pem");
        let output = output.to_string_lossy();
        self.run(
            [
                &["-a", "set-chuid"][..],
                &["-a", "set-ccc"],
                &["-a", "change-puk", "-P", FACTORY_PUK, "-N", &self.puk],
                &["-a", "change-pin", "-P", FACTORY_PIN, "-N", &self.pin],
                &["-a", "generate", "-s", "9a", "-A", "ECCP256", "-o", &output],
                &["-a", "set-mgm-key", "-n", NEW_KEY],
            ]
            .map(|arguments| Process {
                program: "yubico-piv-tool",
                arguments: [&["-r", reader], arguments]
                    .concat()
                    .into_iter()
                    .map(Into::into)
                    .collect(),
                may_fail: false,
            }),
        )
    }

    /// Runs the five processes of OpenSC, and tells how long they took together.
    ///
    /// OpenSC 0.23 ends with the number of bytes where it wrote an object; it makes the key on the
    /// card and then stumbles over its public half.
    pub(crate) fn open_sc(&self, reader: &str) -> anyhow::Result<Duration> {
        let (ccc, chuid) = (self.file("ccc"), self.file("chuid"));
        let (ccc, chuid) = (ccc.to_string_lossy(), chuid.to_string_lossy());
        let puk = change(0x81, FACTORY_PUK, &self.puk);
        let pin = change(0x80, FACTORY_PIN, &self.pin);
        let key = with_colons(&format!("00ffffff1b039b18{NEW_KEY}"));
        let admin = ["-A", "M:9B:03"];
        let piv_tool = |more: &[&str], may_fail| Process {
            program: "piv-tool",
            arguments: [&["--reader", reader], &admin[..], more]
                .concat()
                .into_iter()
                .map(Into::into)
                .collect(),
            may_fail,
        };
        self.run([
            piv_tool(&["-O", "3000", "-i", &chuid], true),
            piv_tool(&["-O", "DB00", "-i", &ccc], true),
            Process {
                program: "opensc-tool",
                arguments: ["--reader", reader, "-s", &puk, "-s", &pin]
                    .into_iter()
                    .map(Into::into)
                    .collect(),
                may_fail: false,
            },
            piv_tool(&["-G", "9A:11"], true),
            piv_tool(&["-s", &key], false),
        ])
    }

    fn run<const N: usize>(&self, processes: [Process; N]) -> anyhow::Result<Duration> {
        let begun = Instant::now();
        for Process { program, arguments, may_fail } in &processes {
            let output = Command::new(program)
                .args(arguments)
                .env("PCSCLITE_CSOCK_NAME", &self.socket)
                .env("PIV_EXT_AUTH_KEY", self.file("factory.key"))
                .stdin(Stdio::null())
                .output()
                .with_context(|| format!("cannot start {program}"))?;
            if !output.status.success() && !may_fail {
                let said = String::from_utf8_lossy(&output.stderr);
                bail!("{program} {arguments:?} ended with {}: {said}", output.status);
            }
        }
        Ok(begun.elapsed())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Fails unless a card was told, with success, all that makes a job of this kind: two objects, PUK
/// and PIN, a key, the management key.
pub(crate) fn check_whole(whose: &str, exchanges: &[Exchange]) -> anyhow::Result<()> {
    let done = |instruction: u8| {
        exchanges
            .iter()
            .filter(|exchange| exchange.instruction() == instruction && exchange.status == 0x9000)
            .count()
    };
    for (instruction, times) in [(0xDB, 2), (0x24, 2), (0x47, 1), (SET_MANAGEMENT_KEY, 1)] {
        let found = done(instruction);
        ensure!(found >= times, "{whose}: {found} of {times} commands {instruction:02X} succeeded");
    }
    Ok(())
}

/// Tag `53` and a length (SP 800-73-5 part 2, 3.3.2), as OpenSC wants its files.
fn in_template(object: &[u8]) -> anyhow::Result<Vec<u8>> {
    let length = u8::try_from(object.len()).ok().filter(|length| *length < 0x80);
    let length = length.context("an object of less than 128 bytes")?;
    Ok([&[0x53, length], object].concat())
}

/// CHANGE REFERENCE DATA (SP 800-73-5 part 2, 3.2.2) as OpenSC wants its arguments.
fn change(reference: u8, before: &str, after: &str) -> String {
    let mut command = vec![0x00, 0x24, 0x00, reference, 16];
    for value in [before, after] {
        let padding = std::iter::repeat_n(0xFF, 8_usize.saturating_sub(value.len()));
        command.extend(value.bytes().chain(padding));
    }
    with_colons(&hex::encode(command))
}

/// `0A0B` as `0A:0B`.
fn with_colons(digits: &str) -> String {
    let pairs: Vec<&str> =
        digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or("")).collect();
    pairs.join(":")
}
