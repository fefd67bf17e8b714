use super::thinning::Tail;
use crate::files::{for_owner_alone, sync_folder};
use cardwright_protocol::registry::audit::{AuditHead, AuditRestoration, Checkpoint};
use cardwright_seal::{SigningKey, VerifyingKey, sign, verify};
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// The file of checkpoints: what the audit log was, kept outside the database. One line each. Lines
/// are appended; of heads that a program wrote one after the other, and of which each knows all that
/// the one before knew, one for each hundred events or ten minutes is kept.
#[derive(Debug, Clone)]
pub(crate) struct CheckpointFile(PathBuf);

/// A line of it, verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    Head(AuditHead),
    Restored(AuditRestoration),
    /// Nothing that this registry signed.
    Wrong,
}

impl CheckpointFile {
    /// The file of a folder, or another one that was chosen for it.
    pub(crate) fn of(folder: &Path, chosen: Option<&Path>) -> Self {
        Self(folder.join(chosen.unwrap_or(Path::new("audit-checkpoints"))))
    }

    /// What it is called.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Appends the end of the chain, and waits until it is on the disk.
    pub(super) fn append_head(
        &self,
        key: &SigningKey,
        head: &AuditHead,
        tail: &mut Tail,
    ) -> io::Result<()> {
        let line = self.append(&Checkpoint::Head(sign(key, head)))?;
        tail.add(head, line);
        if tail.is_long()
            && let Err(error) = self.thin(tail)
        {
            // It is a longer file, and no worse one.
            tracing::debug!(%error, "all checkpoints are kept");
            *tail = Tail::default();
        }
        Ok(())
    }

    /// Appends that the database is about to be restored, and waits until it is on the disk.
    pub(crate) fn append_restoration(
        &self,
        key: &SigningKey,
        restoration: &AuditRestoration,
    ) -> io::Result<()> {
        self.append(&Checkpoint::Restored(sign(key, restoration))).map(drop)
    }

    /// Appends a line; where it is in the file.
    fn append(&self, checkpoint: &Checkpoint) -> io::Result<Range<u64>> {
        let mut line = serde_json::to_vec(checkpoint)?;
        line.push(b'\n');
        let is_new = !self.0.exists();
        let mut options = File::options();
        options.read(true).append(true).create(true);
        for_owner_alone(&mut options);
        let mut file = self.open_locked(&options)?;
        let end = end_of_lines(&mut file)?;
        // Who restores one copy twice within a second says the same twice. Elsewhere a line that is
        // there twice is one that somebody copied.
        if ends_with(&mut file, end, &line)? {
            return Ok(end - line.len() as u64..end);
        }
        let written = file.write_all(&line).and_then(|()| file.sync_data());
        if written.is_err() {
            // A disk that is full may have taken a part of it.
            let _ = file.set_len(end);
        }
        written?;
        if is_new {
            sync_folder(&self.0)?;
        }
        Ok(end..end + line.len() as u64)
    }

    /// Opens the file when nobody else changes it: another program of this registry may append at
    /// the same time. File systems that know no locks still append each line as one.
    pub(super) fn open_locked(&self, options: &OpenOptions) -> io::Result<File> {
        loop {
            let file = options.open(&self.0)?;
            let _ = file.lock();
            // Whoever had it before may have put another one in its place.
            if is_at(&file, &self.0)? {
                return Ok(file);
            }
        }
    }

    /// Reads all lines, each with its number; none where there is no file.
    ///
    /// # Errors
    /// [`io::Error`] when there is a file and it cannot be read.
    pub(crate) fn read(&self, key: &VerifyingKey) -> io::Result<Vec<Line>> {
        let bytes = self.whole_lines()?;
        Ok(bytes.split_inclusive(|byte| *byte == b'\n').map(|it| line(it, key)).collect())
    }

    /// Reads the lines from the last one on, each verified when it is asked for.
    ///
    /// # Errors
    /// As [`CheckpointFile::read`].
    pub(super) fn read_newest_first(&self, key: &VerifyingKey) -> io::Result<NewestFirst> {
        Ok(NewestFirst { bytes: self.whole_lines()?, key: key.clone() })
    }

    fn whole_lines(&self) -> io::Result<Vec<u8>> {
        let mut bytes = match std::fs::read(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            bytes => bytes?,
        };
        // A line without its end was cut off while it was written: nobody was told that it is there.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        bytes.truncate(whole);
        Ok(bytes)
    }
}

/// The lines of a file, the last one first.
pub(super) struct NewestFirst {
    bytes: Vec<u8>,
    key: VerifyingKey,
}

impl Iterator for NewestFirst {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        let before_last = self.bytes.len().checked_sub(1)?;
        let start = self.bytes[..before_last].iter().rposition(|byte| *byte == b'\n');
        let start = start.map_or(0, |end| end + 1);
        let line = line(&self.bytes[start..], &self.key);
        self.bytes.truncate(start);
        Some(line)
    }
}

