//! Alerts that wait for an acknowledgement, by when the next step of their ladder is taken.

use serde::{Deserialize, Serialize};

use super::route::Next;
use crate::alerts::Alert;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Steps that are looked at at a time.
const PAGE: usize = 64;

/// A step that is taken unless somebody acknowledges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Step {
    pub(super) force: Force,
    pub(super) alert: u64,
    pub(super) step: u8,
    /// When it is taken, microseconds since 1970 UTC.
    pub(super) at: i64,
}

/// The effect that an alert waits for its next step.
pub(super) fn waits(alert: &Alert, next: Next) -> Result<Effects, StoreError> {
    let step = Step { force: alert.force.clone(), alert: alert.number, step: next.step, at: next.at };
    let text = serde_json::to_vec(&step).map_err(|error| StoreError::TooLarge(format!("a step: {error}")))?;
    let at = [&next.at.to_be_bytes()[..], alert.force.as_str().as_bytes(), &[0], &alert.number.to_be_bytes()].concat();
    Ok(Effects::new().put(Space::Escalation, &at, text))
}

/// The first steps that are due, and the effects that they wait no more.
pub(super) fn due(store: &Store, now: i64) -> Result<(Vec<Step>, Effects), StoreError> {
    let (mut steps, mut gone) = (Vec::new(), Effects::new());
    for (at, text) in store.list(Space::Escalation, &[], None, PAGE)? {
        let when = at.get(..8).and_then(|at| <[u8; 8]>::try_from(at).ok()).map_or(0, i64::from_be_bytes);
        if when > now {
            break;
        }
        steps.extend(serde_json::from_slice::<Step>(&text).ok());
        gone = gone.delete(Space::Escalation, &at);
    }
    Ok((steps, gone))
}
