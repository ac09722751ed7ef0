//! The lists of all forces, within their limits.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::entry::{self, Held, RefusedEntry, at};
use super::{Lines, RefusedLimits};
use crate::ids::Digest;
use crate::model::{Force, SourceName};
use crate::store::{Effects, Space, Store, StoreError};

/// Entries read at a time.
const PAGE: usize = 1_024;

/// See the module.
pub struct RefusedList {
    store: Arc<Store>,
    limits: RefusedLimits,
    forces: Mutex<BTreeMap<Force, Arc<Mutex<OfForce>>>>,
}

/// What is in memory of one list.
#[derive(Debug, Default)]
struct OfForce {
    /// False until it was read.
    read: bool,
    held: Held,
    lines: BTreeMap<u64, Small>,
    same: HashMap<Digest, u64>,
    bytes: u64,
}

#[derive(Debug, Clone, Copy)]
struct Small {
    time: i64,
    bytes: u64,
    same: Digest,
    file: Option<Digest>,
}

/// Why a line leaves the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Gone {
    Replayed,
    Discarded,
}

/// A line with its bytes, where they were kept.
pub type Whole = (RefusedEntry, Option<Vec<u8>>);

/// How a list stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct Waiting {
    /// Lines in it.
    pub waiting: u64,
    /// Bytes of them.
    pub waiting_bytes: u64,
    /// When the oldest was refused, microseconds since 1970 UTC.
    pub oldest: Option<i64>,
    /// Its numbers.
    #[serde(flatten)]
    pub held: Held,
}

impl RefusedList {
    /// The lists of this store.
    #[must_use]
    pub fn new(store: Arc<Store>, limits: RefusedLimits) -> Self {
        Self { store, limits, forces: Mutex::default() }
    }

    /// Keeps a request's lines as far as there is room, durably. How many are not kept.
    pub(in crate::intake) fn keep(
        &self,
        force: &Force,
        source: Option<&SourceName>,
        time: i64,
        lines: &Lines,
    ) -> Result<u64, StoreError> {
        let list = self.of(force);
        let mut list = lock(&list);
        self.read(force, &mut list)?;
        self.expire(force, &mut list, time)?;
        let mut effects = Effects::new();
        let (mut over, mut held, mut bytes) = (lines.more, list.held, list.bytes);
        let mut new: Vec<(u64, Small)> = Vec::new();
        for line in &lines.lines {
            let same = entry::same(source, line);
            if list.same.contains_key(&same) || new.iter().any(|(_, other)| other.same == same) {
                continue;
            }
            let size = line.bytes.as_ref().map_or(0, Vec::len) as u64;
            if (list.lines.len() + new.len()) as u64 >= self.limits.lines || bytes + size > self.limits.bytes {
                over += 1;
                continue;
            }
            held.last += 1;
            let (entry, put) = entry::put(&self.store, force, source, (held.last, time), line)?;
            effects = effects.and(put);
            bytes += size;
            new.push((held.last, Small { time, bytes: size, same, file: entry.file }));
        }
        held.over += over;
        if over > 0 || !new.is_empty() {
            self.store.commit(effects.and(numbers(force, &held)?))?;
        }
        list.held = held;
        new.into_iter().for_each(|(number, small)| list.add(number, small));
        Ok(over)
    }

    /// Up to `limit` lines behind number `after`.
    ///
    /// # Errors
    /// The store's.
    pub fn page(&self, force: &Force, after: u64, limit: usize) -> Result<Vec<RefusedEntry>, StoreError> {
        let from = at(force, b'l', &after.to_be_bytes());
        let pairs = self.store.list(Space::RefusedLine, &at(force, b'l', &[]), Some(&from), limit)?;
        Ok(pairs.iter().filter_map(|(_, text)| serde_json::from_slice(text).ok()).collect())
    }

    /// One line, and its bytes where they were kept.
    ///
    /// # Errors
    /// The store's.
    pub fn get(&self, force: &Force, number: u64) -> Result<Option<Whole>, StoreError> {
        let text = self.store.get(Space::RefusedLine, &at(force, b'l', &number.to_be_bytes()))?;
        let Some(entry) = text.and_then(|text| serde_json::from_slice::<RefusedEntry>(&text).ok()) else {
            return Ok(None);
        };
        let bytes = entry::bytes(&self.store, force, &entry)?;
        Ok(Some((entry, bytes)))
    }

