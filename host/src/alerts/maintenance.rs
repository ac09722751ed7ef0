//! Maintenance windows: for so long what a force's people do themselves pages nobody. Alerts are made and kept as ever, marked
//! with the window; they go out together, as late ones do. What comes after the window is news again.

use cordon_contract::manifest::{Severity, list_name};
use serde::{Deserialize, Serialize};

use super::timed::{Key, Timed, TimedError};
use super::{Alerts, Shared};
use crate::audit::Act;
use crate::model::{Entity, Force, is_about};
use crate::store::Space;

/// How long one lasts at most: 14 days, in microseconds.
const LONGEST: i64 = 14 * 86_400_000_000;
/// How far ahead one may begin: 366 days.
const AHEAD: i64 = 366 * 86_400_000_000;
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
    /// Accounts, mailboxes and numbers of whoever made it: what is about them pages all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spares: Vec<String>,
}

impl Maintenance {
    fn check(&self, now: i64) -> Result<(), String> {
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

    /// Whether an alert of a force, of this severity and about these, pages nobody at this time.
    pub(super) fn quiets(&self, force: &Force, severity: Severity, about: &[Entity], now: i64) -> bool {
        (self.from..self.until).contains(&now)
            && self.force.as_ref().is_none_or(|own| own == force)
            && severity < self.pages
            && !is_about(&self.spares, about)
    }
}

impl Timed for Maintenance {
    const SPACE: Space = Space::Maintenance;
    const WHAT: &'static str = "maintenance window";
    const VERB: &'static str = "maintenance";
    const MOST: usize = 1_000;

    fn key(&self) -> Key {
        (self.force.clone(), self.id.clone())
    }

    fn ends(&self) -> i64 {
        self.until
    }

    fn ended(&self, now: i64) -> Self {
        Self { until: now, from: self.from.min(now), ..self.clone() }
    }

    fn checked(&self, now: i64) -> Result<(), String> {
        self.check(now)
    }
}

impl Shared {
    /// The window in which an alert of a force, of this severity and about these, pages nobody at this time.
    pub(super) fn quiet(&self, force: &Force, severity: Severity, about: &[Entity], now: i64) -> Option<String> {
        let all = self.maintenance.all();
        all.values().find(|window| window.quiets(force, severity, about, now)).map(|window| window.id.clone())
    }
}

impl Alerts {
    /// Makes a window.
    ///
    /// # Errors
    /// See [`TimedError`].
    pub fn maintain(
        &self,
        window: Maintenance,
        act: impl FnOnce(serde_json::Value) -> Act,
    ) -> Result<Maintenance, TimedError> {
        self.shared.maintenance.add(&self.shared, window, act)
    }

    /// Ends a window now.
    ///
    /// # Errors
    /// See [`TimedError`].
    pub fn end_maintenance(
        &self,
        force: Option<&Force>,
        id: &str,
        act: impl FnOnce(serde_json::Value) -> Act,
    ) -> Result<Maintenance, TimedError> {
        self.shared.maintenance.end(&self.shared, force, id, act)
    }

    /// Windows of a force and of all; or every one.
    #[must_use]
    pub fn all_maintenance(&self, force: Option<&Force>) -> Vec<Maintenance> {
        self.shared.maintenance.of(force)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn window(from: i64, until: i64) -> Maintenance {
        let (reason, by) = ("upgrade".into(), "t".into());
        let force = Some(Force::new("avon").unwrap());
        Maintenance {
            id: "upgrade".into(),
            force,
            from,
            until,
            pages: Severity::Critical,
            reason,
            by,
            spares: Vec::new(),
        }
    }

    #[test]
    fn it_quiets_its_force_for_as_long_as_it_lasts_but_not_what_is_grave_enough() {
        let (window, avon, kent) = (window(10, 20), Force::new("avon").unwrap(), Force::new("kent").unwrap());
        assert!(window.quiets(&avon, Severity::High, &[], 10) && window.quiets(&avon, Severity::Low, &[], 19));
        assert!(!window.quiets(&avon, Severity::High, &[], 9) && !window.quiets(&avon, Severity::High, &[], 20));
        assert!(!window.quiets(&avon, Severity::Critical, &[], 15) && !window.quiets(&kent, Severity::High, &[], 15));
        assert!(Maintenance { force: None, ..window }.quiets(&kent, Severity::High, &[], 15));
    }

    #[test]
    fn whoever_makes_one_is_told_of_all_the_same() {
        let own = Maintenance { spares: vec!["jo@avon.example".into()], ..window(10, 20) };
        let about = |value: &str| [Entity { kind: "user".into(), value: value.into() }];
        let quiets = |value: &str| own.quiets(&Force::new("avon").unwrap(), Severity::High, &about(value), 15);
        assert!(quiets("kim@avon.example") && !quiets("Jo@avon.example"));
    }

    #[test]
    fn one_that_is_over_or_without_end_is_refused() {
        assert!(window(10, 20).check(15).is_ok());
        assert!(window(10, 20).check(20).is_err() && window(20, 20).check(1).is_err());
        assert!(window(0, LONGEST + 1).check(0).unwrap_err().contains("14 days"));
        assert!(window(AHEAD + 1, AHEAD + 2).check(0).unwrap_err().contains("366 days"));
        assert!(Maintenance { reason: " ".into(), ..window(10, 20) }.check(0).unwrap_err().contains("reason"));
    }
}
