//! A virtual PIV card behind the PC/SC service, or a whole office of them.

mod arguments;
mod standalone;

use anyhow::{Context, Result};
use arguments::{Arguments, CardArguments, Command};
use cardwright_virtual_card::{VirtualCard, vpcd::Connection};
use clap::Parser;
use std::{
    net::ToSocketAddrs,
    sync::{Arc, Mutex},
};

fn main() -> Result<()> {
    let Arguments { command, card } = Arguments::parse();
    match command {
        None => serve(&card),
        Some(Command::Office { readers, dir }) => standalone::run(readers, dir),
        Some(Command::Inside { readers, dir }) => {
            Ok(cardwright_virtual_card::office::inside::run(&dir, readers)?)
        }
    }
}

/// Puts one card into a reader and stays until it is torn out or the service ends.
fn serve(arguments: &CardArguments) -> Result<()> {
    let address = (arguments.host.as_str(), arguments.port)
        .to_socket_addrs()?
        .next()
        .context("the host has no address")?;
    let card = VirtualCard::new(&arguments.options())?;
    let connection = Connection::open(address, Arc::new(Mutex::new(card)))
        .with_context(|| format!("no virtual reader takes a card at {address}"))?;
    let _left = connection.wait();
    Ok(())
}
