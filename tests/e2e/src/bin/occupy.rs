//! Has the chip in a reader for itself until its standard input ends.

use anyhow::Context as _;
use pcsc::{Context, Disposition, Protocols, Scope, ShareMode};
use std::ffi::CString;
use std::io::Read as _;

#[allow(clippy::print_stdout)]
fn main() -> anyhow::Result<()> {
    let reader = CString::new(std::env::args().nth(1).context("usage: occupy READER")?)?;
    let context = Context::establish(Scope::User)?;
    let card = context.connect(&reader, ShareMode::Exclusive, Protocols::ANY)?;
    println!("occupied");
    std::io::stdin().read_to_end(&mut Vec::new())?;
    card.disconnect(Disposition::ResetCard).map_err(|(_, error)| error)?;
    Ok(())
}
