//! `/v1/deployments`, `/v1/generations`, and what else changes which plugins run: load, unload, disable, enable, roll back.
//!
//! A force's author acts for that force only. Every change takes a reason.

use std::io::Read as _;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Api;
use super::answer::{Refused, Shared, Whose, blocking, reason};
use crate::clock::now_micros;
use crate::deployments::{
    Changed, Deploy, DeployError, Generation, Mode, OnSchema, Said, Scope, Start, Version, Whose as WhoseState,
};
use crate::identity::Caller;
use crate::model::Force;
use crate::sandbox::COMPONENT_BYTES;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Load {
    #[serde(rename = "for")]
    scope: Option<String>,
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    #[serde(rename = "for")]
    scope: Option<String>,
    pub(super) reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Enable {
    #[serde(rename = "for")]
    scope: Option<String>,
    from: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Asked {
    plugin: String,
    version: Option<String>,
    #[serde(rename = "for")]
    scope: Option<String>,
    #[serde(default = "shadow")]
    mode: Mode,
    run: Option<Map<String, Value>>,
    load: Option<Map<String, Value>>,
    from: Option<String>,
    state: Option<WhoseState>,
    #[serde(default)]
    on_schema: OnSchema,
    reason: String,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RollBack {
    plugin: Option<String>,
    generation: Option<u64>,
    reason: String,
    #[serde(default, rename = "dry-run")]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    plugin: Option<String>,
    after: Option<u64>,
    limit: Option<usize>,
}

fn shadow() -> Mode {
    Mode::Shadow
}

/// The body is a component. It is prepared and kept, and runs nowhere.
pub(super) async fn load(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Load>,
    body: Body,
) -> Result<(StatusCode, Json<Version>), Refused> {
    let scope = scope_or_all(&api, &caller, asked.scope.as_deref())?;
    // It is as large as a request with events, and takes its turn with those.
    let of = caller.force.clone().unwrap_or_else(Force::national);
    let (under_way, turn) = api.turn(&of).await?;
    let mut body = super::body::reader(body, COMPONENT_BYTES as u64, api.idle, turn);
    blocking(move || {
        let _under_way = under_way;
        let mut wasm = Vec::new();
        body.read_to_end(&mut wasm).map_err(|error| Refused::bad(error.to_string()))?;
        let why = asked.reason.as_deref().map(reason).transpose()?.unwrap_or_default();
        let version = api.deployments.load(&wasm, &scope, &said(&api, &caller, why, false))?;
        Ok((StatusCode::CREATED, Json(version)))
    })
    .await
}

pub(super) async fn unload(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path((id, version)): Path<(String, String)>,
    Json(why): Json<Why>,
) -> Result<Json<Version>, Refused> {
    let scope = scope_or_all(&api, &caller, why.scope.as_deref())?;
    blocking(move || {
        let said = said(&api, &caller, reason(&why.reason)?, false);
        Ok(Json(api.deployments.unload(&id, &version, &scope, &said)?))
    })
    .await
}

pub(super) async fn deploy(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Json(asked): Json<Asked>,
) -> Result<Json<Changed>, Refused> {
    let scope = scope(&api, &caller, asked.scope.as_deref())?;
    blocking(move || {
        let said = said(&api, &caller, reason(&asked.reason)?, asked.dry_run);
        let from = Start::of(asked.from.as_deref().unwrap_or("now"), said.time).filter(|from| *from != Start::Cursor);
        let from = from.ok_or_else(|| {
            Refused::bad("from: give `now`, `beginning`, a span as `7d` or `12h`, or a time as `2026-11-25T00:00:00Z`")
        })?;
        let Asked { plugin, version, mode, run, load, state, on_schema, .. } = asked;
        let asked = Deploy { plugin, version, scope, mode, run, load, from, state, on_schema };
        Ok(Json(api.deployments.deploy(&asked, &said)?))
    })
    .await
}

pub(super) async fn disable(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Json(why): Json<Why>,
) -> Result<Json<Changed>, Refused> {
    let scope = scope(&api, &caller, why.scope.as_deref())?;
    blocking(move || {
        let said = said(&api, &caller, reason(&why.reason)?, false);
        Ok(Json(api.deployments.disable(&id, &scope, &said)?))
    })
    .await
}

pub(super) async fn enable(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Json(asked): Json<Enable>,
) -> Result<Json<Changed>, Refused> {
    let scope = scope(&api, &caller, asked.scope.as_deref())?;
    let from = match asked.from.as_str() {
        "now" => Start::Now,
        "cursor" => Start::Cursor,
        _ => return Err(Refused::bad("from: give `cursor` (where it stood) or `now` (what came meanwhile is passed)")),
    };
    blocking(move || {
        let said = said(&api, &caller, reason(&asked.reason)?, false);
        Ok(Json(api.deployments.enable(&id, &scope, from, &said)?))
    })
    .await
}

pub(super) async fn roll_back(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Json(asked): Json<RollBack>,
) -> Result<Json<Changed>, Refused> {
    blocking(move || {
        let said = said(&api, &caller, reason(&asked.reason)?, asked.dry_run);
        let changed = match (&asked.plugin, asked.generation) {
            (Some(plugin), None) => api.deployments.roll_back(plugin, &said)?,
            (None, Some(number)) => api.deployments.roll_back_to(number, &said)?,
            _ => return Err(Refused::bad("say what to roll back: a plugin, or the number of a generation")),
        };
        Ok(Json(changed))
    })
    .await
}

/// `{"generations": [...], "next": N}`, ascending.
pub(super) async fn history(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Page>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let (after, limit) = super::paged::bounds(asked.after, asked.limit);
        let found = api.deployments.history(asked.plugin.as_deref(), caller.force.as_ref(), after, limit)?;
        let next = found.last().map_or(after, |last: &Generation| last.number);
        Ok(Json(json!({ "generations": found, "next": next })))
    })
    .await
}

/// `{"changes": [...]}`
pub(super) async fn diff(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path((from, to)): Path<(u64, u64)>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let forces = forces(&api, &caller);
        let changes = api.deployments.diff(from, to, caller.force.as_ref(), &forces)?;
        Ok(Json(json!({ "from": from, "to": to, "changes": changes })))
    })
    .await
}

