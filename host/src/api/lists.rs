//! `/v1/lists`: what plugins look up, in versions. A force's author puts lists of that force only; reads are recorded, since lists
//! name people.

use std::io::Read as _;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refused, Shared, act, blocking, reason};
use super::deployments::scope;
use crate::deployments::Scope;
use crate::identity::Caller;
use crate::lists::{Form, parse};
use crate::model::Force;
use crate::published::{PublishError, Record};

/// Bytes of a file of entries.
const FILE_BYTES: u64 = 256 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Put {
    #[serde(rename = "for")]
    scope: Option<String>,
    form: Form,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whose {
    #[serde(rename = "for")]
    scope: Option<String>,
    version: Option<u64>,
    after: Option<u64>,
    limit: Option<usize>,
}

/// The body is a file of entries. Answers the version, and how many keys stood in it more than once.
pub(super) async fn put(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(asked): Query<Put>,
    body: Body,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let (scope, why) = (scope(&api, &caller, asked.scope.as_deref())?, reason(&asked.reason)?);
    // It may be as large as many requests with events, and takes its turn with those.
    let of = caller.force.clone().unwrap_or_else(Force::national);
    let (under_way, turn) = api.turn(&of).await?;
    let mut body = super::body::reader(body, FILE_BYTES, api.idle, turn);
    blocking(move || {
        let _under_way = under_way;
        let mut bytes = Vec::new();
        body.read_to_end(&mut bytes).map_err(|error| Refused::bad(error.to_string()))?;
        let (table, repeated) = parse(&bytes, asked.form).map_err(|error| Refused::bad(error.to_string()))?;
        drop(bytes);
        let force = scope.force();
        let record = |details| act(&caller, "list-put", force.cloned(), details);
        let put = api.published.put((&name, force), table, why, record)?;
        let status = if put.is_some() { StatusCode::CREATED } else { StatusCode::OK };
        let newest = match put {
            Some(record) => record,
            None => api.published.version(&name, force, None)?.0,
        };
        let mut answer = json!(newest);
        answer["repeated"] = json!(repeated);
        answer["changed"] = json!(status == StatusCode::CREATED);
        Ok((status, Json(answer)))
    })
    .await
}

/// `{"lists": [...]}`: the newest version of each that the caller may see.
pub(super) async fn list(State(api): Shared, Extension(caller): Extension<Caller>) -> Json<Value> {
    Json(json!({ "lists": api.published.all(caller.force.as_ref()) }))
}

/// `{"version": {...}, "entries": [[key, value], ...], "next": N}`, by key.
pub(super) async fn show(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(asked): Query<Whose>,
) -> Result<Json<Value>, Refused> {
    let scope = seen(&api, &caller, asked.scope.as_deref())?;
    blocking(move || {
        let (after, limit) = super::paged::bounds(asked.after, asked.limit);
        let force = scope.force();
        let (record, table) = api.published.version(&name, force, asked.version)?;
        let from = usize::try_from(after).unwrap_or(usize::MAX);
        let entries: Vec<(&str, &str)> = (from..table.len()).take(limit).filter_map(|at| table.entry(at)).collect();
        let next = from.saturating_add(entries.len());
        if after == 0 {
            let details = json!({ "list": name, "version": record.number });
            api.identity.record(act(&caller, "list-read", force.cloned(), details))?;
        }
        Ok(Json(json!({ "version": record, "entries": entries, "next": next })))
    })
    .await
}

/// `{"versions": [...]}`, oldest first.
pub(super) async fn history(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    Query(asked): Query<Whose>,
) -> Result<Json<Value>, Refused> {
    let scope = seen(&api, &caller, asked.scope.as_deref())?;
    blocking(move || {
        let versions: Vec<Record> = api.published.history(&name, scope.force())?;
        Ok(Json(json!({ "versions": versions })))
    })
    .await
}

/// `{"added": N, "removed": N, "changed": N, "entries": [["+", key, value], ...]}`.
pub(super) async fn diff(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path((name, from, to)): Path<(String, u64, u64)>,
    Query(asked): Query<Whose>,
) -> Result<Json<Value>, Refused> {
    let scope = seen(&api, &caller, asked.scope.as_deref())?;
    blocking(move || {
        let force = scope.force();
        let found = api.published.diff(&name, force, from, to)?;
        let details = json!({ "list": name, "from": from, "to": to });
        api.identity.record(act(&caller, "list-read", force.cloned(), details))?;
        Ok(Json(json!(found)))
    })
    .await
}

/// Whose list a caller looks at. A force sees the national ones, too: its own detections look things up in them.
fn seen(api: &super::Api, caller: &Caller, named: Option<&str>) -> Result<Scope, Refused> {
    match named {
        None | Some("all") => Ok(Scope::All),
        Some(named) => scope(api, caller, Some(named)),
    }
}

impl From<PublishError> for Refused {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Name(_) => Self::bad(error.to_string()),
            PublishError::Absent(_) | PublishError::NoVersion { .. } => Self::absent(error.to_string()),
            PublishError::TooMany => Self::conflict(error.to_string()),
            PublishError::TooLarge { .. } => Self::too_large(error.to_string()),
            PublishError::Damaged(_) => Self::host(&error),
            PublishError::Store(error) => error.into(),
        }
    }
}
