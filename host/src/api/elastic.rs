//! What Elasticsearch's clients ask for: `_bulk`, and the answers that they look for before they send.
//!
//! - `POST` or `PUT /_bulk` and `/{index}/_bulk`: 200 with an item for each action. 201: durable. 400: refused, with the reason; it
//!   would be sent in vain. 429: send this one again later; nothing of it was taken. A request that cannot be read at all is
//!   refused whole.
//! - `GET` or `HEAD /`, `GET /_license`, `/_xpack`, `/_cat/health`, `/_cluster/health`: an Elasticsearch 8 with a basic licence.
//!
//! There is nothing else of Elasticsearch here: shippers are told not to manage templates and life cycles.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::Api;
use super::answer::{Refused, Shared, blocking};
use super::receive::{Received, receive};
use crate::identity::Caller;
use crate::intake::Digesting;
use crate::intake::protocol::{Bulk, BulkOutcome, bulk_answer};

/// The version that we say we are: shippers of versions 7 to 9 all send to an 8.
const VERSION: &str = "8.19.0";

type Answer = Result<([(HeaderName, &'static str); 1], String), Refused>;

/// `_bulk` whose actions each name their index.
pub(super) async fn bulk(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    take(&api, caller, None, &headers, body).await
}

/// `_bulk` with an index for the actions that name none.
pub(super) async fn bulk_of_index(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(index): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    take(&api, caller, Some(index), &headers, body).await
}

async fn take(api: &Api, caller: Caller, index: Option<String>, headers: &HeaderMap, body: Body) -> Answer {
    let begun = Instant::now();
    let Received { post, intake, body, under_way: _under_way } = receive(api, caller, None, headers, body).await?;
    let text = blocking(move || {
        let way = format!("_bulk {}", index.as_deref().unwrap_or_default());
        let (body, digest) = Digesting::new(body, &way);
        let mut bulk = Bulk::open(body, intake.limit(), index.as_deref())?;
        let mut refused = BTreeMap::new();
        let taken = intake.accept_framed(&post, &mut bulk, &digest, &mut |place, refusal| {
            refused.insert(place, (refusal.kind, refusal.reason.clone()));
        });
        let outcome = match taken {
            Ok(accepted) => BulkOutcome::Taken { first: accepted.sequence, refused },
            Err(error) if error.of_the_moment() => {
                // Some clients send again by item only: each is answered.
                bulk.skip()?;
                BulkOutcome::Later(Refused::from(error).reason().to_owned())
            }
            Err(error) => return Err(error.into()),
        };
        Ok(bulk_answer(&bulk, &outcome, begun.elapsed().as_millis() as u64))
    })
    .await?;
    Ok(([(CONTENT_TYPE, "application/json")], text))
}

/// Who we are, in the form that clients check.
pub(super) async fn root() -> Json<Value> {
    Json(json!({
        "name": "cordon",
        "cluster_name": "cordon",
        "cluster_uuid": "cordon",
        "version": {
            "number": VERSION,
            "build_flavor": "default",
            "build_type": "docker",
            "build_hash": "cordon",
            "build_date": "2026-01-01T00:00:00.000Z",
            "build_snapshot": false,
            "lucene_version": "9.12.2",
            "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    }))
}

pub(super) async fn license() -> Json<Value> {
    let uid = "00000000-0000-0000-0000-000000000000";
    Json(
        json!({ "license": { "status": "active", "uid": uid, "type": "basic", "mode": "basic", "issued_to": "cordon" } }),
    )
}

pub(super) async fn xpack() -> Json<Value> {
    let license = json!({ "uid": "cordon", "type": "basic", "mode": "basic", "status": "active" });
    Json(json!({ "build": { "hash": "cordon", "date": "2026-01-01" }, "license": license, "features": {} }))
}

/// `green` while the host takes events.
pub(super) async fn cluster_health(State(api): Shared) -> (StatusCode, Json<Value>) {
    let (status, word) = health(&api);
    let nodes = json!(1);
    let body = json!({ "cluster_name": "cordon", "status": word, "timed_out": false, "number_of_nodes": nodes });
    (status, Json(body))
}

/// The same as one line of text.
pub(super) async fn cat_health(State(api): Shared) -> (StatusCode, String) {
    let (status, word) = health(&api);
    (status, format!("cordon {word}\n"))
}

fn health(api: &Api) -> (StatusCode, &'static str) {
    match api.stopping.load(Ordering::Relaxed) {
        false => (StatusCode::OK, "green"),
        true => (StatusCode::SERVICE_UNAVAILABLE, "red"),
    }
}
