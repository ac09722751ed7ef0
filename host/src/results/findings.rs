//! Findings in the store: each once, by force and id, with the basis that its evidence is made from; in the order in which
//! they were committed; and which events they need, by sequence number.

use super::exercised::{exercise_of, has_exercises};
use super::{LaneSource, apart, of_force};
use crate::findings::Finding;
use crate::ids::Digest;
use crate::model::{Force, SourceName};
use crate::store::{Effects, Space, Store, StoreError, VALUE_BYTES};

/// A value: length of the basis (u32, little endian), the basis, one of these, and the finding's JSON or the digest of the
/// file that holds it.
const INLINE: u8 = 0;
const FILE: u8 = 1;
/// The basis, too, is the digest of a file: it has many answers.
const FILES: u8 = 2;
/// Behind a finding's id in the list, where it was found late.
const LATE: u8 = 1;
/// Before a force's name and the number of an event that a finding needs. No force's name begins with it.
const NEEDED: &[u8] = b"\0needed\0";
/// Pairs read at a time.
const PAGE: usize = 1_024;

/// Some findings of a force, in the order in which they were committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Each finding's number and JSON; with `"late":true` at its end where it was found long after its event was received, and
    /// `"exercise":"ID"` where its event is of an exercise.
    pub findings: Vec<(u64, String)>,
}

/// A finding, and what its evidence is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its JSON.
    pub finding: String,
    /// As it was given to [`save`].
    pub basis: Vec<u8>,
}

/// The effect that a lane's finding is kept, unless it is already: the same id again is the same finding. `needed` are the
/// sequence numbers of its events, all of its source. What is found in another lane than the live one is kept apart. `late`: it
/// was found long after its event was received.
///
/// # Errors
/// The store's, when the finding, or its basis, is so large that it becomes a file.
pub fn save(
    store: &Store,
    lane: &LaneSource,
    finding: &Finding,
    basis: &[u8],
    needed: impl Iterator<Item = u64>,
    late: bool,
) -> Result<Effects, StoreError> {
    let value = value(store, finding, basis)?;
    if !lane.kind.is_live() {
        return Ok(apart::keep(lane, finding, value));
    }
    let of = of_force(&finding.force);
    let listed = if late { [&finding.id.0[..], &[LATE]].concat() } else { finding.id.0.to_vec() };
    let mut with = Effects::new().append(Space::FindingOrder, &of, listed);
    for sequence in needed {
        let source = finding.event.source.as_str().as_bytes().to_vec();
        with = with.put(Space::FindingOrder, &needed_key(&finding.force, sequence), source);
    }
    Ok(Effects::new().once(Space::Finding, &[of.as_slice(), &finding.id.0].concat(), value, with))
}

/// A finding and its basis as they are kept.
fn value(store: &Store, finding: &Finding, basis: &[u8]) -> Result<Vec<u8>, StoreError> {
    let text = serde_json::to_vec(finding).map_err(|error| StoreError::TooLarge(format!("a finding: {error}")))?;
    value_of(store, text, basis)
}

fn value_of(store: &Store, text: Vec<u8>, basis: &[u8]) -> Result<Vec<u8>, StoreError> {
    let length = u32::try_from(basis.len()).unwrap_or(u32::MAX).to_le_bytes();
    if 4 + basis.len() + 1 + text.len() <= VALUE_BYTES {
        return Ok([length.as_slice(), basis, &[INLINE], &text].concat());
    }
    let text = store.put_file(&text)?.0;
    if 4 + basis.len() + 1 + text.len() <= VALUE_BYTES {
        return Ok([length.as_slice(), basis, &[FILE], &text].concat());
    }
    let basis = store.put_file(basis)?.0;
    Ok([&32_u32.to_le_bytes()[..], &basis, &[FILES], &text].concat())
}

/// Whether a finding is kept, or on its way: what is committed after the answer cannot be durable before it.
///
/// # Errors
/// The store's.
pub fn is_known(store: &Store, lane: &LaneSource, id: Digest) -> Result<bool, StoreError> {
    if !lane.kind.is_live() {
        return apart::is_known(store, lane, id);
    }
    store.is_set(Space::Finding, &[of_force(&lane.force).as_slice(), &id.0].concat())
}

/// Whether a live finding is kept.
///
/// # Errors
/// The store's.
pub fn has_finding(store: &Store, force: &Force, id: Digest) -> Result<bool, StoreError> {
    Ok(store.get(Space::Finding, &[of_force(force).as_slice(), &id.0].concat())?.is_some())
}

/// A finding of a force.
///
/// # Errors
/// The store's.
pub fn finding(store: &Store, force: &Force, id: Digest) -> Result<Option<Kept>, StoreError> {
    kept(store, Space::Finding, &[of_force(force).as_slice(), &id.0].concat())
}

/// How many findings of a force are kept.
///
/// # Errors
/// The store's.
pub fn findings_of(store: &Store, force: &Force) -> Result<u64, StoreError> {
    store.last_number(Space::FindingOrder, &of_force(force))
}

/// Up to `limit` findings of a force behind number `after`.
///
/// # Errors
/// The store's.
pub fn page(store: &Store, force: &Force, after: u64, limit: usize) -> Result<Page, StoreError> {
    let of = of_force(force);
    let from = [of.as_slice(), &after.to_be_bytes()].concat();
    let (mut findings, exercises) = (Vec::new(), has_exercises(store, force)?);
    for (key, id) in store.list(Space::FindingOrder, &of, Some(&from), limit)? {
        let number = key.get(of.len()..).and_then(|number| number.try_into().ok()).map(u64::from_be_bytes);
        let (id, late) = id.split_at(id.len().min(32));
        let kept = kept(store, Space::Finding, &[of.as_slice(), id].concat())?;
        let (Some(number), Some(Kept { mut finding, .. })) = (number, kept) else { continue };
        if late == [LATE] {
            add(&mut finding, "\"late\":true");
        }
        if exercises && let Some(exercise) = exercise(store, force, &finding)? {
            add(&mut finding, &format!("\"exercise\":\"{exercise}\""));
        }
        findings.push((number, finding));
    }
    Ok(Page { findings })
}

