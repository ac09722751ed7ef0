//! Exceptions: which findings become no alert, until when, why, and what each of them hid. The finding stays.
//!
//! Those of a force, and those of all. Each act commits with its audit record; what one hid is counted in the commit that
//! follows the findings, with the newest as samples.

mod exception;

use std::collections::BTreeMap;

pub use exception::{Condition, Exception};
use serde::{Deserialize, Serialize};

use super::join::Found;
use super::timed::{Key, Timed, TimedError, at};
use super::{Alerts, Shared};
use crate::audit::Act;
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// The newest findings that it hid, kept as samples.
const SAMPLES: usize = 20;
/// Characters of a sample's title.
const TITLE: usize = 200;

/// What one hid.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Hid {
    /// Findings, by force.
    pub count: BTreeMap<String, u64>,
    /// When the first was, microseconds since 1970 UTC.
    pub first: i64,
    /// And the last.
    pub last: i64,
    /// The newest.
    pub samples: Vec<Sample>,
}

/// A finding that was hidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sample {
    /// Whose.
    pub force: Force,
    /// Its id.
    pub finding: Digest,
    /// Which rule found it.
    pub rule: String,
    /// In a line.
    pub title: String,
    /// When it was hidden, microseconds since 1970 UTC.
    pub at: i64,
}

impl Alerts {
    /// Makes an exception; from the next finding on.
    ///
    /// # Errors
    /// See [`TimedError`].
    pub fn except(
        &self,
        exception: Exception,
        act: impl FnOnce(serde_json::Value) -> Act,
    ) -> Result<Exception, TimedError> {
        self.shared.exceptions.add(&self.shared, exception, act)
    }

    /// Ends an exception now; as it is then.
    ///
    /// # Errors
    /// See [`TimedError`].
    pub fn end_exception(
        &self,
        force: Option<&Force>,
        id: &str,
        act: impl FnOnce(serde_json::Value) -> Act,
    ) -> Result<Exception, TimedError> {
        self.shared.exceptions.end(&self.shared, force, id, act)
    }

    /// Exceptions and what each hid: of one force and of all, without what others' findings say; or every one.
    ///
    /// # Errors
    /// The store's.
    pub fn all_exceptions(&self, force: Option<&Force>) -> Result<Vec<(Exception, Hid)>, StoreError> {
        let mut found = Vec::new();
        for exception in self.shared.exceptions.of(force) {
            let mut hid = hid(&self.shared.store, &exception.key())?;
            if let Some(force) = force {
                hid.count.retain(|of, _| of == force.as_str());
                hid.samples.retain(|sample| sample.force == *force);
            }
            found.push((exception, hid));
        }
        Ok(found)
    }
}

/// What findings of one page were hidden by which exceptions.
#[derive(Default)]
pub(super) struct Hiding(BTreeMap<Key, Hid>);

impl Hiding {
    /// Whether an exception hides a finding; counted where it does, and it is of no exercise.
    pub(super) fn hides(
        &mut self,
        shared: &Shared,
        force: &Force,
        found: &Found,
        now: i64,
    ) -> Result<bool, StoreError> {
        let all = shared.exceptions.all();
        let Some((key, _)) = all.iter().find(|(_, exception)| exception.hides(force, found, now)) else {
            return Ok(false);
        };
        if found.exercise.is_some() {
            return Ok(true);
        }
        let hid = match self.0.entry(key.clone()) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let known = hid(&shared.store, key)?;
                entry.insert(known)
            }
        };
        if hid.count.is_empty() {
            hid.first = now;
        }
        hid.last = now;
        *hid.count.entry(force.to_string()).or_default() += 1;
        hid.samples.truncate(SAMPLES - 1);
        let title = found.title.chars().take(TITLE).collect();
        let sample = Sample { force: force.clone(), finding: found.id, rule: found.rule.clone(), title, at: now };
        hid.samples.insert(0, sample);
        Ok(true)
    }

    /// The effect that this is known.
    pub(super) fn effects(self) -> Result<Effects, StoreError> {
        let mut effects = Effects::new();
        for (key, hid) in self.0 {
            let text = serde_json::to_vec(&hid)
                .map_err(|error| StoreError::TooLarge(format!("what an exception hid: {error}")))?;
            effects = effects.put(Space::ExceptionHid, &at(&key), text);
        }
        Ok(effects)
    }
}

impl Timed for Exception {
    const SPACE: Space = Space::Exception;
    const WHAT: &'static str = "exception";
    const VERB: &'static str = "exception";
    const MOST: usize = 10_000;

    fn key(&self) -> Key {
        (self.force.clone(), self.id.clone())
    }

    fn ends(&self) -> i64 {
        self.expires
    }

    fn ended(&self, now: i64) -> Self {
        Self { expires: now, ..self.clone() }
    }

    fn checked(&self, now: i64) -> Result<(), String> {
        self.check(now)
    }

    fn forgotten(at: &[u8]) -> Effects {
        Effects::new().delete(Space::ExceptionHid, at)
    }
}

fn hid(store: &Store, key: &Key) -> Result<Hid, StoreError> {
    let kept = store.get(Space::ExceptionHid, &at(key))?;
    Ok(kept.and_then(|kept| serde_json::from_slice(&kept).ok()).unwrap_or_default())
}
