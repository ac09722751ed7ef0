//! One version of one list: its entries in one piece of text, found by a hash of the key.

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use std::hash::BuildHasher as _;

use crate::ids::Digest;

/// See the module. Keys are folded, sorted, and stand once.
#[derive(Debug, Default)]
pub struct Table {
    text: String,
    /// Where each entry begins, where its key ends, where it ends.
    entries: Vec<(u32, u32, u32)>,
    index: HashTable<u32>,
    hasher: FixedState,
}

/// What of two versions differs, by key; at most so many of each are named, all are counted.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Difference {
    /// Entries that only the second has.
    pub added: u64,
    /// Entries that only the first has.
    pub removed: u64,
    /// Keys with something else beside them.
    pub changed: u64,
    /// The first of them: `+`, `-` or `~`, the key, and what stands beside it (in the second, where it is there).
    pub entries: Vec<(char, String, String)>,
}

impl Table {
    /// Of entries; of equal keys the last counts. None where their text is longer than 4 GiB.
    #[must_use]
    pub fn new(mut entries: Vec<(String, String)>) -> Option<Self> {
        // Stable: the last of equal keys stays last.
        entries.sort_by(|a, b| a.0.cmp(&b.0));
        let mut table = Self::default();
        let mut rest = entries.into_iter().peekable();
        while let Some((key, value)) = rest.next() {
            if rest.peek().is_some_and(|(next, _)| *next == key) {
                continue;
            }
            let at = |table: &Self| u32::try_from(table.text.len()).ok();
            let start = at(&table)?;
            table.text.push_str(&key);
            let middle = at(&table)?;
            table.text.push_str(&value);
            table.entries.push((start, middle, at(&table)?));
        }
        for number in 0..u32::try_from(table.entries.len()).ok()? {
            let hash = table.hasher.hash_one(table.entry(number as usize).map(|(key, _)| key));
            let (entries, text, hasher) = (&table.entries, &table.text, &table.hasher);
            let key_of = |number: &u32| {
                let (start, middle, _) = entries.get(*number as usize).copied().unwrap_or_default();
                text.get(start as usize..middle as usize)
            };
            table.index.insert_unique(hash, number, |number| hasher.hash_one(key_of(number)));
        }
        Some(table)
    }

    /// What stands beside a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        let is_it = |number: &u32| self.entry(*number as usize).is_some_and(|(of, _)| of == key);
        let number = self.index.find(self.hasher.hash_one(Some(key)), is_it)?;
        Some(self.entry(*number as usize)?.1)
    }

    /// An entry by its place, in the order of keys.
    #[must_use]
    pub fn entry(&self, at: usize) -> Option<(&str, &str)> {
        let (start, middle, end) = *self.entries.get(at)?;
        Some((self.text.get(start as usize..middle as usize)?, self.text.get(middle as usize..end as usize)?))
    }

    /// All entries, in the order of keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.entries.len()).filter_map(|at| self.entry(at))
    }

    /// How many entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes that it takes in memory, about.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.text.len() + self.entries.len() * (size_of::<(u32, u32, u32)>() + 6)
    }

    /// As a file: a JSON array of key and value on each line, in the order of keys.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut lines = Vec::with_capacity(self.text.len() + self.entries.len() * 8);
        for entry in self.iter() {
            // Writing texts into memory does not fail.
            let _ = serde_json::to_writer(&mut lines, &entry);
            lines.push(b'\n');
        }
        lines
    }

    /// From such a file; none where it is none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let entries: Result<Vec<(String, String)>, _> = lines.map(serde_json::from_slice).collect();
        Self::new(entries.ok()?)
    }

    /// SHA-256 of its file.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_bytes())
    }

    /// What a later version has otherwise; at most `named` entries are named.
    #[must_use]
    pub fn difference(&self, later: &Self, named: usize) -> Difference {
        let mut found = Difference::default();
        let (mut before, mut after) = (self.iter().peekable(), later.iter().peekable());
        loop {
            let (mark, key, value) = match (before.peek().copied(), after.peek().copied()) {
                (None, None) => return found,
                (Some((old, _)), Some((new, value))) if old == new => {
                    let same = before.next() == after.next();
                    if same {
                        continue;
                    }
                    found.changed += 1;
                    ('~', new, value)
                }
                (Some((old, value)), new) if new.is_none_or(|(new, _)| old < new) => {
                    before.next();
                    found.removed += 1;
                    ('-', old, value)
                }
                (_, Some((new, value))) => {
                    after.next();
                    found.added += 1;
                    ('+', new, value)
                }
                (Some(_), None) => return found,
            };
            if found.entries.len() < named {
                found.entries.push((mark, key.to_owned(), value.to_owned()));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn table(entries: &[(&str, &str)]) -> Table {
        Table::new(entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()).unwrap()
    }

    #[test]
    fn entries_are_found_by_key_and_come_back_from_their_file() {
        let list = table(&[("b", "2"), ("a", "1"), ("a", "later"), ("é", ""), ("", "nothing")]);
        assert_eq!(list.iter().collect::<Vec<_>>(), [("", "nothing"), ("a", "later"), ("b", "2"), ("é", "")]);
        assert_eq!((list.get("a"), list.get("é"), list.get("c")), (Some("later"), Some(""), None));
        let again = Table::from_bytes(&list.to_bytes()).unwrap();
        assert_eq!(again.iter().collect::<Vec<_>>(), list.iter().collect::<Vec<_>>());
        assert_eq!(again.digest(), list.digest());
        assert!(Table::from_bytes(b"[\"a\"]\n").is_none());
    }

    #[test]
    fn a_million_entries_are_all_found_and_nothing_else_is() {
        let entries: Vec<(String, String)> =
            (0..1_000_000).map(|n| (format!("user{n}@force.example"), n.to_string())).collect();
        let list = Table::new(entries).unwrap();
        assert!(
            (0..1_000_000).step_by(997).all(|n| list.get(&format!("user{n}@force.example")) == Some(&n.to_string()))
        );
        assert_eq!(list.get("user1000000@force.example"), None);
        assert!(list.bytes() < 60 << 20, "{}", list.bytes());
    }

    #[test]
    fn what_differs_is_counted_and_named_up_to_a_number() {
        let (old, new) =
            (table(&[("a", "1"), ("b", "2"), ("d", "4")]), table(&[("b", "3"), ("c", "3"), ("d", "4"), ("e", "5")]));
        let found = old.difference(&new, 3);
        assert_eq!((found.added, found.removed, found.changed), (2, 1, 1));
        let named: Vec<String> = found.entries.iter().map(|(mark, key, _)| format!("{mark}{key}")).collect();
        assert_eq!(named, ["-a", "~b", "+c"]);
        assert_eq!(old.difference(&old, 9), Difference::default());
    }
}
