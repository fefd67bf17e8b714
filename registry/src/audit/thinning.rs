//! What is left of the lines that a program wrote into the file of checkpoints.
//!
//! Each knows all that the one before knew: of a log that goes on, the last one says as much as all.
//! But a copy of the database is vouched for by what was signed before it was made, and a log that
//! somebody cut by what was signed before the cut: so one is kept now and then.

use super::checkpoints::CheckpointFile;
use crate::files::NewFile;
use cardwright_protocol::registry::audit::AuditHead;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::iter;
use std::ops::Range;
use std::time::{Duration, Instant};

/// So many lines more than are needed a program leaves at the end of the file.
const MOST_LINES: u64 = 250;

/// A line is kept after so many events,
const EVENTS: u64 = 100;

/// or after this time, whichever is first.
const TIME: Duration = Duration::from_mins(10);

/// Lines at the end of the file that one program wrote, in bytes of the file: heads, of which each
/// knows all that the one before knew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tail {
    begins: u64,
    lines: u64,
    kept: Vec<Range<u64>>,
    /// The event of the newest line that is kept, or of the first line, and when it was written.
    since: Option<(u64, Instant)>,
    last: Range<u64>,
}

impl Tail {
    /// A program wrote a line, there.
    pub(super) fn add(&mut self, head: &AuditHead, line: Range<u64>) {
        // Somebody else wrote between: that is kept, and so is what was before it.
        if self.last.end != line.start || self.lines == 0 {
            *self = Self { begins: line.start, ..Self::default() };
        }
        let now = Instant::now();
        let (seq, at) = *self.since.get_or_insert((head.seq, now));
        if head.seq.saturating_sub(seq) >= EVENTS || now.duration_since(at) >= TIME {
            self.kept.push(line.clone());
            self.since = Some((head.seq, now));
        }
        self.lines += 1;
        self.last = line;
    }

    /// Whether it is time to leave less of it.
    pub(super) fn is_long(&self) -> bool {
        self.lines > MOST_LINES
    }
}

