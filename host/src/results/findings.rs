//! Findings in the store: each once, by force and number in the order in which they were committed, with the basis that its
//! evidence is made from; their numbers by id; and which events they need, by sequence number.
//!
//! Ids are digests: findings that come together would lie all over the store by id, and do lie side by side by number.

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
/// Bytes of a number. A host of before December 2026 kept findings by id, and ids (with a byte where late) by number: both are
/// read.
const NUMBER: usize = 8;
/// Added to one of these where the finding was found late.
const LATE: u8 = 0x80;
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
    if !lane.kind.is_live() {
        return Ok(apart::keep(lane, finding, value(store, finding, basis, false)?));
    }
    let of = of_force(&finding.force);
    let mut with = Effects::new();
    for sequence in needed {
        let source = finding.event.source.as_str().as_bytes().to_vec();
        with = with.put(Space::FindingOrder, &needed_key(&finding.force, sequence), source);
    }
    let by_id = [of.as_slice(), &finding.id.0].concat();
    let value = value(store, finding, basis, late)?;
    Ok(Effects::new().list_once((Space::Finding, &by_id), (Space::FindingOrder, &of), value, with))
}

/// A finding and its basis as they are kept.
fn value(store: &Store, finding: &Finding, basis: &[u8], late: bool) -> Result<Vec<u8>, StoreError> {
    let text = serde_json::to_vec(finding).map_err(|error| StoreError::TooLarge(format!("a finding: {error}")))?;
    value_of(store, text, basis, if late { LATE } else { 0 })
}

fn value_of(store: &Store, text: Vec<u8>, basis: &[u8], late: u8) -> Result<Vec<u8>, StoreError> {
    let length = u32::try_from(basis.len()).unwrap_or(u32::MAX).to_le_bytes();
    if 4 + basis.len() + 1 + text.len() <= VALUE_BYTES {
        return Ok([length.as_slice(), basis, &[INLINE | late], &text].concat());
    }
    let text = store.put_file(&text)?.0;
    if 4 + basis.len() + 1 + text.len() <= VALUE_BYTES {
        return Ok([length.as_slice(), basis, &[FILE | late], &text].concat());
    }
    let basis = store.put_file(basis)?.0;
    Ok([&32_u32.to_le_bytes()[..], &basis, &[FILES | late], &text].concat())
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
    let of = of_force(force);
    let Some(at) = store.get(Space::Finding, &[of.as_slice(), &id.0].concat())? else { return Ok(None) };
    let value = match at.len() {
        NUMBER => store.get(Space::FindingOrder, &[of.as_slice(), &at].concat())?,
        _ => Some(at),
    };
    value.map_or(Ok(None), |value| Ok(kept(store, &value)?.map(|(kept, _)| kept)))
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
    for (key, mut value) in store.list(Space::FindingOrder, &of, Some(&from), limit)? {
        let number = key.get(of.len()..).and_then(|number| number.try_into().ok()).map(u64::from_be_bytes);
        let mut listed_late = false;
        if let Some((id, late)) = value.split_first_chunk::<32>().filter(|(_, late)| late.len() <= 1) {
            listed_late = !late.is_empty();
            value = store.get(Space::Finding, &[of.as_slice(), id].concat())?.unwrap_or_default();
        }
        let (Some(number), Some((Kept { mut finding, .. }, late))) = (number, kept(store, &value)?) else { continue };
        if late || listed_late {
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

/// What a value holds, and whether it was found late.
pub(super) fn kept(store: &Store, value: &[u8]) -> Result<Option<(Kept, bool)>, StoreError> {
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
    let (basis, text) = match kind & !LATE {
        INLINE => (Some(basis), Some(text)),
        FILE => (Some(basis), file(&text)?),
        FILES => (file(&basis)?, file(&text)?),
        _ => return Ok(None),
    };
    let finding = text.and_then(|text| String::from_utf8(text).ok());
    Ok(finding.zip(basis).map(|(finding, basis)| (Kept { finding, basis }, kind & LATE != 0)))
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
    fn a_finding_that_an_older_host_kept_by_its_id_is_found_and_listed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let (avon, ids) = (Force::new("avon").unwrap(), [Digest::of(b"a"), Digest::of(b"b")]);
        let of = of_force(&avon);
        let mut effects = Effects::new();
        for (id, late) in [(ids[0], &[][..]), (ids[1], &[1][..])] {
            let value = value_of(&store, format!("{{\"id\":\"{id}\"}}").into_bytes(), b"basis", 0).unwrap();
            let listed = [&id.0[..], late].concat();
            effects = effects.put(Space::Finding, &[of.as_slice(), &id.0].concat(), value);
            effects = effects.append(Space::FindingOrder, &of, listed);
        }
        store.commit(effects).unwrap();
        let listed = page(&store, &avon, 0, 10).unwrap().findings;
        let text = |number: usize, end: &str| (number as u64 + 1, format!("{{\"id\":\"{}\"{end}}}", ids[number]));
        assert_eq!(listed, [text(0, ""), text(1, ",\"late\":true")]);
        let found = finding(&store, &avon, ids[1]).unwrap().unwrap();
        assert_eq!(found, Kept { finding: text(1, "").1, basis: b"basis".to_vec() });
    }

    #[test]
    fn a_basis_of_any_size_is_kept_with_its_finding() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        for (number, length) in
            [(0, 10), (1, VALUE_BYTES - 200), (0, VALUE_BYTES), (1, VALUE_BYTES), (0, 3 * VALUE_BYTES)]
        {
            let (basis, text) = (vec![b'b'; length], "t".repeat(1_000));
            let value = value_of(&store, text.clone().into_bytes(), &basis, number * LATE).unwrap();
            store.commit(Effects::new().put(Space::FindingOrder, &[number], value)).unwrap();
            let value = store.get(Space::FindingOrder, &[number]).unwrap().unwrap();
            let found = kept(&store, &value).unwrap().unwrap();
            assert_eq!(found, (Kept { finding: text, basis }, number == 1));
        }
    }
}
