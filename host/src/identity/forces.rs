//! Records of forces.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// A force as the operator described it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ForceRecord {
    /// Its name, in keys, tokens and URLs.
    pub name: Force,
    /// Its name for people.
    pub display: String,
    /// IANA time zone.
    pub zone: String,
    /// Whether it is being set up.
    pub stage: Stage,
}

/// Where a force stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Stage {
    Onboarding,
    Live,
}

/// As it is stored; the name is the key.
#[derive(Serialize, Deserialize)]
struct Stored {
    display: String,
    zone: String,
    stage: Stage,
}

pub(super) fn put(record: &ForceRecord) -> Result<Effects, StoreError> {
    let stored = Stored { display: record.display.clone(), zone: record.zone.clone(), stage: record.stage };
    let text = serde_json::to_vec(&stored).map_err(|error| StoreError::TooLarge(format!("a force: {error}")))?;
    Ok(Effects::new().put(Space::Force, record.name.as_str().as_bytes(), text))
}

pub(super) fn read(store: &Store) -> Result<BTreeMap<Force, ForceRecord>, StoreError> {
    let pairs = store.list(Space::Force, &[], None, usize::MAX)?;
    Ok(pairs
        .into_iter()
        .filter_map(|(key, value)| {
            let name = Force::new(std::str::from_utf8(&key).ok()?).ok()?;
            let Stored { display, zone, stage } = serde_json::from_slice(&value).ok()?;
            Some((name.clone(), ForceRecord { name, display, zone, stage }))
        })
        .collect())
}

/// How many characters must change to make one name the other.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, of_a) in a.chars().enumerate() {
        let mut before = row.first().copied().unwrap_or(0);
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, of_b) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(0);
            let left = row.get(j).copied().unwrap_or(0);
            let changed = before + usize::from(of_a != *of_b);
            if let Some(here) = row.get_mut(j + 1) {
                *here = changed.min(above + 1).min(left + 1);
            }
            before = above;
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_counts_changes() {
        let distances = [("", "", 0), ("avon", "avon", 0), ("avon", "avno", 2), ("kent", "ken", 1), ("", "abc", 3)];
        for (a, b, expected) in distances {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }
}
