//! Lists as an operator publishes them: each version with who, when and why; for all forces, or a force's own.
//!
//! Owns the records of versions and the newest entries in memory. A version's entries are a file, named by its digest and synced
//! before the commit that names it; the record commits with its audit record. From the next batch on lanes look up in it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use cordon_contract::manifest::list_name;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::audit::{Act, Audit};
use crate::ids::Digest;
use crate::lists::{Difference, Given, ListVersion, Lists, OfForce, Table};
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Versions of all lists at most.
const VERSIONS: usize = 100_000;
/// Bytes of memory that the newest versions of all national lists may take; and those of all forces together: no force keeps the
/// national ones from being put ...
const BYTES: usize = 512 << 20;
/// ... and those of one force, so that none keeps the others from it: some million entries.
const FORCE_BYTES: usize = 128 << 20;
/// Entries of a difference that are named.
const NAMED: usize = 1_000;

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The list.
    pub name: String,
    /// Whose it is; none for all forces.
    #[serde(rename = "for")]
    pub force: Option<Force>,
    /// From 1.
    pub number: u64,
    /// SHA-256 of its entries, sorted.
    pub digest: Digest,
    /// How many.
    pub entries: u64,
    /// When it was put, microseconds since 1970 UTC.
    pub time: i64,
    /// The token's id.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Why a list is not put or shown.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum PublishError {
    #[error("the list's name: {0}")]
    Name(String),
    #[error("there is no list `{0}`: see `cordon list show`")]
    Absent(String),
    #[error("list `{name}` has no version {number}: see `cordon list history {name}`")]
    NoVersion { name: String, number: u64 },
    #[error("there are {VERSIONS} versions of lists: no more can be kept")]
    TooMany,
    #[error("{whose} together would take {bytes} bytes of memory, more than {most}: make one of them smaller")]
    TooLarge { whose: &'static str, bytes: usize, most: usize },
    #[error("the entries of list `{0}` are not kept any more, or damaged")]
    Damaged(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A list's name, and whose it is.
type Key = (String, Option<Force>);

/// See the module.
pub struct Published {
    store: Arc<Store>,
    audit: Arc<Audit>,
    known: RwLock<Known>,
    /// One version at a time is put.
    putting: Mutex<()>,
}

#[derive(Default)]
struct Known {
    newest: BTreeMap<Key, (Record, Arc<Table>)>,
    versions: usize,
    /// What each force with a list of its own sees; all others see `national`.
    own: BTreeMap<Force, Lists>,
    national: Lists,
}

impl Published {
    /// Reads the newest versions.
    ///
    /// # Errors
    /// The store's; also where entries cannot be read: plugins would look up in nothing.
    pub fn open(store: Arc<Store>, audit: Arc<Audit>) -> Result<Self, StoreError> {
        let damaged = |what: &str| StoreError::Disk { file: "lists".into(), reason: what.to_owned() };
        let mut known = Known::default();
        let mut newest: BTreeMap<Key, Record> = BTreeMap::new();
        for (_, value) in store.list(Space::List, &[], None, usize::MAX)? {
            let record: Record = serde_json::from_slice(&value).map_err(|error| damaged(&error.to_string()))?;
            known.versions += 1;
            // In order of their numbers.
            newest.insert((record.name.clone(), record.force.clone()), record);
        }
        for (key, record) in newest {
            let bytes = store.file(record.digest)?;
            let table = bytes.and_then(|bytes| Table::from_bytes(&bytes));
            let table = table.ok_or_else(|| damaged(&PublishError::Damaged(record.name.clone()).to_string()))?;
            known.newest.insert(key, (record, Arc::new(table)));
        }
        known.arrange();
        Ok(Self { store, audit, known: RwLock::new(known), putting: Mutex::default() })
    }

    /// What a force's plugins look up in.
    #[must_use]
    pub fn of(&self, force: &Force) -> Lists {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.own.get(force).unwrap_or(&known.national).clone()
    }

    /// Puts another version; none where its entries are those of the newest already. `act` makes the audit record of its
    /// details; `by` is the token.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub fn put(
        &self,
        (name, force): (&str, Option<&Force>),
        table: Table,
        reason: String,
        act: impl FnOnce(serde_json::Value) -> Act,
    ) -> Result<Option<Record>, PublishError> {
        list_name(name).map_err(PublishError::Name)?;
        let _one = self.putting.lock().unwrap_or_else(PoisonError::into_inner);
        let (key, digest) = ((name.to_owned(), force.cloned()), table.digest());
        let (before, versions) = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.room(&key, table.bytes())?;
            (known.newest.get(&key).map(|(record, _)| record.clone()), known.versions)
        };
        if before.as_ref().is_some_and(|before| before.digest == digest) {
            return Ok(None);
        }
        if versions >= VERSIONS {
            return Err(PublishError::TooMany);
        }
        self.store.put_file(&table.to_bytes())?;
        let number = before.as_ref().map_or(1, |before| before.number + 1);
        let entries = table.len() as u64;
        let act = act(json!({
            "list": name, "version": number, "digest": digest, "entries": entries, "reason": reason,
        }));
        let (time, by, force) = (act.time, act.who.clone(), force.cloned());
        let record = Record { name: name.to_owned(), force, number, digest, entries, time, by, reason };
        self.audit.commit(&self.store, act, put(&record)?)?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.versions += 1;
        known.newest.insert(key, (record.clone(), Arc::new(table)));
        known.arrange();
        Ok(Some(record))
    }

    /// The newest version of each list that a force sees, or of all where none is named.
    #[must_use]
    pub fn all(&self, force: Option<&Force>) -> Vec<Record> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let sees = |record: &&Record| force.is_none() || record.force.is_none() || record.force.as_ref() == force;
        known.newest.values().map(|(record, _)| record).filter(sees).cloned().collect()
    }

    /// Every version of a list, oldest first.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub fn history(&self, name: &str, force: Option<&Force>) -> Result<Vec<Record>, PublishError> {
        let mut found = Vec::new();
        for (_, value) in self.store.list(Space::List, &prefix(name, force), None, usize::MAX)? {
            found.extend(serde_json::from_slice::<Record>(&value).ok());
        }
        if found.is_empty() {
            return Err(PublishError::Absent(name.to_owned()));
        }
        Ok(found)
    }

    /// A version with its entries; the newest where none is named.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub fn version(
        &self,
        name: &str,
        force: Option<&Force>,
        number: Option<u64>,
    ) -> Result<(Record, Arc<Table>), PublishError> {
        let newest = {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            known.newest.get(&(name.to_owned(), force.cloned())).cloned()
        };
        let Some((record, table)) = newest else { return Err(PublishError::Absent(name.to_owned())) };
        let Some(number) = number.filter(|number| *number != record.number) else { return Ok((record, table)) };
        let absent = || PublishError::NoVersion { name: name.to_owned(), number };
        let record =
            self.history(name, force)?.into_iter().find(|record| record.number == number).ok_or_else(absent)?;
        let bytes = self.store.file(record.digest)?;
        let table = bytes.and_then(|bytes| Table::from_bytes(&bytes));
        Ok((record, Arc::new(table.ok_or_else(|| PublishError::Damaged(name.to_owned()))?)))
    }

    /// What a version has otherwise than another.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub fn diff(&self, name: &str, force: Option<&Force>, from: u64, to: u64) -> Result<Difference, PublishError> {
        let (before, after) = (self.version(name, force, Some(from))?.1, self.version(name, force, Some(to))?.1);
        Ok(before.difference(&after, NAMED))
    }
}

