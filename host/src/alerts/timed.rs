//! What people set for alerts until a day: kept by force (or for all) and word, made and ended with an audit record, and thrown
//! away some time after its end.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Shared;
use crate::audit::Act;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// One that ended is kept for so long: 90 days, in microseconds.
const KEPT: i64 = 90 * 86_400_000_000;

/// Whose it is (none: all forces'), and its word.
pub(super) type Key = (Option<Force>, String);

/// Why one is not made or ended.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum TimedError {
    #[error("{0}")]
    Bad(String),
    #[error("there is no {what} `{id}` that has not ended: see `cordon {verb} list`")]
    Absent { what: &'static str, verb: &'static str, id: String },
    #[error("there are {most} {what}s: end those that are not needed (see `cordon {verb} list`)")]
    TooMany { what: &'static str, verb: &'static str, most: usize },
    #[error("the {what} `{id}` has not ended: end it first, or give another word")]
    Known { what: &'static str, id: String },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// See the module.
pub(super) trait Timed: Clone + Serialize + DeserializeOwned {
    const SPACE: Space;
    /// For people.
    const WHAT: &'static str;
    /// Its command.
    const VERB: &'static str;
    /// At most, ended ones among them.
    const MOST: usize;

    fn key(&self) -> Key;
    /// When it ends, microseconds since 1970 UTC.
    fn ends(&self) -> i64;
    /// The same, ended at this time.
    fn ended(&self, now: i64) -> Self;
    /// What is wrong with it at this time, and the way out.
    fn checked(&self, now: i64) -> Result<(), String>;
    /// The effects that nothing else is kept of what stood at a place.
    fn forgotten(_at: &[u8]) -> Effects {
        Effects::new()
    }
}

/// All of a kind.
pub(super) struct Kept<T>(Mutex<BTreeMap<Key, T>>);

/// Where one stands: force, a null byte, its word.
pub(super) fn at((force, id): &Key) -> Vec<u8> {
    [force.as_ref().map_or("", Force::as_str).as_bytes(), &[0], id.as_bytes()].concat()
}

fn put<T: Timed>(one: &T) -> Result<Effects, StoreError> {
    let text = serde_json::to_vec(one).map_err(|error| StoreError::TooLarge(format!("{}: {error}", T::WHAT)))?;
    Ok(Effects::new().put(T::SPACE, &at(&one.key()), text))
}

impl<T: Timed> Kept<T> {
    pub(super) fn read(store: &Store) -> Result<Self, StoreError> {
        let mut all = BTreeMap::new();
        for (_, value) in store.list(T::SPACE, &[], None, usize::MAX)? {
            let one: T = serde_json::from_slice(&value).map_err(|error| StoreError::Disk {
                file: format!("{}s", T::WHAT).into(),
                reason: error.to_string(),
            })?;
            all.insert(one.key(), one);
        }
        Ok(Self(Mutex::new(all)))
    }

    pub(super) fn all(&self) -> MutexGuard<'_, BTreeMap<Key, T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those of a force and of all; or every one.
    pub(super) fn of(&self, force: Option<&Force>) -> Vec<T> {
        let seen = |of: &Option<Force>| of.is_none() || force.is_none() || of.as_ref() == force;
        self.all().iter().filter(|((of, _), _)| seen(of)).map(|(_, one)| one.clone()).collect()
    }

    pub(super) fn add(&self, shared: &Shared, one: T, act: impl FnOnce(Value) -> Act) -> Result<T, TimedError> {
        let now = (shared.now)();
        one.checked(now).map_err(TimedError::Bad)?;
        let _one = shared.change();
        let mut all = self.all();
        let key = one.key();
        if all.get(&key).is_some_and(|known| known.ends() > now) {
            return Err(TimedError::Known { what: T::WHAT, id: key.1 });
        }
        let is_old = |(of, old): &(&Key, &T)| **of != key && now - old.ends() > KEPT;
        let old: Vec<Key> = all.iter().filter(is_old).map(|(of, _)| of.clone()).collect();
        if all.len() - old.len() >= T::MOST {
            return Err(TimedError::TooMany { what: T::WHAT, verb: T::VERB, most: T::MOST });
        }
        let mut effects = put(&one)?.and(T::forgotten(&at(&key)));
        for old in &old {
            effects = effects.delete(T::SPACE, &at(old)).and(T::forgotten(&at(old)));
        }
        shared.audit.commit(&shared.store, act(json!({ T::VERB: one })), effects)?;
        old.iter().for_each(|old| drop(all.remove(old)));
        all.insert(key, one.clone());
        Ok(one)
    }

    pub(super) fn end(
        &self,
        shared: &Shared,
        force: Option<&Force>,
        id: &str,
        act: impl FnOnce(Value) -> Act,
    ) -> Result<T, TimedError> {
        let now = (shared.now)();
        let _one = shared.change();
        let mut all = self.all();
        let known = all.get_mut(&(force.cloned(), id.to_owned())).filter(|known| known.ends() > now);
        let known = known.ok_or_else(|| TimedError::Absent { what: T::WHAT, verb: T::VERB, id: id.to_owned() })?;
        let ended = known.ended(now);
        shared.audit.commit(&shared.store, act(json!({ T::VERB: ended })), put(&ended)?)?;
        known.clone_from(&ended);
        Ok(ended)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};

    use serde_json::Value;

    use crate::alerts::{Alerts, Maintenance};
    use crate::audit::{Act, Audit};
    use crate::store::Store;

    static NOW: AtomicI64 = AtomicI64::new(1_000);

    fn now() -> i64 {
        NOW.load(Ordering::SeqCst)
    }

    fn act(details: Value) -> Act {
        Act { time: now(), who: "t".into(), role: "operator".into(), force: None, what: "test", details }
    }

    fn window(id: &str) -> Maintenance {
        serde_json::from_value(serde_json::json!({
            "id": id, "for": null, "from": now(), "until": now() + 1_000, "pages": "critical", "reason": "r", "by": "t",
        }))
        .unwrap()
    }

    #[test]
    fn a_word_is_free_again_long_after_its_end_and_what_has_it_then_outlasts_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let start = || {
            let store = Arc::new(Store::open(folder.path()).unwrap());
            let audit = Arc::new(Audit::open(&store).unwrap());
            Alerts::start(store, audit, Vec::new, now, 50).unwrap()
        };
        let alerts = start();
        alerts.maintain(window("again"), act).unwrap();
        alerts.maintain(window("gone"), act).unwrap();
        assert!(alerts.maintain(window("again"), act).is_err());
        NOW.fetch_add(91 * 86_400_000_000, Ordering::SeqCst);
        alerts.maintain(window("again"), act).unwrap();
        drop(alerts);
        let kept: Vec<String> = start().all_maintenance(None).into_iter().map(|window| window.id).collect();
        assert_eq!(kept, ["again"]);
    }
}
