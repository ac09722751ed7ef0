//! Which events are of an exercise: known by what they are, byte for byte, so that nobody marks an attack as one.

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