impl Known {
    /// Whether a list may take so many bytes.
    fn room(&self, key: &Key, bytes: usize) -> Result<(), PublishError> {
        let others = |counts: &dyn Fn(&Key) -> bool| -> usize {
            let others = self.newest.iter().filter(|(of, _)| *of != key && counts(of));
            others.map(|(_, (_, table))| table.bytes()).sum()
        };
        let force = &key.1;
        let mut rooms = vec![match force {
            None => ("all national lists", others(&|of| of.1.is_none()), BYTES),
            Some(_) => ("all forces' own lists", others(&|of| of.1.is_some()), BYTES),
        }];
        if force.is_some() {
            rooms.push(("the force's own lists", others(&|of| of.1 == *force), FORCE_BYTES));
        }
        match rooms.into_iter().find(|(_, others, most)| others.saturating_add(bytes) > *most) {
            Some((whose, others, most)) => {
                Err(PublishError::TooLarge { whose, bytes: others.saturating_add(bytes), most })
            }
            None => Ok(()),
        }
    }

    /// What each force sees, made anew.
    fn arrange(&mut self) {
        let given = |record: &Record, table: &Arc<Table>| Given {
            version: ListVersion { number: record.number, digest: record.digest },
            table: Arc::clone(table),
        };
        let mut national: BTreeMap<String, OfForce> = BTreeMap::new();
        for ((name, _), (record, table)) in self.newest.iter().filter(|((_, force), _)| force.is_none()) {
            national.entry(name.clone()).or_default().national = Some(given(record, table));
        }
        let mut own: BTreeMap<Force, BTreeMap<String, OfForce>> = BTreeMap::new();
        for ((name, force), (record, table)) in &self.newest {
            let Some(force) = force else { continue };
            let of_force = own.entry(force.clone()).or_insert_with(|| national.clone());
            of_force.entry(name.clone()).or_default().own = Some(given(record, table));
        }
        self.own = own.into_iter().map(|(force, lists)| (force, Lists::new(lists))).collect();
        self.national = Lists::new(national);
    }
}

/// Keys: whose (empty for all forces), the list, each closed by a zero byte, and the number.
fn prefix(name: &str, force: Option<&Force>) -> Vec<u8> {
    [force.map_or("", Force::as_str).as_bytes(), &[0], name.as_bytes(), &[0]].concat()
}

fn put(record: &Record) -> Result<Effects, StoreError> {
    let text = serde_json::to_vec(record).map_err(|error| StoreError::TooLarge(format!("a list: {error}")))?;
    let key = [prefix(&record.name, record.force.as_ref()).as_slice(), &record.number.to_be_bytes()].concat();
    Ok(Effects::new().put(Space::List, &key, text))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_force_fills_its_own_room_and_keeps_neither_others_nor_national_lists_from_theirs() {
        let force = |name: &str| Some(Force::new(name).unwrap());
        let table = |megabytes: usize| {
            let entries = (0..megabytes).map(|n| (format!("{n}"), "x".repeat(1 << 20))).collect();
            Arc::new(Table::new(entries).unwrap())
        };
        let record = |force: Option<Force>| Record {
            name: "watched".into(),
            force,
            number: 1,
            digest: Digest::of(b""),
            entries: 1,
            time: 1,
            by: "t".into(),
            reason: "a test".into(),
        };
        let mut known = Known::default();
        known.newest.insert(("watched".into(), force("avon")), (record(force("avon")), table(100)));
        let refused = known.room(&("other".into(), force("avon")), 40 << 20).unwrap_err().to_string();
        assert!(refused.starts_with("the force's own lists together would take"), "{refused}");
        // Another version of the same list takes its place.
        known.room(&("watched".into(), force("avon")), 120 << 20).unwrap();
        known.room(&("other".into(), force("kent")), 120 << 20).unwrap();
        known.room(&("other".into(), None), BYTES).unwrap();
        assert!(known.room(&("other".into(), None), BYTES + 1).is_err());
    }
}
