//! `/v1/forces`: who is watched, and what each should send. What changes a force takes a reason, for the audit.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Api;
use super::answer::{Refused, Shared, act, blocking, force_of, reason};
use crate::clock::now_micros;
use crate::identity::{Caller, ForceRecord, IdentityError, Stage, Suspension};
use crate::model::{Force, SourceName};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: Force,
    display: Option<String>,
    zone: Option<String>,
    stage: Option<Stage>,
    expects: Option<BTreeMap<SourceName, Option<u32>>>,
}

/// What is left out stays as it is.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<Stage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expects: Option<BTreeMap<SourceName, Option<u32>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    reason: String,
}

/// The caller's own, or all of them.
pub(super) async fn list(State(api): Shared, Extension(caller): Extension<Caller>) -> Json<Value> {
    let mut forces = api.identity.forces();
    forces.retain(|record| caller.force.as_ref().is_none_or(|own| *own == record.name));
    Json(json!({ "forces": forces }))
}

pub(super) async fn show(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
) -> Result<Json<ForceRecord>, Refused> {
    let force = force_of(&api, &caller, Some(&name))?;
    let record = api.identity.force(&force);
    record.map(Json).ok_or_else(|| Refused::absent(format!("there is no force `{force}`")))
}

pub(super) async fn add(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Json(new): Json<New>,
) -> Result<(StatusCode, Json<ForceRecord>), Refused> {
    let mut record = ForceRecord::new(new.name);
    record.display = new.display.unwrap_or(record.display);
    record.zone = new.zone.unwrap_or(record.zone);
    record.stage = new.stage.unwrap_or(record.stage);
    record.expects = new.expects.unwrap_or_default();
    blocking(move || {
        may_be(&api, &record.name, record.stage)?;
        let ForceRecord { display, zone, stage, expects, .. } = &record;
        let details = json!({ "display": display, "zone": zone, "stage": stage, "expects": expects });
        api.identity.add_force(record.clone(), act(&caller, "force-added", Some(record.name.clone()), details))?;
        Ok((StatusCode::CREATED, Json(record)))
    })
    .await
}

pub(super) async fn set(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Json(mut change): Json<Change>,
) -> Result<Json<ForceRecord>, Refused> {
    change.reason = reason(&change.reason)?;
    if let Change { display: None, zone: None, stage: None, expects: None, .. } = change {
        return Err(Refused::bad("say what to change: display, zone, stage or expects"));
    }
    if let Some(stage) = change.stage {
        may_be(&api, &force_of(&api, &caller, Some(&name))?, stage)?;
    }
    let details = json!(change);
    changed(api, caller, &name, "force-changed", details, move |record| {
        record.display = change.display.unwrap_or(std::mem::take(&mut record.display));
        record.zone = change.zone.unwrap_or(std::mem::take(&mut record.zone));
        record.stage = change.stage.unwrap_or(record.stage);
        record.expects = change.expects.unwrap_or(std::mem::take(&mut record.expects));
        Ok(())
    })
    .await
}

/// Who holds a force's tenant can stop what is sent into it: without a contact outside of it a force does not become live.
fn may_be(api: &Api, force: &Force, stage: Stage) -> Result<(), Refused> {
    let was = api.identity.force(force).map(|record| record.stage);
    if stage != Stage::Live || was == Some(Stage::Live) || api.delivery.is_reached_outside(force) {
        return Ok(());
    }
    Err(Refused::conflict(format!(
        "{force} has no confirmed contact outside of its tenant: `cordon contact add ID --for {force} --outside ...`, then \
         `cordon contact test` and `confirm`"
    )))
}

/// Its events are refused from now on; what it has sent stays, and its lanes go on.
pub(super) async fn suspend(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Json(why): Json<Why>,
) -> Result<Json<ForceRecord>, Refused> {
    let reason = reason(&why.reason)?;
    let suspension = Suspension { since: now_micros(), reason: reason.clone() };
    changed(api, caller, &name, "force-suspended", json!({ "reason": reason }), move |record| {
        if record.suspended.is_some() {
            return Err(IdentityError::Refused(format!("force `{}` is suspended already", record.name)));
        }
        record.suspended = Some(suspension);
        Ok(())
    })
    .await
}

/// Its events are taken again.
pub(super) async fn resume(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Json(why): Json<Why>,
) -> Result<Json<ForceRecord>, Refused> {
    let reason = reason(&why.reason)?;
    changed(api, caller, &name, "force-resumed", json!({ "reason": reason }), |record| match record.suspended.take() {
        Some(_) => Ok(()),
        None => Err(IdentityError::Refused(format!("force `{}` is not suspended", record.name))),
    })
    .await
}

async fn changed(
    api: Arc<Api>,
    caller: Caller,
    name: &str,
    what: &'static str,
    details: Value,
    change: impl FnOnce(&mut ForceRecord) -> Result<(), IdentityError> + Send + 'static,
) -> Result<Json<ForceRecord>, Refused> {
    let force = force_of(&api, &caller, Some(name))?;
    blocking(move || {
        let act = act(&caller, what, Some(force.clone()), details);
        Ok(Json(api.identity.change_force(&force, act, change)?))
    })
    .await
}
