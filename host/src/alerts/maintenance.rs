//! Maintenance windows: for so long what a force's people do themselves pages nobody. Alerts are made and kept as ever, marked
//! with the window; they go out together, as late ones do. What comes after the window is news again.

use std::collections::BTreeMap;

use cordon_contract::manifest::{Severity, list_name};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Alerts;
use crate::audit::Act;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// How long one lasts at most: 14 days, in microseconds.
const LONGEST: i64 = 14 * 86_400_000_000;
/// How far ahead one may begin: 366 days.
const AHEAD: i64 = 366 * 86_400_000_000;
/// Those that ended are kept for so long: 90 days.
const KEPT: i64 = 90 * 86_400_000_000;
/// Windows at most.
const MOST: usize = 1_000;
/// Characters of a reason.
const REASON: usize = 500;

/// A window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Maintenance {
    /// A word, told apart within its force, or among those of all.
    pub id: String,
    /// Whose alerts; none for those of all forces.
    #[serde(rename = "for")]
    pub force: Option<Force>,
    /// From when on, microseconds since 1970 UTC.
    pub from: i64,
    /// Until when, in the same.
    pub until: i64,
    /// What is at least as grave pages all the same.
    pub pages: Severity,
    /// Why.
    pub reason: String,
    /// The token's id.
    pub by: String,
}

/// Whose it is, and its word.
pub(super) type Key = (Option<Force>, String);

