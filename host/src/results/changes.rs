//! The change log of lanes: from which event on which version ran in which lane, under which terms. Each entry commits with
//! the first results of what it tells of, so what it says did run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::LaneSource;
use crate::ids::Digest;
use crate::lists::Versions;
use crate::store::{Effects, Space, Store, StoreError};

/// Pairs read at a time.
const PAGE: usize = 4_096;
/// Bytes of a sequence number at a key's end, and of the zero byte before it.
const NUMBER: usize = 8;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Sequence number from which on it ran.
    pub from: u64,
    /// Since when, microseconds since 1970 UTC.
    pub since: i64,
    /// The plugin's version.
    pub version: String,
    /// SHA-256 of its component.
    pub digest: Digest,
    /// The file that says what it ran under: settings, caps, engine.
    pub terms: Digest,
    /// The versions of the lists that it looks things up in.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lists: BTreeMap<String, Versions>,
}

/// The effect that a lane runs something else.
///
/// # Errors
/// None that is known: a record of texts and numbers is always JSON.
pub fn changed(lane: &LaneSource, change: &Change) -> Result<Effects, StoreError> {
    let text = serde_json::to_vec(change).map_err(|error| StoreError::TooLarge(format!("a change: {error}")))?;
    Ok(Effects::new().put(Space::LaneChange, &[prefix(lane).as_slice(), &change.from.to_be_bytes()].concat(), text))
}

/// What every lane ran last.
///
/// # Errors
/// The store's.
pub fn ran_last(store: &Store) -> Result<BTreeMap<LaneSource, Change>, StoreError> {
    let mut found = BTreeMap::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let pairs = store.list(Space::LaneChange, &[], after.as_deref(), PAGE)?;
        let Some((last, _)) = pairs.last() else { return Ok(found) };
        after = Some(last.clone());
        for (key, value) in &pairs {
            let lane = key.len().checked_sub(NUMBER + 1).and_then(|end| key.get(..end)).and_then(LaneSource::of_key);
            if let (Some(lane), Ok(change)) = (lane, serde_json::from_slice(value)) {
                // In order of their numbers.
                found.insert(lane, change);
            }
        }
    }
}

/// The changes of a lane, oldest first, at most `limit`.
///
/// # Errors
/// The store's.
pub fn changes(store: &Store, lane: &LaneSource, limit: usize) -> Result<Vec<Change>, StoreError> {
    let pairs = store.list(Space::LaneChange, &prefix(lane), None, limit)?;
    Ok(pairs.iter().filter_map(|(_, value)| serde_json::from_slice(value).ok()).collect())
}

fn prefix(lane: &LaneSource) -> Vec<u8> {
    [lane.key().as_slice(), &[0]].concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::findings::Lane;
    use crate::model::{Force, SourceName};

    #[test]
    fn the_last_of_each_lanes_changes_is_what_it_ran_last() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let lane = |kind| LaneSource {
            force: Force::new("avon").unwrap(),
            plugin: "p".into(),
            kind,
            source: SourceName::new("custom.test").unwrap(),
        };
        let digest = Digest::of(b"component");
        let change = |from| Change {
            from,
            since: 7,
            version: format!("{from}.0.0"),
            digest,
            terms: digest,
            lists: BTreeMap::new(),
        };
        for from in [1, 300, 70_000] {
            store.commit(changed(&lane(Lane::Live), &change(from)).unwrap()).unwrap();
        }
        store.commit(changed(&lane(Lane::Shadow(digest)), &change(5)).unwrap()).unwrap();
        let last = ran_last(&store).unwrap();
        assert_eq!(last[&lane(Lane::Live)], change(70_000));
        assert_eq!(last[&lane(Lane::Shadow(digest))], change(5));
        assert_eq!(changes(&store, &lane(Lane::Live), 9).unwrap(), [change(1), change(300), change(70_000)]);
    }
}
