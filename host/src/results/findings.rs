//! Findings in the store: each once, by force and id, and in the order in which they were committed.

use super::of_force;
use crate::findings::Finding;
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError, VALUE_BYTES};

/// First byte of a value: the finding's JSON follows, or the digest of the file that holds it.
const INLINE: u8 = 0;
const FILE: u8 = 1;

/// Some findings of a force, in the order in which they were committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Each finding's number and JSON.
    pub findings: Vec<(u64, String)>,
}

/// The effect that a finding is kept, unless it is already: the same id again is the same finding.
///
/// # Errors
/// The store's, when the finding is so large that it becomes a file.
pub fn save(store: &Store, finding: &Finding) -> Result<Effects, StoreError> {
    let text = serde_json::to_vec(finding).map_err(|error| StoreError::TooLarge(format!("a finding: {error}")))?;
    let value = if text.len() < VALUE_BYTES {
        [&[INLINE], text.as_slice()].concat()
    } else {
        [&[FILE], store.put_file(&text)?.0.as_slice()].concat()
    };
    let of = of_force(&finding.force);
    let listed = Effects::new().append(Space::FindingOrder, &of, finding.id.0.to_vec());
    Ok(Effects::new().once(Space::Finding, &[of.as_slice(), &finding.id.0].concat(), value, listed))
}

/// How many findings of a force are kept.
///
/// # Errors
/// The store's.
pub fn findings_of(store: &Store, force: &Force) -> Result<u64, StoreError> {
    let of = of_force(force);
    let last = store.last(Space::FindingOrder, &of)?;
    let number = last.and_then(|(key, _)| key.get(of.len()..).and_then(|number| number.try_into().ok()));
    Ok(number.map_or(0, u64::from_be_bytes))
}

/// Up to `limit` findings of a force behind number `after`.
///
/// # Errors
/// The store's.
pub fn page(store: &Store, force: &Force, after: u64, limit: usize) -> Result<Page, StoreError> {
    let of = of_force(force);
    let from = [of.as_slice(), &after.to_be_bytes()].concat();
    let mut findings = Vec::new();
    for (key, id) in store.list(Space::FindingOrder, &of, Some(&from), limit)? {
        let number = key.get(of.len()..).and_then(|number| number.try_into().ok()).map(u64::from_be_bytes);
        let (Some(number), Some(text)) = (number, text(store, &[of.as_slice(), &id].concat())?) else { continue };
        findings.push((number, text));
    }
    Ok(Page { findings })
}

fn text(store: &Store, key: &[u8]) -> Result<Option<String>, StoreError> {
    let Some(value) = store.get(Space::Finding, key)? else { return Ok(None) };
    let bytes = match value.split_first() {
        Some((&INLINE, text)) => Some(text.to_vec()),
        Some((&FILE, digest)) => match digest.try_into() {
            Ok(digest) => store.file(Digest(digest))?,
            Err(_) => None,
        },
        _ => None,
    };
    Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
}
