//! The readers as all pages see them: names, ids, insertions and revisions.

use cardwright_protocol::helper::{Message, Reader, Service, Slot};
use cardwright_protocol::ids::{InsertionId, ReaderId};
use std::collections::HashMap;
use std::ffi::{CStr, CString};

/// What the PC/SC service says of one reader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Observed {
    /// The service's name of the reader.
    pub(crate) name: CString,
    /// What is in it.
    pub(crate) content: Content,
}

/// What the PC/SC service says of a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing.
    Empty,
    /// Something that does not answer a reset.
    Mute,
    /// A chip.
    Chip {
        /// Counts insertions and removals: another number is another stay.
        counter: u32,
        /// Whether some program, perhaps this one, has it for itself.
        exclusive: bool,
    },
}

/// All readers, and everything that was ever said about them.
#[derive(Debug)]
pub(crate) struct Readers {
    /// Counts what was told to pages.
    revision: u64,
    service: Service,
    /// In the service's order.
    now: Vec<Entry>,
    /// A reader that is plugged in again, or found again after the service was away, is the same
    /// to people: it keeps its id.
    ids: HashMap<CString, ReaderId>,
    /// Random, so that no id of an earlier run of the helper is good in this one.
    prefix: String,
    /// Numbers insertions.
    insertions: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    name: CString,
    content: Content,
    reader: Reader,
}

impl Readers {
    /// No reader is known, and the service did not answer yet.
    pub(crate) fn new() -> Self {
        Self {
            revision: 0,
            service: Service::Stopped,
            now: Vec::new(),
            ids: HashMap::new(),
            prefix: format!("{:016x}", rand::random::<u64>()),
            insertions: 0,
        }
    }

    /// What a page is told first.
    pub(crate) fn snapshot(&self) -> Message {
        Message::Readers {
            revision: self.revision,
            service: self.service,
            readers: self.now.iter().map(|entry| entry.reader.clone()).collect(),
        }
    }

    /// Whether the service answers.
    pub(crate) fn is_running(&self) -> bool {
        self.service == Service::Running
    }

    /// A reader that is there now.
    pub(crate) fn reader(&self, id: &ReaderId) -> Option<&Reader> {
        self.now.iter().map(|entry| &entry.reader).find(|reader| reader.id == *id)
    }

    /// The service's name of a reader that is there now.
    pub(crate) fn service_name(&self, id: &ReaderId) -> Option<&CStr> {
        let entry = self.now.iter().find(|entry| entry.reader.id == *id)?;
        Some(&entry.name)
    }

    /// Whether this stay of a chip still lasts.
    pub(crate) fn lasts(&self, insertion: &InsertionId) -> bool {
        self.now.iter().any(|entry| entry.insertion() == Some(insertion))
    }

    /// The service is gone, or denies itself. Gives what to tell the pages.
    pub(crate) fn lose_service(&mut self, service: Service) -> Option<Message> {
        if self.service == service && self.now.is_empty() && self.revision > 0 {
            return None;
        }
        self.service = service;
        self.now.clear();
        self.revision += 1;
        Some(self.snapshot())
    }

    /// The service answered. Gives what to tell the pages; `is_ours` says which readers this
    /// helper has for itself.
    pub(crate) fn observe(
        &mut self,
        observed: Vec<Observed>,
        is_ours: impl Fn(&CStr) -> bool,
    ) -> Vec<Message> {
        let before = std::mem::take(&mut self.now);
        for observation in observed {
            let old = before.iter().find(|entry| entry.name == observation.name);
            let ours = is_ours(&observation.name);
            let entry = self.entry(observation, old, ours);
            self.now.push(entry);
        }
        if self.service != Service::Running {
            self.service = Service::Running;
            self.revision += 1;
            return vec![self.snapshot()];
        }
        self.differences(&before)
    }

    fn entry(&mut self, observation: Observed, old: Option<&Entry>, ours: bool) -> Entry {
        let Observed { name, content } = observation;
        let next = self.ids.len() + 1;
        let prefix = &self.prefix;
        let id = self
            .ids
            .entry(name.clone())
            .or_insert_with(|| ReaderId(format!("r{prefix}-{next}")))
            .clone();
        let slot = match content {
            Content::Empty => Slot::Empty,
            Content::Mute => Slot::Mute,
            Content::Chip { counter, exclusive } => {
                let same_stay = old.filter(
                    |old| matches!(old.content, Content::Chip { counter: c, .. } if c == counter),
                );
                let insertion = match same_stay.and_then(Entry::insertion) {
                    Some(insertion) => insertion.clone(),
                    None => {
                        self.insertions += 1;
                        InsertionId(format!("i{}-{}", self.prefix, self.insertions))
                    }
                };
                Slot::Chip { insertion, in_use: exclusive && !ours }
            }
        };
        let reader = Reader { id, name: name.to_string_lossy().into_owned(), slot };
        Entry { name, content, reader }
    }

