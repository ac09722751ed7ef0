//! `POST /v1/events`: events of the caller's force, in any format that `cordon run` reads or as CloudEvents 1.0.
//!
//! | `Content-Type` | body |
//! | --- | --- |
//! | `application/cloudevents+json`, `application/cloudevents-batch+json` | one CloudEvent, or an array of them: the event is `data` |
//! | any other, with the header `ce-specversion` | a CloudEvent in binary mode: the body is the data |
//! | any other, or none | NDJSON, JSON documents, arrays, `{"records": [...]}`, Purview's CSV: the text shows which |
//!
//! Any of them may be compressed with gzip or zstd.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::{Extension, Json};

use super::Api;
use super::answer::{Refused, Shared, blocking};
use super::receive::{Received, receive};
use crate::identity::Caller;
use crate::intake::protocol::{CloudEvents, check_cloud_event};
use crate::intake::{Accepted, Digesting};
use crate::model::SourceName;

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
    let structured = structured(headers)?;
    let Received { post, intake, body, under_way: _under_way } = receive(&api, caller, source, headers, body).await?;
    let accepted = blocking(move || match structured {
        false => Ok(intake.accept(&post, body)?),
        true => {
            let (body, digest) = Digesting::new(body, "cloud-events");
            let mut events = CloudEvents::open(body, intake.limit(), post.source.clone())?;
            Ok(intake.accept_framed(&post, &mut events, &digest, &mut |_, _| {})?)
        }
    })
    .await?;
    // Of a request none of whose events was taken, nothing was done.
    let status = if accepted.accepted + accepted.duplicates == 0 { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok((status, Json(accepted)))
}

/// Whether the body is CloudEvents with their attributes in it. Where they stand in headers, they are checked here.
fn structured(headers: &HeaderMap) -> Result<bool, Refused> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let kind = text(CONTENT_TYPE.as_str()).unwrap_or_default().to_ascii_lowercase();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    match kind {
        "application/cloudevents+json" | "application/cloudevents-batch+json" => Ok(true),
        other if other.starts_with("application/cloudevents") => {
            let other: String = other.chars().take(80).collect();
            Err(Refused::unsupported(format!("Content-Type: `{other}` is not read: send CloudEvents as JSON")))
        }
        _ if headers.contains_key("ce-specversion") => {
            check_cloud_event(|name| text(&format!("ce-{name}"))).map_err(|reason| {
                Refused::bad(format!("the request is a CloudEvent by its header `ce-specversion`, but {reason}"))
            })?;
            Ok(false)
        }
        _ => Ok(false),
    }
}
