//! The audit: who did or read what, in a hash chain, committed with the act.
//!
//! Each record holds the digest of the one before it, so that a change, a gap or a reordering shows. Owns the chain; knows
//! no act and no person.

mod chain;
mod filter;

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

pub use chain::{Broken, Chain, Record, Verified};
pub use filter::Filter;

use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Records read at a time.
const PAGE: usize = 1_024;
/// Records that are looked at for one page of a list at most.
pub const LOOKED_AT: usize = 131_072;

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

/// Records as they are stored, and the number of the last of them.
pub type Texts = (Vec<Vec<u8>>, u64);

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

    /// How many records there are, and the digest of the last.
    #[must_use]
    pub fn head(&self) -> (u64, Digest) {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Up to `limit` records behind number `after` that a filter fits; and the number to go on behind, none where nothing is
    /// left. Looks at no more than [`LOOKED_AT`] records.
    ///
    /// # Errors
    /// The store's.
    pub fn list(
        &self,
        store: &Store,
        after: u64,
        limit: usize,
        filter: &Filter,
    ) -> Result<(Vec<Record>, Option<u64>), StoreError> {
        let mut found = Vec::new();
        let mut last = after;
        for _ in 0..LOOKED_AT.div_ceil(PAGE) {
            let pairs = store.list(Space::Audit, &[], Some(last.to_be_bytes().as_slice()), PAGE)?;
            if pairs.is_empty() {
                return Ok((found, None));
            }
            for (key, value) in pairs {
                last = <[u8; 8]>::try_from(key).map_or(last, u64::from_be_bytes);
                let record = serde_json::from_slice(&value).ok().filter(|record| filter.fits(record));
                found.extend(record);
                if found.len() >= limit {
                    return Ok((found, Some(last)));
                }
            }
        }
        Ok((found, Some(last)))
    }

    /// The record of a number.
    ///
    /// # Errors
    /// The store's.
    pub fn record(&self, store: &Store, number: u64) -> Result<Option<Record>, StoreError> {
        let value = store.get(Space::Audit, &number.to_be_bytes())?;
        Ok(value.and_then(|value| serde_json::from_slice(&value).ok()))
    }

    /// The texts of some records behind number `after`, as they are stored, readable or not, with the last one's number;
    /// none where nothing is left.
    ///
    /// # Errors
    /// The store's.
    pub fn texts(&self, store: &Store, after: u64) -> Result<Option<Texts>, StoreError> {
        let pairs = store.list(Space::Audit, &[], Some(after.to_be_bytes().as_slice()), PAGE)?;
        let last = pairs.last().and_then(|(key, _)| <[u8; 8]>::try_from(key.as_slice()).ok()).map(u64::from_be_bytes);
        Ok(last.map(|last| (pairs.into_iter().map(|(_, value)| value).collect(), last)))
    }

    /// Goes through the whole chain, looking for the record of a digest that somebody kept elsewhere: see [`Chain`].
    ///
    /// # Errors
    /// The store's. The inner error is the first record that does not hold.
    pub fn verify(&self, store: &Store, known: Option<Digest>) -> Result<Result<Verified, Broken>, StoreError> {
        let mut chain = Chain::new(known);
        let mut after = 0;
        while let Some((texts, last)) = self.texts(store, after)? {
            for text in texts {
                if let Err(broken) = chain.take(&text) {
                    return Ok(Err(broken));
                }
            }
            after = last;
        }
        Ok(Ok(chain.verified()))
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
        let all = Filter::default();
        let (records, rest) = audit.list(&store, 0, 10, &all).unwrap();
        assert_eq!(rest, None);
        let verified = audit.verify(&store, Some(records[1].digest)).unwrap().unwrap();
        assert_eq!(verified, Verified { records: 3, head: records[2].digest, known: Some(2) });
        assert_eq!(audit.verify(&store, Some(Digest::of(b"cut off"))).unwrap().unwrap().known, None);
        assert_eq!(audit.list(&store, 1, 1, &all).unwrap(), (records[1..2].to_vec(), Some(2)));
        let from = Filter { from: Some(1), until: Some(2), who: Some("x".into()), ..Filter::default() };
        assert_eq!(audit.list(&store, 0, 9, &from).unwrap(), (records[1..2].to_vec(), None));
        let other = Filter { force: Some("kent".into()), ..Filter::default() };
        assert_eq!(audit.list(&store, 0, 9, &other).unwrap(), (Vec::new(), None));
        assert_eq!(audit.record(&store, 3).unwrap().as_ref(), records.get(2));

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
