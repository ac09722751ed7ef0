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
use crate::journal::AppendError;

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// Whether the host takes events; if not, why, in words that everybody may read.
pub(super) async fn ready(State(api): Shared) -> (StatusCode, &'static str) {
    let no = |why| (StatusCode::SERVICE_UNAVAILABLE, why);
    if api.stopping.load(Ordering::Relaxed) {
        return no("not ready: the host is stopping\n");
    }
    if api.store.broken().is_some() {
        return no("not ready: the store stopped after a failed write; its log says why, and a restart is needed\n");
    }
    match api.journal.room() {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(AppendError::DiskFloor { .. }) => no("not ready: the disk is full (`disk-floor-mib`)\n"),
        Err(error) => {
            tracing::error!("{error}");
            no("not ready: the journal's disk does not answer\n")
        }
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
        if caller.force.is_none() {
            let counts = &api.intake.counts;
            status["journal_bytes"] = api.journal.bytes().into();
            status["accepted"] = counts.accepted.load(Ordering::Relaxed).into();
            status["refused"] = counts.refused.load(Ordering::Relaxed).into();
        }
        Ok(Json(status))
    })
    .await
}
