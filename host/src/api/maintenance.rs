//! `/v1/maintenance`: windows in which a force's alerts page nobody. A force makes its own only.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use cordon_contract::manifest::Severity;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refused, Shared, Whose, act, blocking, force_or_all};
use super::deployments::scope;
use crate::alerts::Maintenance;
use crate::clock::now_micros;
use crate::identity::Caller;

const MINUTE: i64 = 60_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    id: String,
    #[serde(rename = "for")]
    scope: Option<String>,
    /// Microseconds since 1970 UTC; now where left out.
    from: Option<i64>,
    minutes: u32,
    pages: Severity,
    reason: String,
}

/// `{"maintenance": [{..., "open": true}, ...]}`: those of the caller's force and of all.
pub(super) async fn list(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(whose): Query<Whose>,
) -> Result<Json<Value>, Refused> {
    let force = force_or_all(&api, &caller, whose.force.as_deref())?;
    let now = now_micros();
    let shown = |window: Maintenance| {
        let mut shown = json!(window);
        shown["open"] = json!(window.until > now);
        shown
    };
    let all: Vec<Value> = api.alerts.all_maintenance(force.as_ref()).into_iter().map(shown).collect();
    Ok(Json(json!({ "maintenance": all })))
}

pub(super) async fn add(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Json(new): Json<New>,
) -> Result<(StatusCode, Json<Maintenance>), Refused> {
    blocking(move || {
        let force = scope(&api, &caller, new.scope.as_deref())?.force().cloned();
        let New { id, from, minutes, pages, reason, .. } = new;
        let from = from.unwrap_or_else(now_micros);
        let until = from.saturating_add(i64::from(minutes) * MINUTE);
        let (by, spares) = (caller.token.clone(), caller.own.clone());
        let window = Maintenance { id, force: force.clone(), from, until, pages, reason, by, spares };
        let made = api.alerts.maintain(window, |details| act(&caller, "maintenance-made", force, details))?;
        Ok((StatusCode::CREATED, Json(made)))
    })
    .await
}

pub(super) async fn end(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(whose): Query<Whose>,
) -> Result<Json<Maintenance>, Refused> {
    blocking(move || {
        let force = scope(&api, &caller, whose.force.as_deref())?.force().cloned();
        let record = |details| act(&caller, "maintenance-ended", force.clone(), details);
        Ok(Json(api.alerts.end_maintenance(force.as_ref(), &id, record)?))
    })
    .await
}
