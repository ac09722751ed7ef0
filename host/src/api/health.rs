//! `/healthz`, `/readyz`, `/metrics` and `/v1/status`.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use super::answer::{Refused, Shared, blocking, force_of};
use crate::identity::Caller;
use crate::journal::AppendError;
use crate::telemetry::Snapshot;

/// The process answers.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// Whether the host takes events and watches itself; if not, why, in words that everybody may read.
pub(super) async fn ready(State(api): Shared) -> (StatusCode, String) {
    let no = |why: &str| (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n"));
    if api.stopping.load(Ordering::Relaxed) {
        return no("the host is stopping");
    }
    if api.store.broken().is_some() {
        return no("the store stopped after a failed write; its log says why, and a restart is needed");
    }
    if let Some(seconds) = api.health.stalled() {
        return no(&format!("nobody has looked at the host's health for {seconds} s: silence would not be noticed"));
    }
    match api.journal.room() {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(AppendError::DiskFloor { .. }) => no("the disk is full (`disk-floor-mib`)"),
        Err(error) => {
            tracing::error!("{error}");
            no("the journal's disk does not answer")
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
    let text = blocking(move || {
        if let Some(live) = &api.metrics.live {
            live.set(&snapshot(&api));
        }
        api.metrics.text().map_err(|error| Refused::host(&error))
    });
    let text = text.await?;
    Ok(([(CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")], text))
}

fn snapshot(api: &Api) -> Snapshot {
    let counts = &api.intake.counts;
    Snapshot {
        accepted: counts.accepted.load(Ordering::Relaxed),
        duplicates: counts.duplicates.load(Ordering::Relaxed),
        bytes: counts.bytes.load(Ordering::Relaxed),
        refused: counts.reasons(),
        lanes: api.health.lags(),
        journal_bytes: api.journal.bytes(),
        segments: api.journal.segments(),
        journal_waiting: api.journal.waiting(),
        store_waiting: api.store.waiting(),
        disk_free: api.health.disk_free(),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(rename = "for")]
    force: Option<String>,
}

/// How everything stands: the caller's force, or the one that is named; all of them and the host for who sees all.
pub(super) async fn status(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let force = match (&caller.force, &asked.force) {
            (None, None) => None,
            (_, named) => Some(force_of(&api, &caller, named.as_deref())?),
        };
        let status = api.health.status(force.as_ref()).map_err(|error| Refused::host(&error))?;
        let mut status = serde_json::to_value(status).map_err(|error| Refused::host(&error))?;
        let mut files = api.files.standings();
        files.retain(|stands| force.as_ref().is_none_or(|own| own.as_str() == stands.force));
        if files.iter().any(|stands| stands.problem.is_some()) {
            status["red"] = true.into();
        }
        if !files.is_empty() {
            status["files"] = json!(files);
        }
        let held = api.holds.list().into_iter().map(|(hold, _)| hold).filter(|hold| hold.released.is_none());
        let held = held.map(|hold| hold.force).filter(|of| force.as_ref().is_none_or(|own| own == of));
        status["held"] = json!(held.collect::<BTreeSet<_>>());
        let now = crate::clock::now_micros();
        let mut waiting = 0;
        for record in api.identity.forces() {
            if force.as_ref().is_none_or(|own| *own == record.name) {
                waiting += api.refused.waiting(&record.name, now)?.waiting;
            }
        }
        status["refused_waiting"] = waiting.into();
        if caller.force.is_none() {
            let counts = &api.intake.counts;
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
