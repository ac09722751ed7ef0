//! Microsoft's name/value arrays, indexed: which element of each document's array has which name.
//!
//! Plugins ask for dozens of paths such as `Parameters[Name=ForwardTo].Value`, most of which few events have. With the
//! index an array is walked once for all of them, and each path costs what it finds.

use hashbrown::HashMap;

use foldhash::fast::RandomState;

use crate::events::tape::{Tape, unescape};

/// Different names of one index at most: what has more is no name/value array, and is walked for each path.
const NAMES: usize = 4_096;

/// One array of every document, by the text of one member of its elements.
#[derive(Debug, Default)]
pub(in crate::events) struct Named {
    entries: Vec<Entry>,
    /// Positions in `entries`, by text.
    index: HashMap<String, usize, RandomState>,
    /// Which entry the element at each position had last: the next document's mostly have the same.
    expected: Vec<usize>,
}

#[derive(Debug)]
struct Entry {
    text: String,
    /// Slot and element, slots ascending: the last element of a document that says so.
    elements: Vec<(u32, u32)>,
}

impl Named {
    /// Bytes that it holds, about: each text stands twice.
    pub(in crate::events) fn bytes(&self) -> usize {
        let entry = |entry: &Entry| 2 * entry.text.len() + entry.elements.len() * size_of::<(u32, u32)>();
        self.entries.iter().map(entry).sum()
    }

    /// The elements that say this.
    pub(in crate::events) fn elements(&self, text: &str) -> &[(u32, u32)] {
        self.index.get(text).and_then(|entry| self.entries.get(*entry)).map_or(&[], |entry| &entry.elements)
    }

    /// Whether it has too many names.
    pub(super) fn is_full(&self) -> bool {
        self.entries.len() > NAMES
    }

    /// Takes an element: its string `member`, and its position in its array. Slots come in ascending order.
    pub(super) fn put(&mut self, tape: &Tape, member: u32, position: usize, found: (u32, u32)) {
        let node = tape.node(member);
        let raw = tape.raw(node);
        let expected = self
            .expected
            .get(position)
            .copied()
            .filter(|entry| !node.escaped() && self.entries.get(*entry).is_some_and(|entry| entry.text == raw));
        let entry = expected.unwrap_or_else(|| {
            let entry = if node.escaped() {
                let mut text = String::with_capacity(raw.len());
                unescape(raw, &mut text);
                self.entry(&text)
            } else {
                self.entry(raw)
            };
            if position >= self.expected.len() {
                self.expected.resize(position + 1, entry);
            }
            self.expected[position] = entry;
            entry
        });
        let elements = &mut self.entries[entry].elements;
        match elements.last_mut() {
            Some(last) if last.0 == found.0 => *last = found,
            _ => elements.push(found),
        }
    }

    fn entry(&mut self, text: &str) -> usize {
        if let Some(entry) = self.index.get(text) {
            return *entry;
        }
        self.entries.push(Entry { text: text.to_owned(), elements: Vec::new() });
        self.index.insert(text.to_owned(), self.entries.len() - 1);
        self.entries.len() - 1
    }
}
