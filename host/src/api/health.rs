//! `/healthz`, `/readyz`, `/metrics` and `/v1/status`.

use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::answer::{Refused, Shared, blocking};
use crate::identity::Caller;

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// The host takes events.
pub(super) async fn ready(State(api): Shared) -> (StatusCode, &'static str) {
    match api.stopping.load(Ordering::Relaxed) {
        false => (StatusCode::OK, "ready\n"),
        true => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n"),
    }
}

/// For Prometheus. The names of all forces are in it: not for one of them.
pub(super) async fn metrics(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
) -> Result<impl IntoResponse, Refused> {
    if let Some(force) = &caller.force {
        return Err(Refused::forbidden(format!("this token is for force {force} only, and metrics are of all")));
    }
    let text = api.metrics.text().map_err(|error| Refused::host(&error))?;
    Ok(([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}

/// How the caller's lanes stand; the host's numbers for those who see all forces.
pub(super) async fn status(State(api): Shared, Extension(caller): Extension<Caller>) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let mut lanes = api.scheduler.status();
        lanes.retain(|lane| caller.force.as_ref().is_none_or(|own| *own == lane.force));
        let mut status = json!({ "lanes": lanes });
        let mut files = api.files.standings();
        files.retain(|stands| caller.force.as_ref().is_none_or(|own| own.as_str() == stands.force));
        if !files.is_empty() {
            status["files"] = json!(files);
        }
        if caller.force.is_none() {
            let counts = &api.intake.counts;
            status["journal_bytes"] = api.journal.bytes().into();
            status["accepted"] = counts.accepted.load(Ordering::Relaxed).into();
            status["refused"] = counts.refused.load(Ordering::Relaxed).into();
            status["duplicates"] = counts.duplicates.load(Ordering::Relaxed).into();
            status["intake_answers"] = json!(counts.answers());
            status["refused_reasons"] = json!(counts.reasons());
            status["intake_bytes"] = counts.bytes.load(Ordering::Relaxed).into();
            status["changed"] = counts.changed.load(Ordering::Relaxed).into();
        }
        Ok(Json(status))
    })
    .await
}
