//! `POST /v1/events`: events of the caller's force.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};

use super::Api;
use super::answer::{Refused, Shared, blocking};
use super::body;
use crate::identity::Caller;
use crate::intake::{Accepted, Post};
use crate::model::SourceName;

/// How long a request waits for others to be read before it is told to come again.
const TURN: Duration = Duration::from_secs(5);

/// Bytes of a request's key at most.
const KEY: usize = 256;

type Answer = Result<(StatusCode, Json<Accepted>), Refused>;

/// Each event's source is recognised by its shape.
pub(super) async fn recognised(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    take(api, caller, None, &headers, body).await
}

/// All events are of one source.
pub(super) async fn of_source(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(source): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let source = SourceName::new(&source).map_err(|error| Refused::bad(error.to_string()))?;
    if source.as_str().starts_with("cordon.") {
        return Err(Refused::forbidden(format!("events of {source} are made by the host itself")));
    }
    take(api, caller, Some(source), &headers, body).await
}

async fn take(api: Arc<Api>, caller: Caller, source: Option<SourceName>, headers: &HeaderMap, body: Body) -> Answer {
    let force = caller.force.ok_or_else(|| Refused::forbidden("this token belongs to no force"))?;
    let key = key(headers)?;
    let turn = tokio::time::timeout(TURN, api.at_once.acquire()).await;
    let _turn = match turn {
        Ok(Ok(turn)) => turn,
        Ok(Err(error)) => return Err(Refused::host(&error)),
        Err(_) => {
            api.intake.counts.answered("at-once");
            return Err(Refused::busy("too many requests are read at the same time (`at-once`): send again later"));
        }
    };
    let body = body::reader(body, api.body_bytes, api.idle);
    let post = Post { force, source, received: crate::clock::now_micros(), key };
    let intake = Arc::clone(&api.intake);
    let accepted = blocking(move || Ok(intake.accept(&post, body)?)).await?;
    // Of a request none of whose events was taken, nothing was done.
    let status = if accepted.accepted + accepted.duplicates == 0 { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok((status, Json(accepted)))
}

/// What names the request when it is sent again.
fn key(headers: &HeaderMap) -> Result<Option<String>, Refused> {
    match headers.get("idempotency-key").map(|key| key.to_str()) {
        None => Ok(None),
        Some(Ok(key)) if (1..=KEY).contains(&key.len()) => Ok(Some(key.to_owned())),
        Some(_) => Err(Refused::bad(format!("Idempotency-Key: give 1 to {KEY} visible characters"))),
    }
}
