//! `GET /v1/faults`: how plugins' runs ended that did not complete. Each read is recorded.
//!
//! An operator and an auditor see all of it, a force what its own events led to. What a plugin says (the reason, its log) may
//! hold an event's text: an author, who may see no force's data, is shown only what are the host's own words and numbers.

use axum::extract::{Query, State};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refused, Shared, act, blocking, force_of};
use crate::identity::{Caller, Role};
use crate::results::{self, Fault};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(rename = "for")]
    force: Option<String>,
    plugin: Option<String>,
    limit: Option<usize>,
}

/// `{"faults": [...], "more": N, "dropped": N}`, the latest first.
pub(super) async fn list(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let is_author = caller.role == Role::Author;
        if is_author && asked.force.is_some() {
            return Err(Refused::forbidden("an author sees the faults of all forces together: leave `for` out"));
        }
        let force = match (&caller.force, &asked.force) {
            (None, None) => None,
            (_, named) => Some(force_of(&api, &caller, named.as_deref())?),
        };
        let found = results::faults(&api.store, force.as_ref(), asked.plugin.as_deref())?;
        let limit = asked.limit.unwrap_or(100).clamp(1, 1_000);
        let (all, rows) = (found.faults.len(), found.faults.len().min(limit));
        let details = json!({ "plugin": asked.plugin, "limit": limit, "rows": rows });
        api.identity.record(act(&caller, "faults-read", force, details))?;
        let mut faults = Vec::with_capacity(rows);
        for fault in found.faults.iter().take(limit) {
            let mut shown = if is_author { for_author(fault) } else { json!(fault) };
            shown["released"] = json!(results::released(&api.store, fault)?);
            faults.push(shown);
        }
        Ok(Json(json!({ "faults": faults, "more": all - rows, "dropped": found.dropped })))
    })
    .await
}

fn for_author(fault: &Fault) -> Value {
    json!({
        "id": fault.id, "plugin": fault.plugin, "lane": fault.lane, "version": fault.version, "digest": fault.digest,
        "source": fault.source, "outcome": fault.outcome, "limit": fault.limit, "rows": fault.rows,
        "skipped": fault.skipped, "since": fault.since, "latest": fault.latest, "count": fault.count,
    })
}