impl CheckpointFile {
    /// Leaves the last line of what a program itself wrote, and one now and then. Killed at any
    /// moment, it leaves all of them or these.
    pub(super) fn thin(&self, tail: &mut Tail) -> io::Result<()> {
        if tail.lines > 1 {
            let path = self.path().canonicalize()?;
            let mut file = self.open_locked(File::options().read(true))?;
            if file.metadata()?.len() == tail.last.end {
                let new = NewFile::begin_in_place_of(&path, &file)?;
                let mut out = File::options().append(true).open(new.unfinished())?;
                let last = Some(tail.last.clone()).filter(|last| tail.kept.last() != Some(last));
                let before = iter::once(0..tail.begins);
                for part in before.chain(tail.kept.clone()).chain(last) {
                    file.seek(SeekFrom::Start(part.start))?;
                    io::copy(&mut (&file).take(part.end - part.start), &mut out)?;
                }
                new.replace()?;
            }
        }
        *tail = Tail::default();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::checkpoints::Line;
    use super::*;
    use cardwright_protocol::registry::audit::AuditHead;
    use cardwright_seal::SigningKey;
    use tempfile::TempDir;

    fn head(seq: u64) -> AuditHead {
        AuditHead { seq, hash: vec![7; 32].into(), at: "2026-11-22T07:00:00Z".to_owned() }
    }

    fn seqs(file: &CheckpointFile, key: &SigningKey) -> Vec<u64> {
        let seq = |line| match line {
            Line::Head(head) => head.seq,
            other => panic!("{other:?}"),
        };
        file.read(&key.verifying_key()).unwrap().into_iter().map(seq).collect()
    }

    #[test]
    fn of_a_long_run_one_line_for_a_hundred_events_is_kept_and_always_the_last() {
        let folder = TempDir::new().unwrap();
        let file = CheckpointFile::of(folder.path(), None);
        let key = SigningKey::generate();
        for seq in 1..=2 {
            file.append_head(&key, &head(seq), &mut Tail::default()).unwrap();
        }
        let mut tail = Tail::default();
        let mut newest = String::new();
        for seq in 3..=3 * MOST_LINES {
            file.append_head(&key, &head(seq), &mut tail).unwrap();
            let text = std::fs::read_to_string(file.path()).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            let last = lines[lines.len() - 1];
            assert!(last != newest && lines.len() as u64 <= MOST_LINES + 15, "{seq}");
            newest = last.to_owned();
        }
        file.thin(&mut tail).unwrap();
        assert_eq!(seqs(&file, &key), [1, 2, 103, 203, 253, 354, 454, 504, 605, 705, 750]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
        let newest = file.read_newest_first(&key.verifying_key()).unwrap().next();
        assert_eq!(newest, Some(Line::Head(head(750))));
    }

    #[test]
    fn of_a_slow_run_a_line_is_kept_for_every_ten_minutes() {
        let mut tail = Tail::default();
        tail.add(&head(1), 0..10);
        tail.add(&head(2), 10..20);
        assert!(tail.kept.is_empty());
        tail.since = Instant::now().checked_sub(TIME).map(|long_ago| (1, long_ago));
        tail.add(&head(3), 20..30);
        tail.add(&head(4), 30..40);
        assert_eq!(tail.kept.iter().map(|line| line.start).collect::<Vec<_>>(), [20]);
    }

    #[test]
    fn what_somebody_else_wrote_is_kept() {
        let folder = TempDir::new().unwrap();
        let file = CheckpointFile::of(folder.path(), None);
        let key = SigningKey::generate();
        let (mut one, mut other) = (Tail::default(), Tail::default());
        for seq in 1..=2 {
            file.append_head(&key, &head(seq), &mut one).unwrap();
        }
        file.append_head(&key, &head(3), &mut other).unwrap();
        file.thin(&mut one).unwrap();
        assert_eq!(seqs(&file, &key), [1, 2, 3], "the end is not its own");
        for seq in 4..=5 {
            file.append_head(&key, &head(seq), &mut one).unwrap();
        }
        file.thin(&mut one).unwrap();
        assert_eq!(seqs(&file, &key), [1, 2, 3, 5]);
    }

    /// Two programs append, and thin what they wrote, at the same time.
    #[cfg(unix)]
    #[test]
    fn no_line_is_lost_when_the_file_is_exchanged_while_another_program_opened_it() {
        let folder = TempDir::new().unwrap();
        let file = CheckpointFile::of(folder.path(), None);
        let key = SigningKey::generate();
        std::thread::scope(|scope| {
            for program in 0..2 {
                let (file, key) = (&file, &key);
                scope.spawn(move || {
                    for round in 0..100 {
                        let mut tail = Tail::default();
                        for step in 0..3 {
                            let seq = program * 1000 + round * 3 + step;
                            file.append_head(key, &head(seq), &mut tail).unwrap();
                        }
                        file.thin(&mut tail).unwrap();
                    }
                });
            }
        });
        let seqs = seqs(&file, &key);
        for program in 0..2 {
            let last_of_rounds = (0..100).map(|round| program * 1000 + round * 3 + 2);
            let lost: Vec<u64> = last_of_rounds.filter(|seq| !seqs.contains(seq)).collect();
            assert_eq!(lost, [0; 0]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn whoever_could_read_the_file_still_can_when_it_was_thinned() {
        use std::os::unix::fs::PermissionsExt;
        let folder = TempDir::new().unwrap();
        let (file, other) = (folder.path().join("name"), folder.path().join("file"));
        std::fs::write(&other, "").unwrap();
        std::fs::set_permissions(&other, PermissionsExt::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&other, &file).unwrap();
        let key = SigningKey::generate();
        let file = CheckpointFile::of(folder.path(), Some(&file));
        let mut tail = Tail::default();
        for seq in 1..=3 {
            file.append_head(&key, &head(seq), &mut tail).unwrap();
        }
        file.thin(&mut tail).unwrap();
        assert_eq!(seqs(&file, &key), [3]);
        assert!(file.path().is_symlink());
        assert_eq!(std::fs::metadata(other).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
