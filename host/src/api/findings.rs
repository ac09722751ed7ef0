//! `GET /v1/findings` and `/v1/skips`: pages in the order in which they were committed. Each read is recorded.

use std::fmt::Write as _;

use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refused, Shared, act, blocking, force_of, page};
use crate::identity::Caller;
use crate::results;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(rename = "for")]
    force: Option<String>,
    after: Option<u64>,
    limit: Option<usize>,
}

/// `{"findings": [...], "next": N}`; `next` is what to give as `after` for the page behind.
pub(super) async fn list(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse, Refused> {
    blocking(move || {
        let force = force_of(&api, &caller, asked.force.as_deref())?;
        let (after, limit) = page(asked.after, asked.limit);
        let found = results::page(&api.store, &force, after, limit)?.findings;
        let details = json!({ "after": after, "limit": limit, "rows": found.len() });
        api.identity.record(act(&caller, "findings-read", Some(force), details))?;
        let next = found.last().map_or(after, |(number, _)| *number);
        let mut text = String::from("{\"findings\":[");
        for (at, (_, finding)) in found.iter().enumerate() {
            let _ = write!(text, "{}{finding}", if at == 0 { "" } else { "," });
        }
        let _ = write!(text, "],\"next\":{next}}}");
        Ok(([(CONTENT_TYPE, "application/json")], text))
    })
    .await
}

/// `{"skips": [...], "next": N}`.
pub(super) async fn skips(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let force = force_of(&api, &caller, asked.force.as_deref())?;
        let (after, limit) = page(asked.after, asked.limit);
        let found = results::skips(&api.store, &force, after, limit)?;
        let details = json!({ "after": after, "limit": limit, "rows": found.len() });
        api.identity.record(act(&caller, "skips-read", Some(force), details))?;
        let next = found.last().map_or(after, |(number, _)| *number);
        let skips: Vec<&results::Skip> = found.iter().map(|(_, skip)| skip).collect();
        Ok(Json(json!({ "skips": skips, "next": next })))
    })
    .await
}
