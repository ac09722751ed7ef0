//! `POST /v1/lanes/skip` and `/v1/lanes/retry`: what an operator does with lanes that rest. Each commits with its record in
//! the audit; then the lane goes on.

use axum::extract::State;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use super::answer::{Refused, Shared, act, blocking, reason};
use crate::identity::Caller;
use crate::results::{self, LaneSource, Resting};

/// Lanes of one request at most.
const LANES: usize = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// `FORCE/PLUGIN`, or `FORCE/PLUGIN/SOURCE`.
    lanes: Vec<String>,
    reason: String,
}

/// They go on behind the events that they did not get past.
pub(super) async fn skip(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Json(asked): Json<Asked>,
) -> Result<Json<Value>, Refused> {
    blocking(move || each(&api, &caller, &asked, true)).await
}

/// They try these events again.
pub(super) async fn retry(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Json(asked): Json<Asked>,
) -> Result<Json<Value>, Refused> {
    blocking(move || each(&api, &caller, &asked, false)).await
}

fn each(api: &Api, caller: &Caller, asked: &Asked, skip: bool) -> Result<Json<Value>, Refused> {
    let reason = reason(&asked.reason)?;
    if asked.lanes.is_empty() || asked.lanes.len() > LANES {
        return Err(Refused::bad(format!("lanes: name 1 to {LANES} of them as FORCE/PLUGIN or FORCE/PLUGIN/SOURCE")));
    }
    let resting = results::resting(&api.store)?;
    let mut chosen: Vec<(&LaneSource, &Resting)> = Vec::new();
    for name in &asked.lanes {
        let named: Vec<_> = resting.iter().filter(|(lane, _)| is_named(lane, name)).collect();
        if named.is_empty() {
            let all: Vec<String> = resting.keys().map(LaneSource::name).collect();
            let all = if all.is_empty() { "none does".to_owned() } else { all.join(", ") };
            return Err(Refused::absent(format!("`{name}` names no lane that rests ({all}); nothing was done")));
        }
        chosen.extend(named);
    }
    chosen.sort_by_key(|(lane, _)| *lane);
    chosen.dedup_by_key(|(lane, _)| *lane);
    let mut done = Vec::new();
    for (lane, resting) in chosen {
        let details = json!({
            "plugin": lane.plugin, "lane": lane.kind, "source": lane.source, "digest": resting.digest, "outcome": resting.outcome,
            "first": resting.first, "last": resting.last, "rows": resting.rows, "reason": reason,
        });
        let (what, effects, cursor) = match skip {
            true => ("lane-skipped", results::pass(lane, resting, &reason)?, Some(resting.last)),
            false => ("lane-retried", results::wake(lane, resting)?, None),
        };
        api.audit.commit(&api.store, act(caller, what, Some(lane.force.clone()), details), effects)?;
        api.scheduler.resume(lane.clone(), cursor);
        done.push(json!({ "lane": lane.name(), "first": resting.first, "last": resting.last, "rows": resting.rows }));
    }
    Ok(Json(json!({ "lanes": done })))
}

fn is_named(lane: &LaneSource, name: &str) -> bool {
    let whole = lane.name();
    whole == name || whole.strip_prefix(name).is_some_and(|rest| rest.strip_prefix('/') == Some(lane.source.as_str()))
}
