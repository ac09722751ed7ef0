//! Alerts that wait for an acknowledgement, by when the next step of their ladder is taken. An alert waits for one step at a time, and
//! climbs its ladder once: that it gets graver moves no deadline.

use serde::{Deserialize, Serialize};

use super::route::Next;
use crate::alerts::{self, Alert};
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Steps that are looked at at a time.
const PAGE: usize = 64;

/// What a clock is put back by every now and then: five minutes, in microseconds.
const BACK: i64 = 300_000_000;

/// A step that is taken unless somebody acknowledges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Step {
    pub(super) force: Force,
    pub(super) alert: u64,
    pub(super) step: u8,
    /// When it is taken, microseconds since 1970 UTC.
    pub(super) at: i64,
    /// Since when it is waited for, microseconds since 1970 UTC.
    #[serde(default)]
    pub(super) since: i64,
}

/// By when an alert that nobody has is to be acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deadline {
    /// Nobody waits for that: it climbs no ladder.
    None,
    /// Then the next step is taken, microseconds since 1970 UTC.
    At(i64),
    /// It is behind its last step.
    Over,
}

fn of_alert(alert: &Alert) -> Vec<u8> {
    alerts::key(&alert.force, alert.number)
}

/// The effects that an alert waits for its next step from now on, or has none left.
pub(super) fn waits(alert: &Alert, next: Option<Next>, now: i64) -> Result<Effects, StoreError> {
    let since = next.map_or(Vec::new(), |next| next.at.to_be_bytes().to_vec());
    let effects = Effects::new().put(Space::Climb, &of_alert(alert), since);
    let Some(next) = next else { return Ok(effects) };
    let step = Step { force: alert.force.clone(), alert: alert.number, step: next.step, at: next.at, since: now };
    let text = serde_json::to_vec(&step).map_err(|error| StoreError::TooLarge(format!("a step: {error}")))?;
    let at = [&next.at.to_be_bytes()[..], &of_alert(alert)].concat();
    Ok(effects.put(Space::Escalation, &at, text))
}

/// By when an alert is to be acknowledged, as far as it has climbed.
pub(super) fn deadline(store: &Store, alert: &Alert) -> Result<Deadline, StoreError> {
    Ok(match store.get(Space::Climb, &of_alert(alert))? {
        None => Deadline::None,
        Some(kept) => kept.try_into().ok().map_or(Deadline::Over, |at| Deadline::At(i64::from_be_bytes(at))),
    })
}

/// The first steps that are due, and the effects that they wait no more. `last`: when that was looked at before, none where it was
/// not. Where the clock went back since, what is waited for since a time that lies ahead is due: rather early than by that much late.
pub(super) fn due(store: &Store, now: i64, last: Option<i64>) -> Result<(Vec<Step>, Effects), StoreError> {
    let went_back = last.is_none_or(|last| now < last.saturating_sub(BACK));
    let (mut steps, mut gone) = (Vec::new(), Effects::new());
    for (at, text) in store.list(Space::Escalation, &[], None, if went_back { usize::MAX } else { PAGE })? {
        let when = at.get(..8).and_then(|at| <[u8; 8]>::try_from(at).ok()).map_or(0, i64::from_be_bytes);
        if when > now && !went_back {
            break;
        }
        let step = serde_json::from_slice::<Step>(&text).ok();
        if when > now && step.as_ref().is_some_and(|step| step.since <= now.saturating_add(BACK)) {
            continue;
        }
        steps.extend(step);
        gone = gone.delete(Space::Escalation, &at);
    }
    Ok((steps, gone))
}