/// Adds a member to an object's JSON.
pub(super) fn add(object: &mut String, member: &str) {
    if object.ends_with('}') {
        object.truncate(object.len() - 1);
        object.push(',');
        object.push_str(member);
        object.push('}');
    }
}

/// The exercise that a finding's event is of.
pub(super) fn exercise(store: &Store, force: &Force, finding: &str) -> Result<Option<String>, StoreError> {
    match event_of(finding) {
        Some(event) => exercise_of(store, force, event),
        None => Ok(None),
    }
}

/// The identity of the event that triggered a finding.
fn event_of(finding: &str) -> Option<Digest> {
    #[derive(serde::Deserialize)]
    struct Triggered {
        event: Event,
    }
    #[derive(serde::Deserialize)]
    struct Event {
        digest: Digest,
    }
    Some(serde_json::from_str::<Triggered>(finding).ok()?.event.digest)
}

/// The events of a force numbered `first` or higher, and lower than `end`, that a finding needs, ascending.
///
/// # Errors
/// The store's.
pub fn needed(store: &Store, force: &Force, first: u64, end: u64) -> Result<Vec<(u64, SourceName)>, StoreError> {
    let prefix = [NEEDED, &of_force(force)].concat();
    let mut after = needed_key(force, first.saturating_sub(1));
    let mut found = Vec::new();
    loop {
        let pairs = store.list(Space::FindingOrder, &prefix, Some(&after), PAGE)?;
        for (key, source) in &pairs {
            let number = key.get(prefix.len()..).and_then(|number| number.try_into().ok()).map(u64::from_be_bytes);
            let source = std::str::from_utf8(source).ok().and_then(|name| SourceName::new(name).ok());
            match (number, source) {
                (Some(number), _) if number >= end => return Ok(found),
                (Some(number), Some(source)) => found.push((number, source)),
                _ => {}
            }
        }
        match pairs.into_iter().next_back() {
            Some((last, _)) => after = last,
            None => return Ok(found),
        }
    }
}

fn needed_key(force: &Force, sequence: u64) -> Vec<u8> {
    [NEEDED, &of_force(force), &sequence.to_be_bytes()].concat()
}

pub(super) fn kept(store: &Store, space: Space, key: &[u8]) -> Result<Option<Kept>, StoreError> {
    let Some(value) = store.get(space, key)? else { return Ok(None) };
    let parts = value.split_first_chunk::<4>().and_then(|(length, rest)| {
        let (basis, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        let (kind, text) = rest.split_first()?;
        Some((basis.to_vec(), *kind, text.to_vec()))
    });
    let Some((basis, kind, text)) = parts else { return Ok(None) };
    let file = |digest: &[u8]| match <[u8; 32]>::try_from(digest) {
        Ok(digest) => store.file(Digest(digest)),
        Err(_) => Ok(None),
    };
    let (basis, text) = match kind {
        INLINE => (Some(basis), Some(text)),
        FILE => (Some(basis), file(&text)?),
        FILES => (file(&basis)?, file(&text)?),
        _ => return Ok(None),
    };
    let finding = text.and_then(|text| String::from_utf8(text).ok());
    Ok(finding.zip(basis).map(|(finding, basis)| Kept { finding, basis }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn events_that_findings_need_are_known_by_force_and_number() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (avon, avo) = (Force::new("avon").unwrap(), Force::new("avo").unwrap());
        let mut effects = Effects::new();
        for (force, sequence) in [(&avon, 0), (&avon, 3), (&avon, 1_500), (&avon, 1_501), (&avo, 7)] {
            effects = effects.put(Space::FindingOrder, &needed_key(force, sequence), b"custom.test".to_vec());
        }
        for sequence in 2_000..4_000 {
            effects = effects.put(Space::FindingOrder, &needed_key(&avon, sequence), b"custom.test".to_vec());
        }
        store.commit(effects).unwrap();
        let numbers = |first, end| {
            let all = needed(&store, &avon, first, end).unwrap();
            all.into_iter().map(|(number, _)| number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(1, 1_501), [3, 1_500]);
        assert_eq!(numbers(1_501, 2_001), [1_501, 2_000]);
        assert_eq!(numbers(2_000, 4_000).len(), 2_000);
        assert_eq!(numbers(4_000, 9_000), [0; 0]);
        assert_eq!(page(&store, &avon, 0, 10).unwrap().findings, []);
    }

    #[test]
    fn a_basis_of_any_size_is_kept_with_its_finding() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        for (number, length) in [(0, 10), (1, VALUE_BYTES - 200), (2, VALUE_BYTES), (3, 3 * VALUE_BYTES)] {
            let (basis, text) = (vec![b'b'; length], "t".repeat(1_000));
            let value = value_of(&store, text.clone().into_bytes(), &basis).unwrap();
            store.commit(Effects::new().put(Space::Finding, &[number], value)).unwrap();
            let found = kept(&store, Space::Finding, &[number]).unwrap().unwrap();
            assert_eq!(found, Kept { finding: text, basis });
        }
    }
}
