//! Alerts in the store: by force and number; the newest of each fingerprint; the history of each; and the log of all changes in
//! the order in which they were committed, which delivery follows.

use cordon_contract::manifest::Severity;

use super::alert::{Alert, Change, State};
use crate::ids::Digest;
use crate::model::{Entity, Force};
use crate::results;
use crate::store::{Effects, Space, Store, StoreError};

/// Alerts that are looked at for one page at most.
const LOOKED_AT: usize = 20_000;
/// Pairs read at a time.
const PAGE: usize = 512;

/// Which alerts are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these states; any where empty.
    pub states: Vec<State>,
    /// At least as grave.
    pub severity: Option<Severity>,
    /// About this: the value of an entity, in any case.
    pub entity: Option<String>,
    /// Changed or found again since, microseconds since 1970 UTC.
    pub since: Option<i64>,
}

impl Filter {
    /// The narrowest place where all that it fits stands, by number.
    fn index(&self, force: &Force) -> (Space, Vec<u8>) {
        match &self.entity {
            Some(value) => (Space::AlertAbout, about_key(force, value)),
            None if !self.states.is_empty() && !self.states.contains(&State::Resolved) => {
                (Space::AlertOpen, of_force(force))
            }
            None => (Space::Alert, of_force(force)),
        }
    }

    fn fits(&self, alert: &Alert) -> bool {
        let entity =
            |wanted: &String| alert.entities.iter().any(|entity| entity.value.to_lowercase() == wanted.to_lowercase());
        (self.states.is_empty() || self.states.contains(&alert.state))
            && self.severity.is_none_or(|severity| alert.severity >= severity)
            && self.entity.as_ref().is_none_or(entity)
            && self.since.is_none_or(|since| alert.updated >= since)
    }
}

/// One change in the log.
#[derive(Debug, Clone, PartialEq)]
pub struct Logged {
    /// Its number in the log.
    pub number: u64,
    /// Whose alert.
    pub force: Force,
    /// Which.
    pub alert: u64,
    /// What happened.
    pub change: Change,
}

pub(super) fn of_force(force: &Force) -> Vec<u8> {
    [force.as_str().as_bytes(), &[0]].concat()
}

/// Where what is kept of an alert stands, in each space.
#[must_use]
pub fn key(force: &Force, number: u64) -> Vec<u8> {
    [of_force(force).as_slice(), &number.to_be_bytes()].concat()
}

fn form(error: &serde_json::Error) -> StoreError {
    StoreError::TooLarge(format!("an alert: {error}"))
}

/// The effects that an alert is as it is now, by this change where it is one that others are told of.
pub(super) fn put(alert: &Alert, change: Option<&Change>) -> Result<Effects, StoreError> {
    let at = key(&alert.force, alert.number);
    let mark = [of_force(&alert.force).as_slice(), &alert.fingerprint.0].concat();
    let effects = Effects::new().put(Space::Alert, &at, serde_json::to_vec(alert).map_err(|error| form(&error))?).put(
        Space::AlertMark,
        &mark,
        alert.number.to_be_bytes().to_vec(),
    );
    let effects = match alert.state {
        State::Resolved => effects.delete(Space::AlertOpen, &at),
        _ => effects.put(Space::AlertOpen, &at, Vec::new()),
    };
    let number = alert.number.to_be_bytes();
    let about = |effects: Effects, entity: &Entity| {
        let at = [about_key(&alert.force, &entity.value).as_slice(), &number].concat();
        effects.put(Space::AlertAbout, &at, Vec::new())
    };
    let effects = alert.entities.iter().fold(effects, about);
    let Some(change) = change else { return Ok(effects) };
    let in_history = [at.as_slice(), &change.revision.to_be_bytes()].concat();
    let text = serde_json::to_vec(change).map_err(|error| form(&error))?;
    Ok(effects.put(Space::AlertHistory, &in_history, text).append(Space::AlertLog, &[], in_history))
}

/// Before the numbers of alerts about a value, in any case.
fn about_key(force: &Force, value: &str) -> Vec<u8> {
    [of_force(force).as_slice(), &Digest::of(value.to_lowercase().as_bytes()).0[..16]].concat()
}

/// The numbers of the newest alerts about a value, ascending; looked for among the force's newest 100,000.
pub(super) fn about(store: &Store, force: &Force, value: &str, limit: usize) -> Result<Vec<u64>, StoreError> {
    let of = about_key(force, value);
    let from = [of.as_slice(), &last(store, force)?.saturating_sub(100_000).to_be_bytes()].concat();
    let pairs = store.list(Space::AlertAbout, &of, Some(&from), 100_000)?;
    let number = |(key, _): &(Vec<u8>, Vec<u8>)| Some(u64::from_be_bytes(*key.last_chunk()?));
    Ok(pairs.get(pairs.len().saturating_sub(limit)..).unwrap_or_default().iter().filter_map(number).collect())
}

/// An alert of a force.
///
/// # Errors
/// The store's.
pub fn alert(store: &Store, force: &Force, number: u64) -> Result<Option<Alert>, StoreError> {
    let kept = store.get(Space::Alert, &key(force, number))?;
    Ok(kept.and_then(|kept| serde_json::from_slice(&kept).ok()))
}

