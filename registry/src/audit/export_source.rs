//! The bytes of an export, read piece by piece: it may be larger than memory.

use super::export::SIGNED;
use sha2::{Digest as _, Sha256};
use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

/// How the statement of the last record begins there.
const STATEMENT: &[u8] = b"{\"\"head\"\":";

/// Longer than any record that signs an export, in bytes.
const MAX_LINE: usize = 1024 * 1024;

/// What an export is read from, as often as is needed.
pub(crate) trait Source {
    /// From its begin.
    fn open(&self) -> io::Result<Box<dyn Read + '_>>;
}

impl Source for Path {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(File::open(self)?))
    }
}

impl Source for [u8] {
    fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        Ok(Box::new(self))
    }
}

/// What is signed, and the record that signs it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Split {
    /// Length of what is signed, in bytes.
    pub(super) body: u64,
    /// How many lines end in that.
    pub(super) lines: u64,
    /// The record behind it; nothing when there is none.
    pub(super) last: Vec<u8>,
}

/// A line that ends with CR LF, or the rest of the file.
#[derive(Debug, Default)]
struct RawLine {
    start: u64,
    /// How many lines end before it.
    lines_before: u64,
    /// All of it, or as much as may be.
    bytes: Vec<u8>,
    length: u64,
}

/// Finds the record that signs, if the last line is one.
pub(super) fn split<S: Source + ?Sized>(source: &S) -> io::Result<Split> {
    let mut reader = BufReader::new(source.open()?);
    let (mut last, mut line) = (RawLine::default(), RawLine::default());
    let (mut position, mut lines, mut before) = (0_u64, 0_u64, 0_u8);
    loop {
        let mut piece = Vec::new();
        (&mut reader).take(MAX_LINE as u64).read_until(b'\n', &mut piece)?;
        let Some(end) = piece.last().copied() else { break };
        let second_last = piece.len().checked_sub(2).map_or(before, |at| piece[at]);
        position += piece.len() as u64;
        line.length += piece.len() as u64;
        let room = MAX_LINE.saturating_sub(line.bytes.len()).min(piece.len());
        line.bytes.extend(&piece[..room]);
        lines += u64::from(end == b'\n');
        if (second_last, end) == (b'\r', b'\n') {
            last = std::mem::take(&mut line);
            line = RawLine { start: position, lines_before: lines, ..RawLine::default() };
        }
        before = end;
    }
    // Whatever else is on the last line, it was that record if it still begins or ends like it.
    let is_whole = line.length == 0 && last.length == last.bytes.len() as u64;
    let is_signed = last.bytes.starts_with(SIGNED.as_bytes())
        || last.bytes.windows(STATEMENT.len()).any(|it| it == STATEMENT);
    Ok(match is_whole && is_signed {
        true => Split { body: last.start, lines: last.lines_before, last: last.bytes },
        false => Split { body: position, lines, last: Vec::new() },
    })
}

/// SHA-256 of so many bytes, and whether they begin with these.
pub(super) fn digest<S: Source + ?Sized>(
    source: &S,
    length: u64,
    begin: &[u8],
) -> io::Result<(Vec<u8>, bool)> {
    let mut reader = BufReader::new(source.open()?.take(length));
    let (mut hasher, mut begins, mut rest) = (Sha256::new(), true, begin);
    loop {
        let piece = reader.fill_buf()?;
        if piece.is_empty() {
            return Ok((hasher.finalize().to_vec(), begins && rest.is_empty()));
        }
        hasher.update(piece);
        let both = rest.len().min(piece.len());
        begins &= rest[..both] == piece[..both];
        rest = &rest[both..];
        let length = piece.len();
        reader.consume(length);
    }
}

/// Holds what the registry would write against what is there.
pub(super) struct Written<'a> {
    there: BufReader<io::Take<Box<dyn Read + 'a>>>,
    /// How many lines ended so far.
    lines: u64,
    pub(super) difference: Option<Difference>,
}

