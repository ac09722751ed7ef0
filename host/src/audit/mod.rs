//! The audit: who did or read what, in a hash chain, committed with the act.
//!
//! Each record holds the digest of the one before it, so that a change, a gap or a reordering shows. Owns the chain; knows
//! no act and no person.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Records read at a time.
const PAGE: usize = 1_024;

/// What somebody did.
#[derive(Debug, Clone, PartialEq)]
pub struct Act {
    /// When, microseconds since 1970 UTC.
    pub time: i64,
    /// The token's id, or `host`.
    pub who: String,
    /// The role that the token gives.
    pub role: String,
    /// Whose data it concerned; none where no force's.
    pub force: Option<Force>,
    /// A word: `force-added`, `findings-read`, ...
    pub what: &'static str,
    /// What else a reader of the audit needs. No secret.
    pub details: Value,
}

/// A record of the chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// From 1, without gaps.
    pub number: u64,
    /// See [`Act::time`].
    pub time: i64,
    /// See [`Act::who`].
    pub who: String,
    /// See [`Act::role`].
    pub role: String,
    /// See [`Act::force`].
    pub force: Option<String>,
    /// See [`Act::what`].
    pub what: String,
    /// See [`Act::details`].
    pub details: Value,
    /// Digest of the record before; of nothing for the first.
    pub previous: Digest,
    /// SHA-256 of all the above.
    pub digest: Digest,
}

impl Record {
    fn own_digest(&self) -> Digest {
        let (number, time) = (self.number.to_le_bytes(), self.time.to_le_bytes());
        let force = self.force.as_deref().unwrap_or_default();
        let details = self.details.to_string();
        let texts = [&self.who, &self.role, force, &self.what, &details].map(str::as_bytes);
        let mut parts: Vec<&[u8]> = vec![&number, &time];
        parts.extend(texts);
        parts.push(&self.previous.0);
        Digest::of_parts(&parts)
    }
}

/// A chain that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("record {number} of the audit {reason}")]
pub struct Broken {
    number: u64,
    reason: &'static str,
}

/// A chain that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// How many records it has.
    pub records: u64,
    /// The digest of the last.
    pub head: Digest,
    /// The number of the record that was looked for, where the chain has it.
    pub known: Option<u64>,
}

/// See the module.
pub struct Audit {
    head: Mutex<(u64, Digest)>,
}

impl Audit {
    /// The chain of this store.
    ///
    /// # Errors
    /// The store's; `Disk` also when its last record cannot be read.
    pub fn open(store: &Store) -> Result<Self, StoreError> {
        let head = match store.last(Space::Audit, &[])? {
            None => (0, Digest::of(&[])),
            Some((_, value)) => {
                let record: Record = serde_json::from_slice(&value)
                    .map_err(|error| StoreError::Disk { file: "audit".into(), reason: error.to_string() })?;
                (record.number, record.digest)
            }
        };
        Ok(Self { head: Mutex::new(head) })
    }

    /// Commits effects together with the record of the act that they are: both, or none.
    ///
    /// # Errors
    /// The store's.
    pub fn commit(&self, store: &Store, act: Act, effects: Effects) -> Result<(), StoreError> {
        let mut head = self.head.lock().unwrap_or_else(PoisonError::into_inner);
        let number = head.0 + 1;
        let mut record = Record {
            number,
            time: act.time,
            who: act.who,
            role: act.role,
            force: act.force.map(|force| force.to_string()),
            what: act.what.to_owned(),
            details: act.details,
            previous: head.1,
            digest: Digest([0; 32]),
        };
        record.digest = record.own_digest();
        let text =
            serde_json::to_vec(&record).map_err(|error| StoreError::TooLarge(format!("an audit record: {error}")))?;
        store.commit(effects.put(Space::Audit, &number.to_be_bytes(), text))?;
        *head = (number, record.digest);
        Ok(())
    }

    /// Up to `limit` records behind number `after`.
    ///
    /// # Errors
    /// The store's.
    pub fn list(&self, store: &Store, after: u64, limit: usize) -> Result<Vec<Record>, StoreError> {
        let from = after.to_be_bytes();
        let pairs = store.list(Space::Audit, &[], Some(from.as_slice()), limit)?;
        Ok(pairs.iter().filter_map(|(_, value)| serde_json::from_slice(value).ok()).collect())
    }