    /// Takes a line off the list: `commit` makes the effects durable together with whatever else belongs to it. False where
    /// there is no such line.
    ///
    /// # Errors
    /// The store's, and `commit`'s.
    pub fn remove(
        &self,
        force: &Force,
        number: u64,
        gone: Gone,
        commit: impl FnOnce(Effects) -> Result<(), StoreError>,
    ) -> Result<bool, StoreError> {
        let list = self.of(force);
        let mut list = lock(&list);
        self.read(force, &mut list)?;
        let Some(small) = list.lines.get(&number).copied() else { return Ok(false) };
        let mut held = list.held;
        match gone {
            Gone::Replayed => held.replayed += 1,
            Gone::Discarded => held.discarded += 1,
        }
        commit(entry::delete(force, number, small.same).and(numbers(force, &held)?))?;
        list.held = held;
        list.drop_line(number);
        self.remove_file(small.file);
        Ok(true)
    }

    /// How a force's list stands. `now` is in microseconds since 1970 UTC: what is too old goes first.
    ///
    /// # Errors
    /// The store's.
    pub fn waiting(&self, force: &Force, now: i64) -> Result<Waiting, StoreError> {
        let list = self.of(force);
        let mut list = lock(&list);
        self.read(force, &mut list)?;
        self.expire(force, &mut list, now)?;
        Ok(Waiting {
            waiting: list.lines.len() as u64,
            waiting_bytes: list.bytes,
            oldest: list.lines.first_key_value().map(|(_, small)| small.time),
            held: list.held,
        })
    }

    #[cfg(test)]
    pub(super) fn store_for_tests(&self) -> &Store {
        &self.store
    }

    fn of(&self, force: &Force) -> Arc<Mutex<OfForce>> {
        let mut forces = self.forces.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(forces.entry(force.clone()).or_default())
    }

    fn read(&self, force: &Force, list: &mut OfForce) -> Result<(), StoreError> {
        if list.read {
            return Ok(());
        }
        let held = self.store.get(Space::RefusedLine, &at(force, b'n', &[]))?;
        let mut new = OfForce { read: true, ..OfForce::default() };
        new.held = held.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let prefix = at(force, b'd', &[]);
        let mut same = HashMap::new();
        let mut after: Option<Vec<u8>> = None;
        loop {
            let pairs = self.store.list(Space::RefusedLine, &prefix, after.as_deref(), PAGE)?;
            let Some((last, _)) = pairs.last() else { break };
            after = Some(last.clone());
            for (key, number) in &pairs {
                let digest = key.get(prefix.len()..).and_then(|digest| digest.try_into().ok()).map(Digest);
                let number = number.as_slice().try_into().ok().map(u64::from_be_bytes);
                same.extend(number.zip(digest));
            }
        }
        let mut last = 0;
        loop {
            let page = self.page(force, last, PAGE)?;
            let Some(end) = page.last() else { break };
            last = end.number;
            for entry in page {
                let Some(same) = same.get(&entry.number).copied() else { continue };
                let (time, bytes, file) = (entry.time, entry.bytes.unwrap_or(0), entry.file);
                new.add(entry.number, Small { time, bytes, same, file });
            }
        }
        *list = new;
        Ok(())
    }

    /// Takes off what is too old.
    fn expire(&self, force: &Force, list: &mut OfForce, now: i64) -> Result<(), StoreError> {
        let old = |small: &Small| small.time.saturating_add(self.limits.micros) <= now;
        let gone: Vec<(u64, Small)> =
            list.lines.iter().take_while(|(_, small)| old(small)).map(|(number, small)| (*number, *small)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        let held = Held { expired: list.held.expired + gone.len() as u64, ..list.held };
        let deleted =
            gone.iter().fold(Effects::new(), |all, (number, small)| all.and(entry::delete(force, *number, small.same)));
        self.store.commit(deleted.and(numbers(force, &held)?))?;
        tracing::warn!("force {force}: {} refused lines went from the list because they were old", gone.len());
        list.held = held;
        for (number, small) in gone {
            list.drop_line(number);
            self.remove_file(small.file);
        }
        Ok(())
    }

    fn remove_file(&self, file: Option<Digest>) {
        if let Some(Err(error)) = file.map(|digest| self.store.remove_file(digest)) {
            tracing::warn!("a refused line's file stays: {error}");
        }
    }
}

impl OfForce {
    fn add(&mut self, number: u64, small: Small) {
        self.bytes += small.bytes;
        self.same.insert(small.same, number);
        self.lines.insert(number, small);
    }

    fn drop_line(&mut self, number: u64) {
        if let Some(small) = self.lines.remove(&number) {
            self.bytes = self.bytes.saturating_sub(small.bytes);
            self.same.remove(&small.same);
        }
    }
}

fn numbers(force: &Force, held: &Held) -> Result<Effects, StoreError> {
    let text = serde_json::to_vec(held).map_err(|error| StoreError::TooLarge(format!("numbers: {error}")))?;
    Ok(Effects::new().put(Space::RefusedLine, &at(force, b'n', &[]), text))
}

fn lock(list: &Mutex<OfForce>) -> MutexGuard<'_, OfForce> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}
