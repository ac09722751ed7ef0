//! `GET /v1/plugins`: what is deployed, and how its lanes stand, as the workers last said.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::answer::{Refused, Shared, blocking};
use crate::identity::Caller;
use crate::scheduler::LaneStatus;

/// `{"plugins": [...]}`; for a force, with its own lanes only.
pub(super) async fn list(State(api): Shared, Extension(caller): Extension<Caller>) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let mut lanes = api.scheduler.status();
        lanes.retain(|lane| caller.force.as_ref().is_none_or(|own| *own == lane.force));
        let plugins: Vec<Value> = api
            .scheduler
            .deployed()
            .into_iter()
            .map(|plugin| {
                let of = |lane: &&LaneStatus| lane.plugin == plugin.id && lane.digest == plugin.digest;
                let lanes: Vec<&LaneStatus> = lanes.iter().filter(of).collect();
                let forces: BTreeSet<&str> = lanes.iter().map(|lane| lane.force.as_str()).collect();
                let lag = |lane: &&LaneStatus| lane.head.saturating_sub(lane.cursor);
                let sum = |of: fn(&LaneStatus) -> u64| lanes.iter().map(|lane| of(lane)).sum::<u64>();
                json!({
                    "id": plugin.id, "version": plugin.version, "digest": plugin.digest, "mode": "live",
                    "sources": plugin.sources, "forces": forces, "state": state(&lanes),
                    "lag": lanes.iter().map(lag).max().unwrap_or(0),
                    "events": sum(|lane| lane.events), "findings": sum(|lane| lane.findings),
                    "skips": sum(|lane| lane.skips), "faults": sum(|lane| lane.faults),
                    "lanes": lanes,
                })
            })
            .collect();
        Ok(Json(json!({ "plugins": plugins })))
    })
    .await
}

/// The worst of its lanes.
fn state(lanes: &[&LaneStatus]) -> &'static str {
    let any = |state| lanes.iter().any(|lane| lane.state == state);
    match (any("resting"), any("paused"), lanes.is_empty()) {
        (true, ..) => "resting",
        (_, true, _) => "paused",
        (_, _, true) => "waiting",
        _ => "running",
    }
}