/// The newest alert of a fingerprint.
pub(super) fn newest(store: &Store, force: &Force, fingerprint: Digest) -> Result<Option<Alert>, StoreError> {
    let mark = store.get(Space::AlertMark, &[of_force(force).as_slice(), &fingerprint.0].concat())?;
    match mark.and_then(|mark| mark.try_into().ok()).map(u64::from_be_bytes) {
        Some(number) => alert(store, force, number),
        None => Ok(None),
    }
}

/// The number of a force's last alert; 0 where it has none.
pub(super) fn last(store: &Store, force: &Force) -> Result<u64, StoreError> {
    store.last_number(Space::Alert, &of_force(force))
}

pub(super) fn history(store: &Store, alert: &Alert) -> Result<Vec<Change>, StoreError> {
    let pairs = store.list(Space::AlertHistory, &key(&alert.force, alert.number), None, usize::MAX)?;
    Ok(pairs.iter().filter_map(|(_, text)| serde_json::from_slice(text).ok()).collect())
}

pub(super) fn page(
    store: &Store,
    force: &Force,
    after: u64,
    limit: usize,
    filter: &Filter,
) -> Result<(Vec<Alert>, Option<u64>), StoreError> {
    let (space, of) = filter.index(force);
    let (mut found, mut last) = (Vec::new(), after);
    for _ in 0..LOOKED_AT.div_ceil(PAGE) {
        let from = [of.as_slice(), &last.to_be_bytes()].concat();
        let pairs = store.list(space, &of, Some(&from), PAGE)?;
        if pairs.is_empty() {
            return Ok((found, None));
        }
        for (at, text) in pairs {
            last = at.last_chunk().map_or(last, |number| u64::from_be_bytes(*number));
            let text = if space == Space::Alert { Some(text) } else { store.get(Space::Alert, &key(force, last))? };
            let alert = text.and_then(|text| serde_json::from_slice::<Alert>(&text).ok());
            found.extend(alert.filter(|alert| filter.fits(alert)));
            if found.len() >= limit {
                return Ok((found, Some(last)));
            }
        }
    }
    Ok((found, Some(last)))
}

/// Up to `limit` changes of all forces behind number `after`, in the order in which they were committed.
///
/// # Errors
/// The store's.
pub fn log_after(store: &Store, after: u64, limit: usize) -> Result<Vec<Logged>, StoreError> {
    let mut found = Vec::new();
    for (number, at) in store.list(Space::AlertLog, &[], Some(after.to_be_bytes().as_slice()), limit)? {
        let Some(number) = number.try_into().ok().map(u64::from_be_bytes) else { continue };
        let text = store.get(Space::AlertHistory, &at)?;
        let change = text.and_then(|text| serde_json::from_slice(&text).ok());
        let place = place(&at);
        if let (Some(change), Some((force, alert))) = (change, place) {
            found.push(Logged { number, force, alert, change });
        }
    }
    Ok(found)
}

/// The number of the last change in the log; 0 where there is none.
///
/// # Errors
/// The store's.
pub fn log_end(store: &Store) -> Result<u64, StoreError> {
    store.last_number(Space::AlertLog, &[])
}

/// The force and alert of a history's key.
fn place(key: &[u8]) -> Option<(Force, u64)> {
    let end = key.iter().position(|byte| *byte == 0)?;
    let force = Force::new(std::str::from_utf8(key.get(..end)?).ok()?).ok()?;
    let number = key.get(end + 1..end + 9)?.try_into().ok()?;
    Some((force, u64::from_be_bytes(number)))
}

/// What alerts are made of: a force has two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum From {
    /// What its plugins find in what comes in.
    Live,
    /// What hunts find in what is stored.
    Hunts,
}

impl From {
    fn key(self, force: &Force) -> Vec<u8> {
        match self {
            Self::Live => of_force(force),
            Self::Hunts => [of_force(force).as_slice(), b"hunts"].concat(),
        }
    }

    /// How many there are.
    pub(super) fn count(self, store: &Store, force: &Force) -> Result<u64, StoreError> {
        match self {
            Self::Live => results::findings_of(store, force),
            Self::Hunts => results::apart::hunted(store, force),
        }
    }

    /// Some of them behind number `after`, and the number of the last that was looked at.
    pub(super) fn page(
        self,
        store: &Store,
        force: &Force,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<(u64, String)>, u64), StoreError> {
        match self {
            Self::Live => {
                let found = results::page(store, force, after, limit)?.findings;
                let end = found.last().map_or(after, |(number, _)| *number);
                Ok((found, end))
            }
            Self::Hunts => {
                let (page, end) = results::apart::hunted_page(store, force, after, limit)?;
                Ok((page.findings, end))
            }
        }
    }

    /// How far they were followed.
    pub(super) fn cursor(self, store: &Store, force: &Force) -> Result<u64, StoreError> {
        store.number(Space::AlertCursor, &self.key(force))
    }

    /// The effect that they were followed so far.
    pub(super) fn followed(self, force: &Force, number: u64) -> Effects {
        Effects::new().put(Space::AlertCursor, &self.key(force), number.to_be_bytes().to_vec())
    }
}
