//! `/v1/audit`: who did what, and whether the chain holds. Reading it is recorded, too.

use std::io;

use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_stream::wrappers::ReceiverStream;

use super::answer::{Refused, Shared, act, blocking};
use super::paged;
use crate::audit::{Filter, Record};
use crate::identity::Caller;
use crate::ids::Digest;

#[derive(Deserialize, Serialize, Clone)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    after: Option<u64>,
    limit: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    what: Option<String>,
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    force: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<i64>,
}

/// `{"records": [...], "next": N, "more": BOOLEAN}`; `next` is what to give as `after` for the page behind. A page of a list
/// with a filter may be short, or empty, and not be the last.
pub(super) async fn list(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let (after, limit) = paged::bounds(asked.after, asked.limit);
        let Asked { who, what, force, from, until, .. } = asked.clone();
        let (records, next) = api.audit.list(&api.store, after, limit, &Filter { who, what, force, from, until })?;
        let mut details = json!(Asked { after: Some(after), limit: Some(limit), ..asked });
        details["rows"] = records.len().into();
        api.identity.record(act(&caller, "audit-read", None, details))?;
        let last = records.last().map_or(after, |record| record.number);
        Ok(Json(json!({ "records": records, "next": next.unwrap_or(last), "more": next.is_some() })))
    })
    .await
}

pub(super) async fn show(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u64>,
) -> Result<Json<Record>, Refused> {
    blocking(move || {
        let record = api.audit.record(&api.store, number)?;
        let details = json!({ "number": number, "rows": usize::from(record.is_some()) });
        api.identity.record(act(&caller, "audit-read", None, details))?;
        record.map(Json).ok_or_else(|| Refused::absent(format!("the audit has no record {number}")))
    })
    .await
}

/// The whole chain as NDJSON, up to the record of this export.
pub(super) async fn export(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
) -> Result<impl IntoResponse, Refused> {
    let last = {
        let api = api.clone();
        blocking(move || {
            let rows = api.audit.head().0 + 1;
            api.identity.record(act(&caller, "audit-exported", None, json!({ "rows": rows })))?;
            Ok(rows)
        })
        .await?
    };
    let (to, pages) = tokio::sync::mpsc::channel::<io::Result<Bytes>>(2);
    tokio::task::spawn_blocking(move || {
        let mut after = 0;
        while after < last {
            let page = match api.audit.texts(&api.store, after) {
                Ok(Some((texts, next))) => {
                    let texts = texts.into_iter().take(usize::try_from(last - after).unwrap_or(usize::MAX));
                    after = next;
                    Ok(texts.flat_map(|text| text.into_iter().chain([b'\n'])).collect::<Vec<u8>>().into())
                }
                Ok(None) => return,
                Err(error) => Err(io::Error::other(error)),
            };
            let is_broken = page.is_err();
            if to.blocking_send(page).is_err() || is_broken {
                return;
            }
        }
    });
    Ok(([(CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(ReceiverStream::new(pages))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    head: Option<Digest>,
}

/// `{"holds": true, "records": N, "head": DIGEST, "known": N}`, or `{"holds": false, "reason": TEXT}`.
pub(super) async fn verify(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(known): Query<Known>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let answer = match api.audit.verify(&api.store, known.head)? {
            Err(broken) => json!({ "holds": false, "reason": broken.to_string() }),
            Ok(verified) if known.head.is_some() && verified.known.is_none() => {
                json!({ "holds": false, "reason": "the chain no longer has the record of that digest: it was cut off or written anew" })
            }
            Ok(verified) => {
                let (records, head, known) = (verified.records, verified.head, verified.known);
                json!({ "holds": true, "records": records, "head": head, "known": known })
            }
        };
        api.identity.record(act(&caller, "audit-verified", None, answer.clone()))?;
        Ok(Json(answer))
    })
    .await
}
