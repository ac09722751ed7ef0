//! Member names of a batch, interned: a name is a small number, the same in every event of the batch.
//!
//! Real events repeat the same names in the same order, so each name remembers which came after it: the next event's
//! names are mostly confirmed by one comparison instead of being scanned and hashed.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

/// The pseudo-key whose `first` predicts the first member of a root object.
pub(super) const ROOT: u32 = 0;

#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u32,
    len: u32,
    /// Its text holds nothing that JSON would escape, so raw input may be compared with it.
    plain: bool,
    /// Its first and its last eight bytes, where it has as many: most names are compared by two numbers.
    ends: [u64; 2],
    /// The name that followed it last time, in the same object.
    next: u32,
    /// The first name inside its value last time.
    first: u32,
    /// Serial number of the object where it was seen last.
    seen: u32,
    /// The node there; used when an object is checked for duplicates.
    node: u32,
}

/// See the module.
#[derive(Debug, Clone)]
pub(in crate::events) struct Keys {
    names: String,
    entries: Vec<Entry>,
    index: HashTable<u32>,
    hasher: RandomState,
    objects: u32,
}

/// The first and the last eight bytes of a text that has as many. Up to sixteen bytes, two texts of one length with the
/// same ends are the same.
#[inline]
fn ends(text: &[u8]) -> Option<[u64; 2]> {
    Some([u64::from_le_bytes(*text.first_chunk()?), u64::from_le_bytes(*text.last_chunk()?)])
}

/// Which prediction to use and to correct.
#[derive(Debug, Clone, Copy)]
pub(super) enum After {
    /// The first member of an object that stands under this key.
    Opening(u32),
    /// The member after this one.
    Key(u32),
}

impl Keys {
    /// With `names` known under the numbers 1, 2, 3, ...
    pub(in crate::events) fn with<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let root = Entry { start: 0, len: 0, plain: false, ends: [0; 2], next: ROOT, first: ROOT, seen: 0, node: 0 };
        let mut keys = Self {
            names: String::new(),
            entries: vec![root],
            index: HashTable::new(),
            hasher: RandomState::default(),
            objects: 0,
        };
        for name in names {
            keys.intern(name);
        }
        keys
    }

    /// How many numbers there are, the first unused.
    pub(in crate::events) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn truncate(&mut self, len: usize) {
        if let Some(first) = self.entries.get(len) {
            self.names.truncate(first.start as usize);
            self.entries.truncate(len);
            self.index.retain(|key| (*key as usize) < len);
        }
    }

    pub(in crate::events) fn name(&self, key: u32) -> &str {
        let entry = self.entries[key as usize];
        &self.names[entry.start as usize..(entry.start + entry.len) as usize]
    }

    /// The number of a name that some event of the batch may have; none where certainly no event has it.
    pub(in crate::events) fn find(&self, name: &str) -> Option<u32> {
        self.known(name).filter(|key| self.entries[*key as usize].seen > 0)
    }

    fn known(&self, name: &str) -> Option<u32> {
        self.index.find(self.hasher.hash_one(name), |key| self.name(*key) == name).copied()
    }

    /// The number of a name of an event that another tape has read.
    pub(super) fn adopt(&mut self, name: &str) -> u32 {
        let key = self.intern(name);
        let entry = &mut self.entries[key as usize];
        entry.seen = entry.seen.max(1);
        key
    }

    pub(super) fn intern(&mut self, name: &str) -> u32 {
        if let Some(key) = self.known(name) {
            return key;
        }
        let key = self.entries.len() as u32;
        self.entries.push(Entry {
            start: self.names.len() as u32,
            len: name.len() as u32,
            plain: !name.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\'),
            ends: ends(name.as_bytes()).unwrap_or_default(),
            next: ROOT,
            first: ROOT,
            seen: 0,
            node: 0,
        });
        self.names.push_str(name);
        let hash = self.hasher.hash_one(name);
        let (names, entries, hasher) = (&self.names, &self.entries, &self.hasher);
        self.index.insert_unique(hash, key, |key| {
            let entry = entries[*key as usize];
            hasher.hash_one(&names[entry.start as usize..(entry.start + entry.len) as usize])
        });
        key
    }

    /// The predicted key, when the quoted name that starts at `at` (after its quote) is that one.
    #[inline]
    pub(super) fn predicted(&self, after: After, input: &[u8], at: usize) -> Option<(u32, usize)> {
        let guess = match after {
            After::Opening(key) => self.entries.get(key as usize)?.first,
            After::Key(key) => self.entries.get(key as usize)?.next,
        };
        let entry = self.entries.get(guess as usize)?;
        let len = entry.len as usize;
        let found = input.get(at..at + len)?;
        if !entry.plain || input.get(at + len) != Some(&b'"') {
            return None;
        }
        let same = match len {
            8..=16 => ends(found) == Some(entry.ends),
            _ => self.names.as_bytes()[entry.start as usize..entry.start as usize + len] == *found,
        };
        same.then_some((guess, at + len))
    }

    pub(super) fn correct(&mut self, after: After, key: u32) {
        match after {
            After::Opening(owner) => self.entries[owner as usize].first = key,
            After::Key(before) => self.entries[before as usize].next = key,
        }
    }

    /// A number for an object that opens, ascending.
    pub(super) fn open_object(&mut self) -> u32 {
        self.objects += 1;
        self.objects
    }

    /// Notes a key of the object `serial`. True when that object may have had it before: certain when no object opened
    /// in between, else to be checked.
    #[inline]
    pub(super) fn may_repeat(&mut self, key: u32, serial: u32) -> bool {
        let entry = &mut self.entries[key as usize];
        let repeat = entry.seen >= serial;
        entry.seen = serial;
        repeat
    }

    /// Notes where the object `serial` has this key; answers the node that had it before in the same object.
    pub(super) fn note(&mut self, key: u32, serial: u32, node: u32) -> Option<u32> {
        let entry = &mut self.entries[key as usize];
        let before = (entry.seen == serial).then_some(entry.node);
        entry.seen = serial;
        entry.node = node;
        before
    }
}
