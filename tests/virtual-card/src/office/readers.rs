//! The readers' names and ports, and the configuration that makes them.

use super::error::OfficeError;
use crate::vpcd::DEFAULT_PORT;
use std::{
    fmt::Write,
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    path::Path,
};

/// The driver makes two readers for one entry, and only one entry may name one file.
const READERS_PER_ENTRY: usize = 2;

/// As many as `pcscd` takes.
const MAXIMUM: usize = 16;

pub(super) fn check_count(readers: usize) -> Result<(), OfficeError> {
    match readers {
        ..=MAXIMUM => Ok(()),
        _ => Err(OfficeError::Readers),
    }
}

/// The name that PC/SC gives to a reader (from 0) of an office.
#[must_use]
pub fn reader_name(reader: usize) -> String {
    let slot = reader % READERS_PER_ENTRY;
    format!("{} 00 {slot:02}", entry_name(reader / READERS_PER_ENTRY))
}

/// Where the driver waits for the card of a reader (from 0), in the office's own network.
pub(super) fn address(reader: usize) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, DEFAULT_PORT + reader as u16).into()
}

/// Writes the configuration for `pcscd` and the driver's copies into the folder `configuration`.
pub(super) fn configure(configuration: &Path, driver: &Path, readers: usize) -> io::Result<()> {
    let drivers = configuration.with_file_name("drivers");
    for folder in [configuration, &drivers] {
        fs::create_dir_all(folder)?;
    }
    let mut text = String::new();
    for entry in 0..readers.div_ceil(READERS_PER_ENTRY) {
        let copy = drivers.join(format!("vpcd-{entry}.so"));
        fs::copy(driver, &copy)?;
        let port = address(entry * READERS_PER_ENTRY).port();
        let (name, copy) = (entry_name(entry), copy.display());
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:0x{port:04X}\nLIBPATH {copy}\n\
             CHANNELID 0x{port:04X}\n"
        );
    }
    fs::write(configuration.join("readers"), text)
}

/// The service numbers readers of one name only within one entry, so each entry has its own name.
fn entry_name(entry: usize) -> String {
    match entry {
        0 => "Virtual PCD".into(),
        _ => format!("Virtual PCD {}", char::from(b'A' + entry as u8)),
    }
}
