//! Forces: their records, and what changes them. A force is added by hand and never removed; only `nmc` is there by itself.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Identity, IdentityError};
use crate::audit::Act;
use crate::model::{Force, SourceName};
use crate::near::distance;
use crate::store::{Effects, Space, Store, StoreError};

/// Sources that one force may be expected to send.
pub const MOST_EXPECTED: usize = 100;
/// Minutes that a source may be quiet at most: 30 days.
pub const LONGEST_QUIET: u32 = 43_200;

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
    /// The sources that it should send, each with the longest time in minutes for which it may be quiet; none: not set.
    pub expects: BTreeMap<SourceName, Option<u32>>,
    /// Whether its events are refused. What it has sent stays, and its lanes go on.
    pub suspended: Option<Suspension>,
}

/// Where a force stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Stage {
    Onboarding,
    Live,
}

/// Since when a force is suspended, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Microseconds since 1970 UTC.
    pub since: i64,
    /// The operator's words.
    pub reason: String,
}

impl ForceRecord {
    /// A force of which nothing is known yet but its name.
    #[must_use]
    pub fn new(name: Force) -> Self {
        let (display, zone) = (name.to_string(), "Europe/London".to_owned());
        Self { name, display, zone, stage: Stage::Onboarding, expects: BTreeMap::new(), suspended: None }
    }

    fn check(&self) -> Result<(), IdentityError> {
        let refuse = |reason: String| Err(IdentityError::Refused(reason));
        if self.display.chars().count() > 200 || self.display.chars().any(char::is_control) {
            return refuse("display: give at most 200 characters, without control characters".into());
        }
        if jiff::tz::TimeZone::get(&self.zone).is_err() {
            return refuse(format!("`{}` is no time zone: use a name such as Europe/London", self.zone));
        }
        if self.expects.len() > MOST_EXPECTED {
            return refuse(format!("expects: name at most {MOST_EXPECTED} sources"));
        }
        for (source, quiet) in &self.expects {
            if source.as_str().starts_with("cordon.") {
                return refuse(format!("expects: events of {source} are made by the host itself"));
            }
            if quiet.is_some_and(|minutes| !(1..=LONGEST_QUIET).contains(&minutes)) {
                return refuse(format!("expects: {source}: give 1 to {LONGEST_QUIET} minutes"));
            }
        }
        Ok(())
    }
}

impl Identity {
    /// A force's record.
    #[must_use]
    pub fn force(&self, name: &Force) -> Option<ForceRecord> {
        self.read().forces.get(name).cloned()
    }

    /// All forces, by name.
    #[must_use]
    pub fn forces(&self) -> Vec<ForceRecord> {
        self.read().forces.values().cloned().collect()
    }

    /// The force of a name, which must be there.
    ///
    /// # Errors
    /// When there is none, with the nearest name.
    pub fn known_force(&self, name: &str) -> Result<Force, IdentityError> {
        let known = self.read();
        let found = known.forces.keys().find(|force| force.as_str() == name);
        found.cloned().ok_or_else(|| IdentityError::Absent(no_force(name, known.forces.keys())))
    }

    /// Adds a force.
    ///
    /// # Errors
    /// When there is one of that name, or a field is not as it must be.
    pub fn add_force(&self, record: ForceRecord, act: Act) -> Result<(), IdentityError> {
        record.check()?;
        let mut known = self.write();
        if known.forces.contains_key(&record.name) {
            return Err(IdentityError::Refused(format!("there is a force `{}` already", record.name)));
        }
        self.audit.commit(&self.store, act, put(&record)?)?;
        known.forces.insert(record.name.clone(), record);
        Ok(())
    }

    /// Adds the tenant of the National Management Centre where it is not there: every host has it. `now` is in microseconds
    /// since 1970 UTC.
    ///
    /// # Errors
    /// The store's.
    pub fn add_national(&self, now: i64) -> Result<(), IdentityError> {
        let name = Force::national();
        if self.force(&name).is_some() {
            return Ok(());
        }
        let display = "National Management Centre".to_owned();
        let record = ForceRecord { display, stage: Stage::Live, ..ForceRecord::new(name.clone()) };
        let details = json!({ "display": record.display, "zone": record.zone, "stage": record.stage });
        let (who, role) = ("host".to_owned(), "host".to_owned());
        self.add_force(record, Act { time: now, who, role, force: Some(name), what: "force-added", details })
    }