/// `{"comparisons": [...]}`: one for each force that has a shadow. Recorded: it shows findings.
pub(super) async fn compare(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(whose): Query<Whose>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let force = super::answer::force_or_all(&api, &caller, whose.force.as_deref())?;
        let found = api.deployments.compare(&id, force.as_ref(), &caller.own, now_micros())?;
        api.identity.record(super::answer::act(&caller, "comparison-read", force, json!({ "plugin": id })))?;
        Ok(Json(json!({ "comparisons": found })))
    })
    .await
}

/// For whom a caller speaks: for their own force, or for whom they name where their role is not a force's.
pub(super) fn scope(api: &Api, caller: &Caller, named: Option<&str>) -> Result<Scope, Refused> {
    match (&caller.force, named) {
        (None, Some("all")) => Ok(Scope::All),
        (None, None) => Err(Refused::bad("for: say for whom, a force's name or `all`")),
        (_, named) => Ok(Scope::Force(super::answer::force_of(api, caller, named)?)),
    }
}

/// The same, where whoever sees all means all by saying nothing.
fn scope_or_all(api: &Api, caller: &Caller, named: Option<&str>) -> Result<Scope, Refused> {
    match (&caller.force, named) {
        (None, None) => Ok(Scope::All),
        (_, named) => scope(api, caller, named),
    }
}

pub(super) fn said(api: &Api, caller: &Caller, reason: String, dry_run: bool) -> Said {
    let (who, role) = (caller.token.clone(), caller.role.word().to_owned());
    Said { time: now_micros(), who, role, reason, forces: forces(api, caller), dry_run }
}

/// The forces that a caller may see.
fn forces(api: &Api, caller: &Caller) -> Vec<Force> {
    match &caller.force {
        Some(own) => vec![own.clone()],
        None => api.identity.forces().into_iter().map(|record| record.name).collect(),
    }
}

impl From<DeployError> for Refused {
    fn from(error: DeployError) -> Self {
        match error {
            DeployError::Bad(reason) => Self::bad(reason),
            DeployError::Absent(reason) => Self::absent(reason),
            DeployError::Refused(reason) => Self::conflict(reason),
            DeployError::Busy(reason) => Self::busy(reason),
            DeployError::Store(error) => error.into(),
            error @ (DeployError::Damaged(_)
            | DeployError::Host(_)
            | DeployError::Journal(_)
            | DeployError::Scheduler(_)) => Self::host(&error),
        }
    }
}
