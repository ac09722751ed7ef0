//! Cursors: how far each lane has come in each source, and which plugins were ever deployed.

use std::collections::{BTreeMap, BTreeSet};

use super::ledger;
use crate::model::{Force, SourceName};
use crate::store::{Effects, Space, Store, StoreError};

/// A lane's place in one source: the live lane of a plugin for a force.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LaneSource {
    /// The lane's force.
    pub force: Force,
    /// The lane's plugin, by id.
    pub plugin: String,
    /// Which of the journal's sources.
    pub source: SourceName,
}

/// The lane's kind in keys; shadow and hunt lanes will have words of their own.
const LIVE: &str = "live";
/// Before the id of a plugin that was deployed. No force's name begins with it.
const DEPLOYED: &[u8] = b"\0deployed\0";
/// Pairs read at a time.
const PAGE: usize = 4_096;

impl LaneSource {
    pub(super) fn key(&self) -> Vec<u8> {
        [self.force.as_str(), &self.plugin, LIVE, self.source.as_str()].join("\0").into_bytes()
    }

    /// What the keys of this lane begin with, whatever the source.
    #[must_use]
    pub fn of_all_sources(&self) -> Vec<u8> {
        let mut key = self.key();
        key.truncate(key.len().saturating_sub(self.source.as_str().len()));
        key
    }

    pub(super) fn of_key(key: &[u8]) -> Option<Self> {
        let mut words = std::str::from_utf8(key).ok()?.split('\0');
        let (force, plugin, kind, source) = (words.next()?, words.next()?, words.next()?, words.next()?);
        let known = kind == LIVE && words.next().is_none();
        known.then_some(Self {
            force: Force::new(force).ok()?,
            plugin: plugin.to_owned(),
            source: SourceName::new(source).ok()?,
        })
    }
}

/// The effect that a lane has come to this sequence number.
#[must_use]
pub fn passed(lane: &LaneSource, sequence: u64) -> Effects {
    Effects::new().put(Space::Cursor, &lane.key(), sequence.to_be_bytes().to_vec())
}

/// All cursors.
///
/// # Errors
/// The store's.
pub fn cursors(store: &Store) -> Result<BTreeMap<LaneSource, u64>, StoreError> {
    let mut found = BTreeMap::new();
    each(store, &[], |key, value| {
        if let (Some(lane), Ok(number)) = (LaneSource::of_key(key), <[u8; 8]>::try_from(value)) {
            found.insert(lane, u64::from_be_bytes(number));
        }
    })?;
    Ok(found)
}

/// Begins the lanes of plugins that were never deployed before: they start behind what the journal holds now, `heads`. A
/// force or source that comes later is read from its first event. The ledger must have counted what the journal holds.
///
/// # Errors
/// The store's.
pub fn begin<'a>(
    store: &Store,
    plugins: impl Iterator<Item = (&'a str, BTreeSet<SourceName>)>,
    heads: &BTreeMap<Force, BTreeMap<SourceName, u64>>,
) -> Result<(), StoreError> {
    for (plugin, sources) in plugins {
        let known = [DEPLOYED, plugin.as_bytes()].concat();
        if store.get(Space::Cursor, &known)?.is_some() {
            continue;
        }
        let mut effects = Effects::new().put(Space::Cursor, &known, Vec::new());
        for (force, heads) in heads {
            for (source, head) in heads.iter().filter(|(source, _)| sources.contains(*source)) {
                let lane = LaneSource { force: force.clone(), plugin: plugin.to_owned(), source: source.clone() };
                effects = effects.and(passed(&lane, *head)).and(ledger::begins(store, &lane)?);
            }
        }
        store.commit(effects)?;
    }
    Ok(())
}

pub(super) fn each(store: &Store, prefix: &[u8], mut take: impl FnMut(&[u8], &[u8])) -> Result<(), StoreError> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let pairs = store.list(Space::Cursor, prefix, after.as_deref(), PAGE)?;
        let Some((last, _)) = pairs.last() else { return Ok(()) };
        after = Some(last.clone());
        pairs.iter().for_each(|(key, value)| take(key, value));
    }
}
