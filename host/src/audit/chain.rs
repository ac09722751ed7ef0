//! The chain of records, checked link by link: in the store, or in a file that was exported. Pure.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::ids::Digest;

/// A record of the chain.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// From 1, without gaps.
    pub number: u64,
    /// See [`super::Act::time`].
    pub time: i64,
    /// See [`super::Act::who`].
    pub who: String,
    /// See [`super::Act::role`].
    pub role: String,
    /// See [`super::Act::force`].
    pub force: Option<String>,
    /// See [`super::Act::what`].
    pub what: String,
    /// See [`super::Act::details`].
    pub details: Value,
    /// Digest of the record before; of nothing for the first.
    pub previous: Digest,
    /// SHA-256 of all the above.
    pub digest: Digest,
}

impl Record {
    pub(super) fn own_digest(&self) -> Digest {
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

/// Takes records in order, from the first.
pub struct Chain {
    verified: Verified,
    known: Option<Digest>,
}

impl Chain {
    /// None yet. Looks for the record whose digest somebody kept elsewhere, `known`: a chain that was cut off or written anew
    /// holds in itself, but no longer has it. The digest of nothing is the empty chain's, which every chain goes on from.
    #[must_use]
    pub fn new(known: Option<Digest>) -> Self {
        let head = Digest::of(&[]);
        Self { verified: Verified { records: 0, head, known: (known == Some(head)).then_some(0) }, known }
    }

    /// Takes the next record, as JSON.
    ///
    /// # Errors
    /// When it is not the one that follows, or was changed.
    pub fn take(&mut self, text: &[u8]) -> Result<Record, Broken> {
        let number = self.verified.records + 1;
        let broken = |reason| Broken { number, reason };
        let record: Record = serde_json::from_slice(text).map_err(|_| broken("cannot be read"))?;
        if record.number != number {
            return Err(broken("is missing"));
        }
        if record.previous != self.verified.head {
            return Err(broken("does not follow the one before it"));
        }
        if record.digest != record.own_digest() {
            return Err(broken("was changed"));
        }
        (self.verified.records, self.verified.head) = (number, record.digest);
        self.verified.known = self.verified.known.or((self.known == Some(record.digest)).then_some(number));
        Ok(record)
    }

    /// What was taken.
    #[must_use]
    pub fn verified(self) -> Verified {
        self.verified
    }
}
