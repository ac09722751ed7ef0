//! What readers are shown: what is durable. While a commit is on its way to the disk, that is what stood before it; so
//! nobody waits for the disk to read, and nobody reads what a power cut may take back.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::iter::Peekable;
use std::sync::{PoisonError, RwLock};

use super::Pair;

/// Keys with their values; without one where there is none.
pub(super) type Changes = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A whole key and its value, or why sled does not give them.
type Read = Result<Pair, sled::Error>;

/// See the module.
pub(super) struct Shown {
    db: sled::Db,
    /// What a commit that is not durable yet changes, as it was before.
    before: RwLock<Changes>,
}

impl Shown {
    pub(super) fn new(db: sled::Db) -> Self {
        Self { db, before: RwLock::default() }
    }

    /// From now on these keys are shown as they are now. Called before they change.
    pub(super) fn hide(&self, keys: &Changes) -> Result<(), sled::Error> {
        let mut now = Changes::new();
        for key in keys.keys() {
            now.insert(key.clone(), self.db.get(key)?.map(|value| value.to_vec()));
        }
        *self.before.write().unwrap_or_else(PoisonError::into_inner) = now;
        Ok(())
    }

    /// Everything is shown as it is. Called once it is durable.
    pub(super) fn reveal(&self) {
        self.before.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, sled::Error> {
        let before = self.before.read().unwrap_or_else(PoisonError::into_inner);
        match before.get(key) {
            Some(value) => Ok(value.clone()),
            None => Ok(self.db.get(key)?.map(|value| value.to_vec())),
        }
    }

    /// Whether a key is set, durable or not.
    pub(super) fn is_set(&self, key: &[u8]) -> Result<bool, sled::Error> {
        self.db.contains_key(key)
    }

    /// Up to `limit` pairs from `from` on whose keys begin with `prefix`, ascending.
    pub(super) fn list(&self, prefix: &[u8], from: &[u8], limit: usize) -> Result<Vec<Pair>, sled::Error> {
        let before = self.before.read().unwrap_or_else(PoisonError::into_inner);
        let now = self.db.range(from.to_vec()..).map(pair);
        let hidden = before.range(from.to_vec()..);
        let merged = Merged { now: now.peekable(), hidden: hidden.peekable(), first: Ordering::Less };
        let inside = |read: &Read| read.as_ref().map_or(true, |(key, _)| key.starts_with(prefix));
        merged.take_while(inside).take(limit).collect()
    }

    /// The pair with the highest key that begins with `prefix`.
    pub(super) fn last(&self, prefix: &[u8]) -> Result<Option<Pair>, sled::Error> {
        let before = self.before.read().unwrap_or_else(PoisonError::into_inner);
        let now = self.db.scan_prefix(prefix).rev().map(pair);
        let hidden = before.range(prefix.to_vec()..).rev().skip_while(|(key, _)| !key.starts_with(prefix));
        let mut merged = Merged { now: now.peekable(), hidden: hidden.peekable(), first: Ordering::Greater };
        let found = merged.next().transpose()?;
        Ok(found.filter(|(key, _)| key.starts_with(prefix)))
    }
}

fn pair(read: sled::Result<(sled::IVec, sled::IVec)>) -> Read {
    read.map(|(key, value)| (key.to_vec(), value.to_vec()))
}

/// Two walks in the same direction as one: of a key that both have, the hidden value counts.
struct Merged<N: Iterator, H: Iterator> {
    now: Peekable<N>,
    hidden: Peekable<H>,
    /// How the key that comes first compares.
    first: Ordering,
}

impl<'a, N: Iterator<Item = Read>, H: Iterator<Item = (&'a Vec<u8>, &'a Option<Vec<u8>>)>> Iterator for Merged<N, H> {
    type Item = Read;

    fn next(&mut self) -> Option<Read> {
        loop {
            let order = match (self.now.peek(), self.hidden.peek()) {
                (None, None) => return None,
                (Some(Err(_)), _) => return self.now.next(),
                (Some(Ok(_)), None) => self.first,
                (None, Some(_)) => self.first.reverse(),
                (Some(Ok((now, _))), Some((hidden, _))) => now.cmp(hidden),
            };
            if order == self.first {
                return self.now.next();
            }
            if order == Ordering::Equal {
                self.now.next();
            }
            if let Some((key, Some(value))) = self.hidden.next() {
                return Some(Ok((key.clone(), value.clone())));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_durable_yet_is_shown_as_it_was_in_every_kind_of_read() {
        let db = sled::Config::new().temporary(true).open().unwrap();
        let shown = Shown::new(db.clone());
        let put = |key: &str, value: &str| drop(db.insert(key, value).unwrap());
        put("a1", "old");
        put("a3", "goes");
        put("a5", "stays");
        put("b1", "another's");
        let changes: Changes = ["a1", "a2", "a3", "a9"].map(|key| (key.as_bytes().to_vec(), None)).into();
        shown.hide(&changes).unwrap();
        put("a1", "new");
        put("a2", "new");
        put("a9", "new");
        db.remove("a3").unwrap();
        let text = |pairs: Vec<Pair>| -> Vec<String> {
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            pairs.iter().map(|(key, value)| format!("{} {}", text(key), text(value))).collect()
        };
        let read = |shown: &Shown| {
            (
                text(shown.list(b"a", b"a", 10).unwrap()),
                text(shown.list(b"a", b"a2", 1).unwrap()),
                text(shown.last(b"a").unwrap().into_iter().collect()),
                ["a1", "a2", "a3"].map(|key| shown.get(key.as_bytes()).unwrap().is_some()),
            )
        };
        let list = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        let before =
            (list(&["a1 old", "a3 goes", "a5 stays"]), list(&["a3 goes"]), list(&["a5 stays"]), [true, false, true]);
        assert_eq!(read(&shown), before);
        shown.reveal();
        let after = (
            list(&["a1 new", "a2 new", "a5 stays", "a9 new"]),
            list(&["a2 new"]),
            list(&["a9 new"]),
            [true, true, false],
        );
        assert_eq!(read(&shown), after);
        assert_eq!(shown.last(b"c").unwrap(), None);
    }
}