/// Why a window is not made or ended.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum MaintenanceError {
    #[error("{0}")]
    Bad(String),
    #[error("there is no maintenance window `{0}` that has not ended: see `cordon maintenance list`")]
    Absent(String),
    #[error("there are {MOST} maintenance windows: end those that are not needed")]
    TooMany,
    #[error("there is a maintenance window `{0}` that has not ended: end it first, or give another word")]
    Known(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Maintenance {
    fn checked(&self, now: i64) -> Result<(), String> {
        list_name(&self.id).map_err(|error| format!("id: {error}"))?;
        if self.reason.trim().is_empty()
            || self.reason.chars().count() > REASON
            || self.reason.chars().any(char::is_control)
        {
            return Err(format!("reason: say why, in at most {REASON} characters, without control characters"));
        }
        if self.until <= now || self.until <= self.from {
            return Err("until: it ends before it begins, or has ended".into());
        }
        if self.until - self.from > LONGEST {
            return Err(
                "a window lasts 14 days at most: what needs longer is an exception (`cordon exception add`)".into()
            );
        }
        if self.from - now > AHEAD {
            return Err("from: at most 366 days ahead".into());
        }
        Ok(())
    }

    /// Whether an alert of a force and severity pages nobody at this time.
    pub(super) fn quiets(&self, force: &Force, severity: Severity, now: i64) -> bool {
        (self.from..self.until).contains(&now)
            && self.force.as_ref().is_none_or(|own| own == force)
            && severity < self.pages
    }
}

impl Alerts {
    /// Makes a window.
    ///
    /// # Errors
    /// See [`MaintenanceError`].
    pub fn maintain(
        &self,
        window: Maintenance,
        act: impl FnOnce(serde_json::Value) -> Act,
    ) -> Result<Maintenance, MaintenanceError> {
        let shared = &self.shared;
        let now = (shared.now)();
        window.checked(now).map_err(MaintenanceError::Bad)?;
        let _one = shared.change();
        let mut all = shared.maintenance();
        let key = (window.force.clone(), window.id.clone());
        if all.get(&key).is_some_and(|known| known.until > now) {
            return Err(MaintenanceError::Known(window.id));
        }
        let mut effects = put(&window)?;
        let old: Vec<Key> = all.iter().filter(|(_, old)| now - old.until > KEPT).map(|(key, _)| key.clone()).collect();
        for old in old {
            effects = effects.delete(Space::Maintenance, &at(&old));
            all.remove(&old);
        }
        if all.len() >= MOST {
            return Err(MaintenanceError::TooMany);
        }
        shared.audit.commit(&shared.store, act(json!({ "maintenance": window })), effects)?;
        all.insert(key, window.clone());
        Ok(window)
    }

    /// Ends a window now.
    ///
    /// # Errors
    /// See [`MaintenanceError`].
    pub fn end_maintenance(
        &self,
        force: Option<&Force>,
        id: &str,
        act: impl FnOnce(serde_json::Value) -> Act,
    ) -> Result<Maintenance, MaintenanceError> {
        let shared = &self.shared;
        let now = (shared.now)();
        let _one = shared.change();
        let mut all = shared.maintenance();
        let known = all.get_mut(&(force.cloned(), id.to_owned())).filter(|known| known.until > now);
        let known = known.ok_or_else(|| MaintenanceError::Absent(id.to_owned()))?;
        let ended = Maintenance { until: now, from: known.from.min(now), ..known.clone() };
        shared.audit.commit(&shared.store, act(json!({ "maintenance": ended })), put(&ended)?)?;
        known.clone_from(&ended);
        Ok(ended)
    }

    /// Windows of a force and of all; or every one.
    #[must_use]
    pub fn all_maintenance(&self, force: Option<&Force>) -> Vec<Maintenance> {
        let seen = |window: &&Maintenance| window.force.is_none() || force.is_none() || window.force.as_ref() == force;
        self.shared.maintenance().values().filter(seen).cloned().collect()
    }
}

/// Force (none: all), a null byte, its word.
fn at((force, id): &Key) -> Vec<u8> {
    [force.as_ref().map_or("", Force::as_str).as_bytes(), &[0], id.as_bytes()].concat()
}

fn put(window: &Maintenance) -> Result<Effects, StoreError> {
    let text =
        serde_json::to_vec(window).map_err(|error| StoreError::TooLarge(format!("a maintenance window: {error}")))?;
    Ok(Effects::new().put(Space::Maintenance, &at(&(window.force.clone(), window.id.clone())), text))
}

pub(super) fn read(store: &Store) -> Result<BTreeMap<Key, Maintenance>, StoreError> {
    let mut all = BTreeMap::new();
    for (_, value) in store.list(Space::Maintenance, &[], None, usize::MAX)? {
        let window: Maintenance = serde_json::from_slice(&value)
            .map_err(|error| StoreError::Disk { file: "maintenance windows".into(), reason: error.to_string() })?;
        all.insert((window.force.clone(), window.id.clone()), window);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn window(from: i64, until: i64) -> Maintenance {
        let (reason, by) = ("upgrade".into(), "t".into());
        let force = Some(Force::new("avon").unwrap());
        Maintenance { id: "upgrade".into(), force, from, until, pages: Severity::Critical, reason, by }
    }

    #[test]
    fn it_quiets_its_force_for_as_long_as_it_lasts_but_not_what_is_grave_enough() {
        let (window, avon, kent) = (window(10, 20), Force::new("avon").unwrap(), Force::new("kent").unwrap());
        assert!(window.quiets(&avon, Severity::High, 10) && window.quiets(&avon, Severity::Low, 19));
        assert!(!window.quiets(&avon, Severity::High, 9) && !window.quiets(&avon, Severity::High, 20));
        assert!(!window.quiets(&avon, Severity::Critical, 15) && !window.quiets(&kent, Severity::High, 15));
        assert!(Maintenance { force: None, ..window }.quiets(&kent, Severity::High, 15));
    }

    #[test]
    fn one_that_is_over_or_without_end_is_refused() {
        assert!(window(10, 20).checked(15).is_ok());
        assert!(window(10, 20).checked(20).is_err() && window(20, 20).checked(1).is_err());
        assert!(window(0, LONGEST + 1).checked(0).unwrap_err().contains("14 days"));
        assert!(window(AHEAD + 1, AHEAD + 2).checked(0).unwrap_err().contains("366 days"));
        assert!(Maintenance { reason: " ".into(), ..window(10, 20) }.checked(0).unwrap_err().contains("reason"));
    }
}