    fn differences(&mut self, before: &[Entry]) -> Vec<Message> {
        let gone: Vec<&Entry> = before
            .iter()
            .filter(|old| !self.now.iter().any(|entry| entry.name == old.name))
            .collect();
        let changed: Vec<&Entry> = self
            .now
            .iter()
            .filter(|entry| !before.iter().any(|old| old.reader == entry.reader))
            .collect();
        let mut revision = self.revision;
        let mut next = || {
            revision += 1;
            revision
        };
        let mut messages = Vec::new();
        for entry in gone {
            let reader = entry.reader.id.clone();
            messages.push(Message::ReaderGone { revision: next(), reader });
        }
        for entry in changed {
            let reader = entry.reader.clone();
            messages.push(Message::ReaderChanged { revision: next(), reader });
        }
        self.revision = revision;
        messages
    }
}

impl Entry {
    fn insertion(&self) -> Option<&InsertionId> {
        match &self.reader.slot {
            Slot::Chip { insertion, .. } => Some(insertion),
            Slot::Empty | Slot::Mute => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    const EMPTY: Content = Content::Empty;

    fn chip(counter: u32) -> Content {
        Content::Chip { counter, exclusive: false }
    }

    fn see(readers: &mut Readers, contents: &[(&str, Content)]) -> Vec<Message> {
        let observed = contents
            .iter()
            .map(|(name, content)| Observed {
                name: CString::new(*name).unwrap(),
                content: *content,
            })
            .collect();
        readers.observe(observed, |name| name == c"ours")
    }

    fn check(messages: Vec<Message>, expected: Expect) {
        let lines: Vec<String> = messages
            .iter()
            .map(|message| match message {
                Message::Readers { revision, service, readers } => {
                    let slots: Vec<String> = readers.iter().map(show).collect();
                    format!("{revision} {service:?} [{}]", slots.join(", "))
                }
                Message::ReaderChanged { revision, reader } => {
                    format!("{revision} changed {}", show(reader))
                }
                Message::ReaderGone { revision, reader } => {
                    format!("{revision} gone {}", number(&reader.0))
                }
                other => format!("{other:?}"),
            })
            .collect();
        expected.assert_eq(&lines.join("\n"));
    }

    fn show(reader: &Reader) -> String {
        let slot = match &reader.slot {
            Slot::Chip { insertion, in_use } => {
                format!("chip {}{}", number(&insertion.0), if *in_use { " in use" } else { "" })
            }
            other => format!("{other:?}").to_lowercase(),
        };
        format!("{} {}: {slot}", number(&reader.id.0), reader.name)
    }

    fn number(id: &str) -> &str {
        id.split_once('-').unwrap().1
    }

    #[test]
    fn the_first_sight_is_a_snapshot_and_then_come_changes() {
        let mut readers = Readers::new();
        check(
            see(&mut readers, &[("a", EMPTY), ("b", chip(1))]),
            expect![["1 Running [1 a: empty, 2 b: chip 1]"]],
        );
        check(see(&mut readers, &[("a", EMPTY), ("b", chip(1))]), expect![[""]]);
        check(
            see(&mut readers, &[("a", chip(1)), ("b", EMPTY)]),
            expect![[r#"
            2 changed 1 a: chip 2
            3 changed 2 b: empty"#]],
        );
        check(
            see(&mut readers, &[("b", Content::Mute), ("c", EMPTY)]),
            expect![[r#"
            4 gone 1
            5 changed 2 b: mute
            6 changed 3 c: empty"#]],
        );
        check(
            see(&mut readers, &[("a", EMPTY), ("b", EMPTY), ("c", EMPTY)]),
            expect![[r#"
            7 changed 1 a: empty
            8 changed 2 b: empty"#]],
        );
    }

    #[test]
    fn a_swap_between_two_looks_is_another_insertion() {
        let mut readers = Readers::new();
        see(&mut readers, &[("a", chip(1))]);
        check(see(&mut readers, &[("a", chip(3))]), expect!["2 changed 1 a: chip 2"]);
    }

    #[test]
    fn a_chip_that_this_helper_has_for_itself_is_not_in_use_by_others() {
        let mut readers = Readers::new();
        let exclusive = Content::Chip { counter: 1, exclusive: true };
        check(
            see(&mut readers, &[("ours", exclusive), ("b", exclusive)]),
            expect![["1 Running [1 ours: chip 1, 2 b: chip 2 in use]"]],
        );
    }

    #[test]
    fn a_chip_found_after_the_service_was_away_is_another_insertion() {
        let mut readers = Readers::new();
        see(&mut readers, &[("a", chip(1))]);
        check(
            readers.lose_service(Service::Stopped).into_iter().collect(),
            expect![["2 Stopped []"]],
        );
        assert_eq!(readers.lose_service(Service::Stopped), None);
        check(
            readers.lose_service(Service::Denied).into_iter().collect(),
            expect![["3 Denied []"]],
        );
        check(see(&mut readers, &[("a", chip(1))]), expect!["4 Running [1 a: chip 2]"]);
    }
}
