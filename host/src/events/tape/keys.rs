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
    /// Its first and its last bytes, as [`ends`] has them: names are compared by numbers.
    ends: [u64; 4],
    /// The names that followed it in the same object, the latest first: events of two kinds often take turns.
    next: [u32; 2],
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

/// Names up to this length are compared by numbers.
const BY_NUMBERS: usize = 32;

/// Of a text up to [`BY_NUMBERS`] the bytes, eight at a time, from its start and from its end: two texts of one length with the
/// same ends are the same.
#[inline]
fn ends(text: &[u8]) -> Option<[u64; 4]> {
    let eight = |at: usize| Some(u64::from_le_bytes(*text.get(at..)?.first_chunk()?));
    match text.len() {
        0..8 => {
            let bytes = text.iter().rev().fold(0, |bytes, byte| bytes << 8 | u64::from(*byte));
            Some([bytes, 0, 0, 0])
        }
        len @ 8..=16 => Some([eight(0)?, eight(len - 8)?, 0, 0]),
        len @ 17..=BY_NUMBERS => Some([eight(0)?, eight(8)?, eight(len - 16)?, eight(len - 8)?]),
        _ => None,
    }
}

/// The same of so many bytes of a text from `at` on, of which eight may be read at once.
#[inline]
fn ends_at(text: &[u8], at: usize, len: usize) -> Option<[u64; 4]> {
    if len >= 8 {
        return ends(text.get(at..at + len)?);
    }
    let bytes = u64::from_le_bytes(*text.get(at..)?.first_chunk()?);
    Some([bytes & ((1 << (8 * len)) - 1), 0, 0, 0])
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
        let root =
            Entry { start: 0, len: 0, plain: false, ends: [0; 4], next: [ROOT; 2], first: ROOT, seen: 0, node: 0 };
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
            next: [ROOT; 2],
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
    pub(super) fn predicted(&mut self, after: After, input: &[u8], at: usize) -> Option<(u32, usize)> {
        match after {
            After::Opening(owner) => {
                let guess = self.entries.get(owner as usize)?.first;
                self.stands(guess, input, at).map(|end| (guess, end))
            }
            After::Key(before) => {
                let [latest, other] = self.entries.get(before as usize)?.next;
                if let Some(end) = self.stands(latest, input, at) {
                    return Some((latest, end));
                }
                let end = self.stands(other, input, at)?;
                if let Some(entry) = self.entries.get_mut(before as usize) {
                    entry.next = [other, latest];
                }
                Some((other, end))
            }
        }
    }

    /// Where the name ends, if it is the one that starts at `at`.
    #[inline]
    fn stands(&self, key: u32, input: &[u8], at: usize) -> Option<usize> {
        let entry = self.entries.get(key as usize)?;
        let end = at + entry.len as usize;
        if !entry.plain || input.get(end) != Some(&b'"') {
            return None;
        }
        let same = match ends_at(input, at, entry.len as usize) {
            Some(ends) => ends == entry.ends,
            None => self.name(key).as_bytes() == input.get(at..end)?,
        };
        same.then_some(end)
    }

    pub(super) fn correct(&mut self, after: After, key: u32) {
        match after {
            After::Opening(owner) => self.entries[owner as usize].first = key,
            After::Key(before) => {
                let next = &mut self.entries[before as usize].next;
                *next = [key, next[0]];
            }
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
