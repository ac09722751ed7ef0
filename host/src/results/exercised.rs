//! Which events are of an exercise: known by what they are, byte for byte, so that nobody marks an attack as one. And how each
//! exercise ended.

use serde::{Deserialize, Serialize};

use super::of_force;
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

fn key(force: &Force, event: Digest) -> Vec<u8> {
    [of_force(force).as_slice(), &event.0].concat()
}

/// The effects that events of these identities are of the exercise `id`.
#[must_use]
pub fn exercised(force: &Force, events: &[Digest], id: &str) -> Effects {
    events.iter().fold(Effects::new(), |effects, event| {
        effects.put(Space::Exercise, &key(force, *event), id.as_bytes().to_vec())
    })
}

/// Whether a force ever had an exercise.
pub(super) fn has_exercises(store: &Store, force: &Force) -> Result<bool, StoreError> {
    Ok(!store.list(Space::Exercise, &of_force(force), None, 1)?.is_empty())
}

/// The exercise that an event is of.
pub(super) fn exercise_of(store: &Store, force: &Force, event: Digest) -> Result<Option<String>, StoreError> {
    let id = store.get(Space::Exercise, &key(force, event))?;
    Ok(id.and_then(|id| String::from_utf8(id).ok()))
}

/// An exercise that was run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Ran {
    /// The exercise.
    pub exercise: String,
    /// When it began, microseconds since 1970 UTC.
    pub at: i64,
    /// How far it came.
    pub outcome: Outcome,
}

/// How far an exercise came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is on its way, or the host ended before it did.
    Begun,
    /// It reached a contact.
    Passed,
    /// This hop was not passed.
    Failed(String),
}

/// The effects that an exercise came so far.
///
/// # Errors
/// `TooLarge`.
pub fn ran(force: &Force, ran: &Ran) -> Result<Effects, StoreError> {
    let at = [of_force(force).as_slice(), &ran.at.to_be_bytes(), ran.exercise.as_bytes()].concat();
    let text = serde_json::to_vec(ran).map_err(|error| StoreError::TooLarge(format!("an exercise: {error}")))?;
    Ok(Effects::new().put(Space::ExerciseRun, &at, text))
}

/// The first exercises of a force that began at `from` or later and before `until`, microseconds since 1970 UTC; at most `limit`.
///
/// # Errors
/// The store's.
pub fn exercises(store: &Store, force: &Force, from: i64, until: i64, limit: usize) -> Result<Vec<Ran>, StoreError> {
    let of = of_force(force);
    let behind = [of.as_slice(), &from.saturating_sub(1).to_be_bytes(), &[u8::MAX]].concat();
    let pairs = store.list(Space::ExerciseRun, &of, Some(&behind), limit)?;
    let all = pairs.iter().filter_map(|(_, text)| serde_json::from_slice::<Ran>(text).ok());
    Ok(all.take_while(|ran| ran.at < until).collect())
}
