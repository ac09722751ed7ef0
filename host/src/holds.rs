//! Legal holds: while a force has one, nothing of it is disposed of. Who asked for it and why stays known after its release.
//!
//! Owns the records of holds; each change commits with its audit record. Disposes of nothing itself: whoever does asks here
//! first, and says here what would go.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::audit::{Act, Audit};
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Holds at most, released ones included.
const MOST: usize = 10_000;

/// A hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// From 1.
    pub id: u64,
    /// Whose data it keeps.
    pub force: Force,
    /// The operator's words.
    pub reason: String,
    /// The token of who asked for it.
    pub by: String,
    /// Since when, microseconds since 1970 UTC.
    pub since: i64,
    /// When and why it ended; none while it holds.
    pub released: Option<Release>,
}

/// The end of a hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// Microseconds since 1970 UTC.
    pub at: i64,
    /// The token of who ended it.
    pub by: String,
    /// The operator's words.
    pub reason: String,
}

/// What would be disposed of, were it not held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Due {
    /// Segments of the journal.
    pub segments: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Why a change is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum HoldError {
    #[error("there is no hold {0}: see them with `cordon hold list`")]
    Absent(u64),
    #[error("hold {0} was released already")]
    Released(u64),
    #[error("there are {MOST} holds: no more can be kept")]
    TooMany,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// See the module.
pub struct Holds {
    store: Arc<Store>,
    audit: Arc<Audit>,
    known: Mutex<Known>,
    tell: Sender<()>,
    news: Receiver<()>,
}

#[derive(Default)]
struct Known {
    holds: BTreeMap<u64, Hold>,
    due: BTreeMap<Force, Due>,
}

impl Known {
    fn is_held(&self, force: &Force) -> bool {
        self.holds.values().any(|hold| hold.force == *force && hold.released.is_none())
    }
}

impl Holds {
    /// Reads the holds.
    ///
    /// # Errors
    /// The store's; also when a hold cannot be read: what it keeps must not go.
    pub fn open(store: Arc<Store>, audit: Arc<Audit>) -> Result<Self, StoreError> {
        let mut holds = BTreeMap::new();
        for (_, value) in store.list(Space::Hold, &[], None, usize::MAX)? {
            let hold: Hold = serde_json::from_slice(&value)
                .map_err(|error| StoreError::Disk { file: "legal holds".into(), reason: error.to_string() })?;
            holds.insert(hold.id, hold);
        }
        let (tell, news) = bounded(1);
        Ok(Self { store, audit, known: Mutex::new(Known { holds, due: BTreeMap::new() }), tell, news })
    }

    /// All holds, by id, each with what is due of its force while it holds; none where nobody has looked yet.
    #[must_use]
    pub fn list(&self) -> Vec<(Hold, Option<Due>)> {
        let known = self.known();
        let due = |hold: &Hold| known.due.get(&hold.force).copied().filter(|_| hold.released.is_none());
        known.holds.values().map(|hold| (hold.clone(), due(hold))).collect()
    }

    /// Whether nothing of a force may go.
    #[must_use]
    pub fn is_held(&self, force: &Force) -> bool {
        self.known().is_held(force)
    }

    /// Says what would go of a force that is held.
    pub fn would_go(&self, force: &Force, due: Due) {
        self.known().due.insert(force.clone(), due);
    }

    /// Gets a message whenever a hold began or ended; one stands for all since the last. For one listener.
    #[must_use]
    pub fn news(&self) -> Receiver<()> {
        self.news.clone()
    }

    /// Holds what a force has. The caller has checked that there is such a force.
    ///
    /// # Errors
    /// See [`HoldError`].
    pub fn add(
        &self,
        force: &Force,
        reason: String,
        act: impl FnOnce(serde_json::Value) -> Act,
    ) -> Result<Hold, HoldError> {
        let mut known = self.known();
        if known.holds.len() >= MOST {
            return Err(HoldError::TooMany);
        }
        let id = known.holds.last_key_value().map_or(1, |(last, _)| last + 1);
        let act = act(json!({ "hold": id, "reason": reason }));
        let hold = Hold { id, force: force.clone(), reason, by: act.who.clone(), since: act.time, released: None };
        self.audit.commit(&self.store, act, put(&hold)?)?;
        known.holds.insert(id, hold.clone());
        let _ = self.tell.try_send(());
        Ok(hold)
    }

    /// Ends a hold.
    ///
    /// # Errors
    /// See [`HoldError`].
    pub fn release(
        &self,
        id: u64,
        reason: String,
        act: impl FnOnce(Force, serde_json::Value) -> Act,
    ) -> Result<Hold, HoldError> {
        let mut known = self.known();
        let mut hold = known.holds.get(&id).cloned().ok_or(HoldError::Absent(id))?;
        if hold.released.is_some() {
            return Err(HoldError::Released(id));
        }
        let act = act(hold.force.clone(), json!({ "hold": id, "reason": reason }));
        hold.released = Some(Release { at: act.time, by: act.who.clone(), reason });
        self.audit.commit(&self.store, act, put(&hold)?)?;
        known.holds.insert(id, hold.clone());
        if !known.is_held(&hold.force) {
            known.due.remove(&hold.force);
        }
        let _ = self.tell.try_send(());
        Ok(hold)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(hold: &Hold) -> Result<Effects, StoreError> {
    let text = serde_json::to_vec(hold).map_err(|error| StoreError::TooLarge(format!("a hold: {error}")))?;
    Ok(Effects::new().put(Space::Hold, &hold.id.to_be_bytes(), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(details: serde_json::Value) -> Act {
        Act { time: 5, who: "t".into(), role: "operator".into(), force: None, what: "test", details }
    }

    #[test]
    fn a_force_is_held_until_the_last_of_its_holds_is_released_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let store = Arc::new(Store::open(folder.path()).unwrap());
            let audit = Arc::new(Audit::open(&store).unwrap());
            Holds::open(store, audit).unwrap()
        };
        let [avon, kent] = ["avon", "kent"].map(|name| Force::new(name).unwrap());
        {
            let holds = open();
            assert_eq!(holds.add(&avon, "case 1".into(), act).unwrap().id, 1);
            assert_eq!(holds.add(&avon, "case 2".into(), act).unwrap().id, 2);
            holds.would_go(&avon, Due { segments: 1, bytes: 9 });
            assert!(holds.is_held(&avon) && !holds.is_held(&kent));
            holds.release(1, "closed".into(), |_, details| act(details)).unwrap();
            assert_eq!(holds.list().iter().map(|(_, due)| due.is_some()).collect::<Vec<_>>(), [false, true]);
        }
        let holds = open();
        assert!(holds.is_held(&avon));
        assert_eq!(holds.release(1, "again".into(), |_, details| act(details)), Err(HoldError::Released(1)));
        assert_eq!(holds.release(3, "none".into(), |_, details| act(details)), Err(HoldError::Absent(3)));
        let released = holds.release(2, "closed".into(), |_, details| act(details)).unwrap();
        assert_eq!(released.released, Some(Release { at: 5, by: "t".into(), reason: "closed".into() }));
        assert!(!holds.is_held(&avon));
        assert_eq!(holds.list().len(), 2, "who asked and why stays known");
    }
}