    /// Goes through the whole chain, and looks for the record whose digest somebody kept elsewhere, `known`: a chain that was
    /// cut off or written anew holds in itself, but no longer has it.
    ///
    /// # Errors
    /// The store's. The inner error is the first record that does not hold.
    pub fn verify(&self, store: &Store, known: Option<Digest>) -> Result<Result<Verified, Broken>, StoreError> {
        let mut verified = Verified { records: 0, head: Digest::of(&[]), known: None };
        loop {
            let from = verified.records.to_be_bytes();
            let pairs = store.list(Space::Audit, &[], Some(from.as_slice()), PAGE)?;
            if pairs.is_empty() {
                return Ok(Ok(verified));
            }
            for (key, value) in pairs {
                let number = verified.records + 1;
                let broken = |reason| Ok(Err(Broken { number, reason }));
                let Ok(record) = serde_json::from_slice::<Record>(&value) else { return broken("cannot be read") };
                if key != number.to_be_bytes() || record.number != number {
                    return broken("is missing");
                }
                if record.previous != verified.head {
                    return broken("does not follow the one before it");
                }
                if record.digest != record.own_digest() {
                    return broken("was changed");
                }
                (verified.records, verified.head) = (number, record.digest);
                verified.known = verified.known.or((known == Some(record.digest)).then_some(number));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(n: i64) -> Act {
        let force = Some(Force::new("avon").unwrap());
        Act { time: n, who: "x".into(), role: "operator".into(), force, what: "force-added", details: Value::from(n) }
    }

    #[test]
    fn the_chain_holds_over_restarts_and_shows_every_change() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..3 {
            let store = Store::open(folder.path()).unwrap();
            let audit = Audit::open(&store).unwrap();
            audit.commit(&store, act(n), Effects::new().put(Space::Force, b"avon", vec![n as u8])).unwrap();
        }
        let store = Store::open(folder.path()).unwrap();
        let audit = Audit::open(&store).unwrap();
        assert_eq!(store.get(Space::Force, b"avon").unwrap(), Some(vec![2]));
        let records = audit.list(&store, 0, 10).unwrap();
        let verified = audit.verify(&store, Some(records[1].digest)).unwrap().unwrap();
        assert_eq!(verified, Verified { records: 3, head: records[2].digest, known: Some(2) });
        assert_eq!(audit.verify(&store, Some(Digest::of(b"cut off"))).unwrap().unwrap().known, None);
        assert_eq!(audit.list(&store, 1, 1).unwrap(), records[1..2]);

        let second = 2_u64.to_be_bytes();
        let original = store.get(Space::Audit, &second).unwrap().unwrap();
        for (change, reason) in [("avon", "was changed"), ("\"details\":1", "was changed")] {
            let changed =
                String::from_utf8(original.clone()).unwrap().replace(change, &change.replace(['a', '1'], "7"));
            store.commit(Effects::new().put(Space::Audit, &second, changed.into_bytes())).unwrap();
            let broken = audit.verify(&store, None).unwrap().unwrap_err().to_string();
            assert!(
                broken.contains("record 2") && (broken.contains(reason) || broken.contains("cannot be read")),
                "{broken}"
            );
        }
        store.commit(Effects::new().delete(Space::Audit, &second)).unwrap();
        assert!(
            audit.verify(&store, None).unwrap().unwrap_err().to_string().contains("record 2 of the audit is missing")
        );
        let third = store.get(Space::Audit, &3_u64.to_be_bytes()).unwrap().unwrap();
        store.commit(Effects::new().put(Space::Audit, &second, third)).unwrap();
        assert!(audit.verify(&store, None).unwrap().is_err());
    }

    #[test]
    fn an_act_whose_effects_are_refused_leaves_no_record() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let audit = Audit::open(&store).unwrap();
        let refused = Effects::new().expect(Space::Force, b"avon", Some(vec![1]));
        assert_eq!(audit.commit(&store, act(1), refused), Err(StoreError::Conflict));
        audit.commit(&store, act(2), Effects::new()).unwrap();
        assert_eq!(audit.verify(&store, None).unwrap().unwrap().records, 1);
    }
}
