//! Exceptions: which findings become no alert, until when, why, and what each of them hid. The finding stays.
//!
//! Those of a force, and those of all. Each act commits with its audit record; what one hid is counted in the commit that
//! follows the findings, with the newest as samples.

mod exception;

use std::collections::BTreeMap;

pub use exception::{Condition, Exception};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::join::Found;
use super::{Alerts, Shared};
use crate::audit::Act;
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Exceptions at most, ended ones among them.
const MOST: usize = 10_000;
/// How long one that ended is kept for the report: 90 days, in microseconds.
const KEPT: i64 = 90 * 86_400_000_000;
/// The newest findings that it hid, kept as samples.
const SAMPLES: usize = 20;
/// Characters of a sample's title.
const TITLE: usize = 200;

/// Whose it is, and its word.
pub(super) type Key = (Option<Force>, String);

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

/// Why an exception is not made or ended.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum ExceptionError {
    #[error("{0}")]
    Bad(String),
    #[error("there is no exception `{0}` that has not ended: see `cordon exception list`")]
    Absent(String),
    #[error("there are {MOST} exceptions: end those that are not needed (`cordon exception expire`)")]
    TooMany,
    #[error("there is an exception `{0}` that has not ended: end it first, or give another word")]
    Known(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Alerts {
    /// Makes an exception; from the next finding on.
    ///
    /// # Errors
    /// See [`ExceptionError`].
    pub fn except(
        &self,
        exception: Exception,
        act: impl FnOnce(serde_json::Value) -> Act,
    ) -> Result<Exception, ExceptionError> {
        let shared = &self.shared;
        let now = (shared.now)();
        exception.checked(now).map_err(ExceptionError::Bad)?;
        let _one = shared.change();
        let mut all = shared.exceptions();
        let key = (exception.force.clone(), exception.id.clone());
        if all.get(&key).is_some_and(|known| known.is_open(now)) {
            return Err(ExceptionError::Known(exception.id));
        }
        let mut effects = put(&exception)?.delete(Space::ExceptionHid, &at(&key));
        let old: Vec<Key> =
            all.iter().filter(|(_, old)| now - old.expires > KEPT).map(|(key, _)| key.clone()).collect();
        for old in old {
            effects = effects.delete(Space::Exception, &at(&old)).delete(Space::ExceptionHid, &at(&old));
            all.remove(&old);
        }
        if all.len() >= MOST {
            return Err(ExceptionError::TooMany);
        }
        shared.audit.commit(&shared.store, act(json!({ "exception": exception })), effects)?;
        all.insert(key, exception.clone());
        Ok(exception)
    }

    /// Ends an exception now; as it is then.
    ///
    /// # Errors
    /// See [`ExceptionError`].
    pub fn end_exception(
        &self,
        force: Option<&Force>,
        id: &str,
        act: impl FnOnce(serde_json::Value) -> Act,
    ) -> Result<Exception, ExceptionError> {
        let shared = &self.shared;
        let now = (shared.now)();
        let _one = shared.change();
        let mut all = shared.exceptions();
        let known = all.get_mut(&(force.cloned(), id.to_owned())).filter(|known| known.is_open(now));
        let known = known.ok_or_else(|| ExceptionError::Absent(id.to_owned()))?;
        let ended = Exception { expires: now, ..known.clone() };
        shared.audit.commit(&shared.store, act(json!({ "exception": ended })), put(&ended)?)?;
        known.clone_from(&ended);
        Ok(ended)
    }

    /// Exceptions and what each hid: of one force and of all, without what others' findings say; or every one.
    ///
    /// # Errors
    /// The store's.
    pub fn all_exceptions(&self, force: Option<&Force>) -> Result<Vec<(Exception, Hid)>, StoreError> {
        let all: Vec<Exception> = self.shared.exceptions().values().cloned().collect();
        let seen = |of: &Option<Force>| of.is_none() || force.is_none() || of.as_ref() == force;
        let mut found = Vec::new();
        for exception in all.into_iter().filter(|exception| seen(&exception.force)) {
            let mut hid = hid(&self.shared.store, &(exception.force.clone(), exception.id.clone()))?;
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
        let all = shared.exceptions();
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
            let text = serde_json::to_vec(&hid).map_err(|error| form(&error))?;
            effects = effects.put(Space::ExceptionHid, &at(&key), text);
        }
        Ok(effects)
    }
}

/// Force (none: all), a null byte, its word.
fn at((force, id): &Key) -> Vec<u8> {
    [force.as_ref().map_or("", Force::as_str).as_bytes(), &[0], id.as_bytes()].concat()
}

fn form(error: &serde_json::Error) -> StoreError {
    StoreError::TooLarge(format!("an exception: {error}"))
}

fn put(exception: &Exception) -> Result<Effects, StoreError> {
    let key = (exception.force.clone(), exception.id.clone());
    let text = serde_json::to_vec(exception).map_err(|error| form(&error))?;
    Ok(Effects::new().put(Space::Exception, &at(&key), text))
}

fn hid(store: &Store, key: &Key) -> Result<Hid, StoreError> {
    let kept = store.get(Space::ExceptionHid, &at(key))?;
    Ok(kept.and_then(|kept| serde_json::from_slice(&kept).ok()).unwrap_or_default())
}

pub(super) fn read(store: &Store) -> Result<BTreeMap<Key, Exception>, StoreError> {
    let mut all = BTreeMap::new();
    for (_, value) in store.list(Space::Exception, &[], None, usize::MAX)? {
        let exception: Exception = serde_json::from_slice(&value)
            .map_err(|error| StoreError::Disk { file: "exceptions".into(), reason: error.to_string() })?;
        all.insert((exception.force.clone(), exception.id.clone()), exception);
    }
    Ok(all)
}
