//! Has the chip in a reader for itself until its standard input ends.

use anyhow::Context as _;
use pcsc::{Card, Context, Disposition, Protocols, ReaderState, Scope, ShareMode, State};
use std::ffi::{CStr, CString};
use std::io::Read as _;
use std::time::{Duration, Instant};

/// How long somebody else may have the chip before.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is tried meanwhile.
const PAUSE: Duration = Duration::from_millis(50);

#[allow(clippy::print_stdout)]
fn main() -> anyhow::Result<()> {
    let reader = CString::new(std::env::args().nth(1).context("usage: occupy READER")?)?;
    let context = Context::establish(Scope::User)?;
    let card = connect(&context, &reader)?;
    println!("occupied");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    card.disconnect(Disposition::ResetCard).map_err(|(_, error)| error)?;
    Ok(())
}

/// The helper may have the chip for a moment yet, after it has told what it found.
fn connect(context: &Context, reader: &CStr) -> anyhow::Result<Card> {
    let begun = Instant::now();
    let mut state = [ReaderState::new(reader, State::UNAWARE)];
    loop {
        match context.connect(reader, ShareMode::Exclusive, Protocols::ANY) {
            Err(pcsc::Error::SharingViolation) if begun.elapsed() < PATIENCE => {}
            connected => return Ok(connected?),
        }
        // A reader that is free again may be no change: then this ends by its time.
        let _ = context.get_status_change(PAUSE, &mut state);
        state[0].sync_current_state();
    }
}