/// Where the first difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Difference {
    /// In this line.
    In(u64),
    /// What is there goes on, or ends before.
    Length,
}

impl<'a> Written<'a> {
    /// Begins, with so many bytes that are there.
    pub(super) fn new<S: Source + ?Sized>(source: &'a S, length: u64) -> io::Result<Self> {
        let there = BufReader::new(source.open()?.take(length));
        Ok(Self { there, lines: 0, difference: None })
    }

    /// The next bytes that the registry would write.
    pub(super) fn add(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while self.difference.is_none() && !bytes.is_empty() {
            let there = self.there.fill_buf()?;
            let both = there.len().min(bytes.len());
            let same = there[..both].iter().zip(bytes).position(|(one, other)| one != other);
            let length = same.unwrap_or(both);
            self.lines += lines(&there[..length]);
            if same.is_some() {
                self.difference = Some(Difference::In(self.lines + 1));
            } else if both == 0 {
                self.difference = Some(Difference::Length);
            }
            self.there.consume(both);
            bytes = &bytes[both..];
        }
        Ok(())
    }

    /// All was written: the first difference.
    pub(super) fn end(mut self) -> io::Result<Option<Difference>> {
        let more = !self.there.fill_buf()?.is_empty();
        Ok(self.difference.or(more.then_some(Difference::Length)))
    }
}

/// Counts the lines before records, in their order, while they are read.
pub(super) struct Counted<R> {
    reader: R,
    seen: Rc<RefCell<Seen>>,
}

/// What was read and not counted yet.
#[derive(Debug, Default)]
pub(super) struct Seen {
    position: u64,
    bytes: Vec<u8>,
    lines: u64,
}

impl<R: Read> Counted<R> {
    pub(super) fn new(reader: R) -> (Self, Rc<RefCell<Seen>>) {
        let seen = Rc::<RefCell<Seen>>::default();
        (Self { reader, seen: Rc::clone(&seen) }, seen)
    }
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.reader.read(buffer)?;
        self.seen.borrow_mut().bytes.extend(&buffer[..length]);
        Ok(length)
    }
}

impl Seen {
    /// The line in which the record begins that was read from here.
    pub(super) fn line_of(&mut self, position: u64) -> u64 {
        let start = position.saturating_sub(self.position);
        let mut start = usize::try_from(start).unwrap_or(usize::MAX).min(self.bytes.len());
        // The reader leaves the end of a line for the next record.
        while matches!(self.bytes.get(start), Some(b'\r' | b'\n')) {
            start += 1;
        }
        self.lines += lines(&self.bytes[..start]);
        self.bytes.drain(..start);
        self.position += start as u64;
        self.lines + 1
    }
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &[u8], body: u64, lines: u64, last: &[u8]) {
        let expected = Split { body, lines, last: last.to_vec() };
        assert_eq!(split(text).unwrap(), expected, "{}", String::from_utf8_lossy(text));
    }

    #[test]
    fn the_record_that_signs_is_the_last_line() {
        check(b"", 0, 0, b"");
        check(b"a\r\nsigned,b\r\n", 3, 1, b"signed,b\r\n");
        check(b"a\nb\r\nsigned,b\nc\r\n", 5, 2, b"signed,b\nc\r\n");
        check(b"signed,b\r\n", 0, 0, b"signed,b\r\n");
        check(b"a\r\nb\r\n", 6, 2, b"");
        check(b"a\r\nsigned,b\r\n\r\n", 15, 3, b"");
        check(b"a\r\nsigned,b", 11, 1, b"");
        check(b"a\r\nx,\"{\"\"head\"\":\r\n", 3, 1, b"x,\"{\"\"head\"\":\r\n");
    }

    #[test]
    fn a_line_without_end_is_not_kept() {
        let mut text = b"signed,".to_vec();
        text.resize(3 * MAX_LINE + 7, b'x');
        text.extend(b"\r\n");
        check(&text, text.len() as u64, 1, b"");
    }
}
