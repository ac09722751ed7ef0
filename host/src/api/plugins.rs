//! `GET /v1/plugins`: what is loaded and deployed, and what the workers really ran last in each lane.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::answer::{Refused, Shared, blocking};
use crate::deployments::{OfPlugin, Set, is_built_in};
use crate::identity::Caller;
use crate::scheduler::{DeployedPlugin, LaneStatus};

/// `{"generation": N, "plugins": [...], "loaded": [...], "deployments": {...}, "broken": [...]}`; for a force, with its own lanes
/// only, and what is for all.
pub(super) async fn list(State(api): Shared, Extension(caller): Extension<Caller>) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let own = caller.force.as_ref();
        let mut lanes = api.scheduler.status();
        lanes.retain(|lane| own.is_none_or(|own| *own == lane.force));
        let (generation, set) = api.deployments.newest(own);
        let mut deployed = api.scheduler.deployed();
        deployed.retain(|plugin| own.is_none() || is_seen(plugin, &set));
        let plugins: Vec<Value> = deployed.iter().map(|plugin| shown(plugin, &lanes)).collect();
        let broken = api.deployments.broken().into_iter().filter(|one| set.plugins.contains_key(&one.plugin));
        let broken: Vec<Value> = broken
            .filter(|_| own.is_none())
            .map(|one| json!({ "id": one.plugin, "version": one.version, "why": one.reason }))
            .collect();
        let loaded = api.deployments.loaded(own)?;
        Ok(Json(json!({
            "generation": generation, "plugins": plugins, "loaded": loaded, "deployments": set, "broken": broken,
        })))
    })
    .await
}

/// Whether a force sees it: it is for all, or its own.
fn is_seen(plugin: &DeployedPlugin, set: &Set) -> bool {
    let named = |of: &OfPlugin| of.runs().any(|run| run.digest == plugin.digest);
    is_built_in(&plugin.id) || set.plugins.get(&plugin.id).is_some_and(named)
}

fn shown(plugin: &DeployedPlugin, lanes: &[LaneStatus]) -> Value {
    let of = |lane: &&LaneStatus| lane.plugin == plugin.id && lane.lane == plugin.lane && lane.digest == plugin.digest;
    let lanes: Vec<&LaneStatus> = lanes.iter().filter(of).collect();
    let forces: BTreeSet<&str> = lanes.iter().map(|lane| lane.force.as_str()).collect();
    let lag = |lane: &&LaneStatus| lane.head.saturating_sub(lane.cursor);
    let sum = |of: fn(&LaneStatus) -> u64| lanes.iter().map(|lane| of(lane)).sum::<u64>();
    let is_other = |lane: &&&LaneStatus| lane.ran.as_ref().is_some_and(|ran| ran.digest != plugin.digest);
    json!({
        "id": plugin.id, "version": plugin.version, "digest": plugin.digest, "mode": plugin.lane.word(),
        "sources": plugin.sources, "forces": forces, "state": state(&lanes),
        "lag": lanes.iter().map(lag).max().unwrap_or(0),
        // Lanes that ran something else last: their next batch is this version's first.
        "ran-other": lanes.iter().filter(is_other).count(),
        "ran-none": lanes.iter().filter(|lane| lane.ran.is_none()).count(),
        "events": sum(|lane| lane.events), "findings": sum(|lane| lane.findings),
        "skips": sum(|lane| lane.skips), "faults": sum(|lane| lane.faults), "cpu-us": sum(|lane| lane.cpu_us),
        "lanes": lanes,
    })
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