/// Whether an open file is still the one of this name.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let place = |it: &std::fs::Metadata| (it.dev(), it.ino());
        match std::fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            there => Ok(place(&there?) == place(&file.metadata()?)),
        }
    }
    #[cfg(not(unix))]
    {
        // Nobody can: an open file keeps its name.
        let _ = (file, path);
        Ok(true)
    }
}

/// Removes what a program that was killed wrote of a line, and says where the lines end.
fn end_of_lines(file: &mut File) -> io::Result<u64> {
    const STEP: u64 = 4096;
    let length = file.metadata()?.len();
    let mut end = length;
    while end > 0 {
        let start = end.saturating_sub(STEP);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        (&*file).take(end - start).read_to_end(&mut bytes)?;
        if let Some(at) = bytes.iter().rposition(|byte| *byte == b'\n') {
            end = start + at as u64 + 1;
            break;
        }
        end = start;
    }
    if end < length {
        file.set_len(end)?;
    }
    Ok(end)
}

/// Whether the lines of so many bytes end with this one.
fn ends_with(file: &mut File, end: u64, line: &[u8]) -> io::Result<bool> {
    let Some(start) = end.checked_sub(line.len() as u64) else { return Ok(false) };
    file.seek(SeekFrom::Start(start))?;
    let mut last = Vec::new();
    (&*file).take(line.len() as u64).read_to_end(&mut last)?;
    Ok(last == line)
}

fn line(bytes: &[u8], key: &VerifyingKey) -> Line {
    let verified = match serde_json::from_slice(bytes) {
        Ok(Checkpoint::Head(signed)) => verify(key, &signed).map(Line::Head),
        Ok(Checkpoint::Restored(signed)) => verify(key, &signed).map(Line::Restored),
        Err(_) => return Line::Wrong,
    };
    verified.unwrap_or(Line::Wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn head(seq: u64) -> AuditHead {
        AuditHead { seq, hash: vec![7; 32].into(), at: "2026-11-22T07:00:00Z".to_owned() }
    }

    fn append(file: &CheckpointFile, key: &SigningKey, seq: u64) {
        file.append_head(key, &head(seq), &mut Tail::default()).unwrap();
    }

    #[test]
    fn a_line_that_was_cut_off_is_no_line_and_hinders_none() {
        let folder = TempDir::new().unwrap();
        let file = CheckpointFile::of(folder.path(), None);
        let key = SigningKey::generate();
        let read = || file.read(&key.verifying_key()).unwrap();
        assert_eq!(read(), []);
        append(&file, &key, 1);
        append(&file, &key, 2);
        let whole = std::fs::read(file.path()).unwrap();
        let first = whole.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for cut in [0, 1, first - 1, first, first + 1, whole.len() - 1] {
            std::fs::write(file.path(), &whole[..cut]).unwrap();
            let before = usize::from(cut >= first);
            assert_eq!(read().len(), before, "{cut}");
            append(&file, &key, 9);
            assert_eq!(read()[before..], [Line::Head(head(9))], "{cut}");
        }
    }

    #[test]
    fn what_was_said_last_is_not_said_again() {
        let folder = TempDir::new().unwrap();
        let file = CheckpointFile::of(folder.path(), None);
        let key = SigningKey::generate();
        let restoration = AuditRestoration {
            seq: 1,
            hash: vec![7; 32].into(),
            event: vec![8; 32].into(),
            known: 1,
            at: "2026-11-22T07:00:00Z".to_owned(),
        };
        append(&file, &key, 1);
        for _ in 0..2 {
            file.append_restoration(&key, &restoration).unwrap();
        }
        append(&file, &key, 1);
        let (head, restored) = (Line::Head(head(1)), Line::Restored(restoration));
        assert_eq!(file.read(&key.verifying_key()).unwrap(), [head.clone(), restored, head]);
    }

    #[test]
    fn a_line_of_somebody_else_is_wrong() {
        let folder = TempDir::new().unwrap();
        let file = CheckpointFile::of(folder.path(), Some(Path::new("elsewhere")));
        let key = SigningKey::generate();
        append(&file, &key, 1);
        let good = std::fs::read_to_string(file.path()).unwrap();
        let text = format!("{good}\n{}{good}", good.replace("head\":{", "restored\":{"));
        std::fs::write(file.path(), text).unwrap();
        let good = Line::Head(head(1));
        let read = file.read(&key.verifying_key()).unwrap();
        assert_eq!(read, [good.clone(), Line::Wrong, Line::Wrong, good]);
        let other = SigningKey::generate().verifying_key();
        assert!(file.read(&other).unwrap().iter().all(|line| *line == Line::Wrong));
    }
}