    /// Changes a force's record, which it answers. A change that is refused, by `change` or for what it leaves, is not made.
    ///
    /// # Errors
    /// When there is no such force, or the change is refused.
    pub fn change_force(
        &self,
        name: &Force,
        act: Act,
        change: impl FnOnce(&mut ForceRecord) -> Result<(), IdentityError>,
    ) -> Result<ForceRecord, IdentityError> {
        let mut known = self.write();
        let Some(mut record) = known.forces.get(name).cloned() else {
            return Err(IdentityError::Absent(no_force(name.as_str(), known.forces.keys())));
        };
        change(&mut record)?;
        record.check()?;
        if record.suspended.is_some() && *name == Force::national() {
            let reason = format!("`{name}` cannot be suspended: what the host itself notices goes there");
            return Err(IdentityError::Refused(reason));
        }
        self.audit.commit(&self.store, act, put(&record)?)?;
        known.forces.insert(name.clone(), record.clone());
        Ok(record)
    }
}

/// As it is stored; the name is the key. What came later has a default: stores were written without it.
#[derive(Serialize, Deserialize)]
struct Stored {
    display: String,
    zone: String,
    stage: Stage,
    #[serde(default)]
    expects: BTreeMap<String, Option<u32>>,
    #[serde(default)]
    suspended: Option<Suspension>,
}

fn put(record: &ForceRecord) -> Result<Effects, StoreError> {
    let ForceRecord { name, display, zone, stage, expects, suspended } = record.clone();
    let expects = expects.into_iter().map(|(source, quiet)| (source.to_string(), quiet)).collect();
    let text = serde_json::to_vec(&Stored { display, zone, stage, expects, suspended })
        .map_err(|error| StoreError::TooLarge(format!("a force: {error}")))?;
    Ok(Effects::new().put(Space::Force, name.as_str().as_bytes(), text))
}

pub(super) fn read(store: &Store) -> Result<BTreeMap<Force, ForceRecord>, StoreError> {
    let pairs = store.list(Space::Force, &[], None, usize::MAX)?;
    Ok(pairs
        .into_iter()
        .filter_map(|(key, value)| {
            let name = Force::new(std::str::from_utf8(&key).ok()?).ok()?;
            let Stored { display, zone, stage, expects, suspended } = serde_json::from_slice(&value).ok()?;
            let expects =
                expects.into_iter().filter_map(|(source, quiet)| Some((SourceName::new(&source).ok()?, quiet)));
            let record = ForceRecord { name, display, zone, stage, expects: expects.collect(), suspended };
            Some((record.name.clone(), record))
        })
        .collect())
}

fn no_force<'a>(name: &str, known: impl Iterator<Item = &'a Force>) -> String {
    let name: String = name.chars().take(64).collect();
    let nearest = known.min_by_key(|force| distance(force.as_str(), &name));
    // That `nmc` is there helps nobody whose name is quite another.
    match nearest.filter(|force| **force != Force::national() || distance(force.as_str(), &name) == 1) {
        None => format!("there is no force `{name}`: add it with `cordon force add`"),
        Some(nearest) => format!("there is no force `{name}`; the nearest name is `{nearest}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_an_earlier_store_is_read_with_what_came_later_at_its_default() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let text = br#"{"display":"Avon","zone":"Europe/London","stage":"live"}"#.to_vec();
        store.commit(Effects::new().put(Space::Force, b"avon", text)).unwrap();
        let avon = Force::new("avon").unwrap();
        let expected = ForceRecord { display: "Avon".into(), stage: Stage::Live, ..ForceRecord::new(avon.clone()) };
        assert_eq!(read(&store).unwrap().remove(&avon), Some(expected));
    }

    #[test]
    fn what_a_force_should_send_is_kept_and_checked() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let mut record = ForceRecord::new(Force::new("avon").unwrap());
        let source = |name: &str| SourceName::new(name).unwrap();
        record.expects = [(source("m365.audit"), Some(60)), (source("custom.door"), None)].into();
        record.suspended = Some(Suspension { since: 7, reason: "moved".into() });
        assert_eq!(record.check(), Ok(()));
        store.commit(put(&record).unwrap()).unwrap();
        assert_eq!(read(&store).unwrap().remove(&record.name), Some(record.clone()));
        for wrong in [("m365.audit", Some(0)), ("m365.audit", Some(LONGEST_QUIET + 1)), ("cordon.health", None)] {
            let record = ForceRecord { expects: [(source(wrong.0), wrong.1)].into(), ..record.clone() };
            assert!(record.check().unwrap_err().to_string().contains(wrong.0), "{wrong:?}");
        }
    }
}
