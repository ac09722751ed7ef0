//! Cursors: how far each lane has come in each source, and which plugins were ever deployed.

use std::collections::BTreeMap;

use crate::findings::Lane;
use crate::model::{Force, SourceName};
use crate::store::{Effects, Space, Store, StoreError};

/// A lane's place in one source.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LaneSource {
    /// The lane's force.
    pub force: Force,
    /// The lane's plugin, by id.
    pub plugin: String,
    /// Which of that plugin's lanes.
    pub kind: Lane,
    /// Which of the journal's sources.
    pub source: SourceName,
}

/// Before the id of a plugin that was deployed. No force's name begins with it.
const DEPLOYED: &[u8] = b"\0deployed\0";
/// Pairs read at a time.
const PAGE: usize = 4_096;

impl LaneSource {
    pub(super) fn key(&self) -> Vec<u8> {
        [self.force.as_str(), &self.plugin, &self.kind.to_string(), self.source.as_str()].join("\0").into_bytes()
    }

    /// Its name for people: `FORCE/PLUGIN/SOURCE`, and the kind with the plugin where it is not the live lane.
    #[must_use]
    pub fn name(&self) -> String {
        let Self { force, plugin, kind, source } = self;
        match kind {
            Lane::Live => format!("{force}/{plugin}/{source}"),
            other => format!("{force}/{plugin}+{}/{source}", other.short()),
        }
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
        let kind = kind.parse().ok().filter(|_| words.next().is_none())?;
        Some(Self {
            force: Force::new(force).ok()?,
            plugin: plugin.to_owned(),
            kind,
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

/// The cursor of one lane; none where it never began.
///
/// # Errors
/// The store's.
pub fn cursor(store: &Store, lane: &LaneSource) -> Result<Option<u64>, StoreError> {
    let value = store.get(Space::Cursor, &lane.key())?;
    Ok(value.and_then(|value| value.try_into().ok()).map(u64::from_be_bytes))
}

/// Whether a plugin was ever deployed to run by itself, as hosts noted it that knew no generations; the host's own are still
/// noted so.
///
/// # Errors
/// The store's.
pub fn was_deployed(store: &Store, plugin: &str) -> Result<bool, StoreError> {
    Ok(store.get(Space::Cursor, &[DEPLOYED, plugin.as_bytes()].concat())?.is_some())
}

/// The effect that it is noted.
#[must_use]
pub fn deployed(plugin: &str) -> Effects {
    Effects::new().put(Space::Cursor, &[DEPLOYED, plugin.as_bytes()].concat(), Vec::new())
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
