//! `GET /v1/findings` and `/v1/skips`: pages in the order in which they were committed. Each read is recorded.

use axum::extract::{Query, State};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::answer::{Refused, Shared, blocking};
use super::paged::Asked;
use crate::identity::Caller;
use crate::model::Entity;
use crate::results;

/// `{"findings": [...], "next": N}`; `next` is what to give as `after` for the page behind.
pub(super) async fn list(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse, Refused> {
    blocking(move || {
        let page = asked.page(&api, &caller)?;
        let mut found = results::page(&api.store, &page.force, page.after, page.limit)?.findings;
        let last = found.last().map(|(number, _)| *number);
        found.retain(|(_, finding)| !is_subject(&caller, finding));
        page.read(&api, &caller, "findings-read", found.len())?;
        Ok(page.of_findings(&found, last))
    })
    .await
}

/// Whether a finding, as JSON, is about whoever asks.
pub(super) fn is_subject(caller: &Caller, finding: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct About {
        entities: Vec<Entity>,
    }
    !caller.own.is_empty() && serde_json::from_str(finding).is_ok_and(|About { entities }| caller.is_subject(&entities))
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
