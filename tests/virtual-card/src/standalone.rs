use anyhow::Result;
use cardwright_virtual_card::{
    CardOptions,
    office::{Office, OfficeOptions},
};
use std::{
    io::{self, BufRead, Write},
    path::PathBuf,
};

/// Starts an office with card i in reader i, prints the path for `PCSCLITE_CSOCK_NAME`, and does
/// what lines on standard input say (`insert READER INDEX`, `remove READER`, `stop`, `start`)
/// until it closes. Killed by a signal, the office ends as well.
pub(crate) fn run(readers: usize, dir: PathBuf) -> Result<()> {
    let office =
        Office::start(&OfficeOptions { readers, dir, program: Some(std::env::current_exe()?) })?;
    for reader in 0..readers {
        office.insert(reader, CardOptions::new(u16::try_from(reader)?))?;
    }
    say(&office.csock_name().display().to_string())?;
    for line in io::stdin().lock().lines() {
        match obey(&office, &line?) {
            Ok(()) => say("done")?,
            Err(error) => say(&format!("refused: {error:#}"))?,
        }
    }
    Ok(())
}

fn obey(office: &Office, line: &str) -> Result<()> {
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["insert", reader, index] => {
            office.insert(reader.parse()?, CardOptions::new(index.parse()?))?;
        }
        ["remove", reader] => office.remove(reader.parse()?)?,
        ["stop"] => office.stop_service()?,
        ["start"] => office.start_service()?,
        _ => anyhow::bail!("insert READER INDEX, remove READER, stop or start"),
    }
    Ok(())
}

fn say(line: &str) -> io::Result<()> {
    let mut output = io::stdout().lock();
    writeln!(output, "{line}")?;
    output.flush()
}
