//! `/v1/forces`: who is watched.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refused, Shared, act, blocking};
use crate::identity::{Caller, ForceRecord, Stage};
use crate::model::Force;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    name: String,
    display: Option<String>,
    zone: Option<String>,
    stage: Option<Stage>,
}

/// The caller's own, or all of them.
pub(super) async fn list(State(api): Shared, Extension(caller): Extension<Caller>) -> Json<Value> {
    let mut forces = api.identity.forces();
    forces.retain(|record| caller.force.as_ref().is_none_or(|own| *own == record.name));
    Json(json!({ "forces": forces }))
}

pub(super) async fn add(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Json(new): Json<New>,
) -> Result<(StatusCode, Json<ForceRecord>), Refused> {
    let name = Force::new(&new.name).map_err(|error| Refused::bad(error.to_string()))?;
    let display = new.display.unwrap_or_else(|| name.to_string());
    if display.chars().count() > 200 || display.chars().any(char::is_control) {
        return Err(Refused::bad("display: give at most 200 characters, without control characters"));
    }
    let zone = new.zone.unwrap_or_else(|| "Europe/London".into());
    let record = ForceRecord { name, display, zone, stage: new.stage.unwrap_or(Stage::Onboarding) };
    blocking(move || {
        let details = json!({ "display": record.display, "zone": record.zone, "stage": record.stage });
        api.identity.add_force(record.clone(), act(&caller, "force-added", Some(record.name.clone()), details))?;
        Ok((StatusCode::CREATED, Json(record)))
    })
    .await
}
