//! Tokens: 256 random bits, stored as their digest.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::roles::Role;
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Before the random part, so that a scanner of secrets knows what it found.
const MARK: &str = "cordon_";

/// A token that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What it is for.
    pub role: Role,
    /// The force that it belongs to.
    pub force: Option<Force>,
    /// Now, microseconds since 1970 UTC.
    pub created: i64,
    /// When it ends, in the same.
    pub expires: i64,
}

/// What is known of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenRecord {
    /// Names it in lists and the audit; says nothing of its text.
    pub id: String,
    /// What it is for.
    pub role: Role,
    /// The force that it belongs to.
    pub force: Option<Force>,
    /// When it was made, microseconds since 1970 UTC.
    pub created: i64,
    /// When it ends, in the same.
    pub expires: i64,
}

/// As it is stored; the digest of its text is the key.
#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    role: Role,
    force: Option<String>,
    created: i64,
    expires: i64,
}

/// A token that is made and does not count yet.
pub struct DraftToken {
    pub(super) digest: Digest,
    pub(super) record: TokenRecord,
    pub(super) text: String,
}

impl DraftToken {
    /// Its text, which is nowhere else.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

pub(super) fn make(new: NewToken) -> Result<DraftToken, StoreError> {
    let mut random = [0; 32 + 6];
    let no_random = |error| StoreError::Disk { file: "/dev/urandom".into(), reason: format!("{error}") };
    getrandom::fill(&mut random).map_err(no_random)?;
    let (secret, id) = random.split_at(32);
    let text = format!("{MARK}{}", hex::encode(secret));
    let NewToken { role, force, created, expires } = new;
    let record = TokenRecord { id: hex::encode(id), role, force, created, expires };
    Ok(DraftToken { digest: Digest::of(text.as_bytes()), record, text })
}

pub(super) fn put(digest: Digest, record: &TokenRecord) -> Result<Effects, StoreError> {
    let stored = Stored {
        id: record.id.clone(),
        role: record.role,
        force: record.force.as_ref().map(ToString::to_string),
        created: record.created,
        expires: record.expires,
    };
    let text = serde_json::to_vec(&stored).map_err(|error| StoreError::TooLarge(format!("a token: {error}")))?;
    Ok(Effects::new().put(Space::Token, &digest.0, text))
}

pub(super) fn delete(digest: Digest) -> Effects {
    Effects::new().delete(Space::Token, &digest.0)
}

pub(super) fn read(store: &Store) -> Result<BTreeMap<Digest, TokenRecord>, StoreError> {
    let pairs = store.list(Space::Token, &[], None, usize::MAX)?;
    Ok(pairs
        .into_iter()
        .filter_map(|(key, value)| {
            let Stored { id, role, force, created, expires } = serde_json::from_slice(&value).ok()?;
            // A token whose force cannot be read is no token: it must not become one of all forces.
            let force = match force {
                None => None,
                Some(name) => Some(Force::new(&name).ok()?),
            };
            Some((Digest(key.try_into().ok()?), TokenRecord { id, role, force, created, expires }))
        })
        .collect())
}
