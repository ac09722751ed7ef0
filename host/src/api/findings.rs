//! `GET /v1/findings` and `/v1/skips`: pages in the order in which they were committed. Each read is recorded.

use axum::extract::{Query, State};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::answer::{Refused, Shared, blocking};
use super::paged::Asked;
use crate::identity::Caller;
use crate::results;

/// `{"findings": [...], "next": N}`; `next` is what to give as `after` for the page behind.
pub(super) async fn list(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse, Refused> {
    blocking(move || {
        let page = asked.page(&api, &caller)?;
        let found = results::page(&api.store, &page.force, page.after, page.limit)?.findings;
        page.read(&api, &caller, "findings-read", found.len())?;
        Ok(page.of_findings(&found))
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
        let page = asked.page(&api, &caller)?;
        let found = results::skips(&api.store, &page.force, page.after, page.limit)?;
        page.read(&api, &caller, "skips-read", found.len())?;
        let next = found.last().map_or(page.after, |(number, _)| *number);
        let skips: Vec<&results::Skip> = found.iter().map(|(_, skip)| skip).collect();
        Ok(Json(json!({ "skips": skips, "next": next })))
    })
    .await
}
