//! What Splunk's clients ask for: the HTTP event collector.
//!
//! - `POST /services/collector/event` (`/services/collector` is the same): objects `{"event": {...}, "sourcetype": ...}` one
//!   after another; `POST /services/collector/raw?sourcetype=...`: an event a line.
//! - `GET /services/collector/health`: whether the host takes events; open.
//!
//! 200 `{"text": "Success", "code": 0}`: all events are durable. 400: some were refused; `invalid-event-number` is the first of
//! them, from 0, `refused_lines` names them all. The others of the request **are taken**, durable, as `accepted` says:
//! clients do not send again what was answered with 400. 503 with `Retry-After`: send the whole again; none was taken.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use super::answer::{Refused, Shared, blocking};
use super::dialect;
use super::receive::{Received, receive};
use crate::identity::Caller;
use crate::intake::protocol::{HEC_BLANK, HEC_REQUIRED, Hec};
use crate::intake::{Accepted, Digesting};

/// What a request says of all its events; more is Splunk's own.
#[derive(Deserialize)]
pub(super) struct Asked {
    sourcetype: Option<String>,
}

type Answer = Result<(StatusCode, Json<Value>), Refused>;

pub(super) async fn events(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    take(api, caller, asked, &headers, body, false).await
}

pub(super) async fn raw(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    take(api, caller, asked, &headers, body, true).await
}

async fn take(api: Arc<Api>, caller: Caller, asked: Asked, headers: &HeaderMap, body: Body, raw: bool) -> Answer {
    let Received { post, intake, body, under_way: _under_way } = receive(&api, caller, None, headers, body).await?;
    blocking(move || {
        let sourcetype = asked.sourcetype.as_deref();
        let (body, digest) = Digesting::new(body, &format!("hec {raw} {}", sourcetype.unwrap_or_default()));
        let mut hec = match raw {
            false => Hec::events(body, intake.limit(), sourcetype)?,
            true => Hec::raw(body, intake.limit(), sourcetype)?,
        };
        let mut first = None;
        let accepted = intake.accept_framed(&post, &mut hec, &digest, &mut |place, refusal| {
            first.get_or_insert((place, refusal.kind, refusal.reason.clone()));
        })?;
        Ok(answer(&accepted, first))
    })
    .await
}

/// `first` is the first event that was refused.
fn answer(accepted: &Accepted, first: Option<(u64, &'static str, String)>) -> (StatusCode, Json<Value>) {
    let Some((place, kind, reason)) = first else {
        return match accepted.accepted + accepted.duplicates {
            0 => {
                let body = dialect::answer("No data", 5, "there is no event in the request");
                (StatusCode::BAD_REQUEST, Json(body))
            }
            _ => (StatusCode::OK, Json(json!({ "text": "Success", "code": 0 }))),
        };
    };
    let (text, code) = match kind {
        HEC_REQUIRED => ("Event field is required", 12),
        HEC_BLANK => ("Event field cannot be blank", 13),
        _ => ("Invalid data format", 6),
    };
    let mut body = dialect::answer(text, code, &reason);
    body["invalid-event-number"] = place.into();
    body["accepted"] = accepted.accepted.into();
    body["refused"] = accepted.refused.into();
    body["refused_lines"] = json!(accepted.refused_lines);
    (StatusCode::BAD_REQUEST, Json(body))
}

/// Whether the host takes events.
pub(super) async fn health(State(api): Shared) -> (StatusCode, Json<Value>) {
    match api.stopping.load(Ordering::Relaxed) {
        false => (StatusCode::OK, Json(json!({ "text": "HEC is healthy", "code": 17 }))),
        true => {
            let body = dialect::answer("HEC is unhealthy", 18, "the host is stopping");
            (StatusCode::SERVICE_UNAVAILABLE, Json(body))
        }
    }
}
